// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/architecture/includes.hpp"

namespace spikeloop::architecture {
namespace {

namespace fs = std::filesystem;

using Files = std::vector<SourceFile>;
using Findings = std::vector<std::string>;

const Files& our_tree() {
  static const Files kTree = read_tree(SPIKELOOP_SOURCE_DIR);
  return kTree;
}

std::string joined(const Findings& findings) {
  std::string text;
  for (const std::string& finding : findings) text += "  " + finding + "\n";
  return text;
}

/// Writes the files into a fresh folder, reads the folder back, and removes it.
Files planted(std::initializer_list<std::pair<std::string, std::string>> files) {
  std::string name = (fs::temp_directory_path() / "spikeloop-architecture-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  for (const auto& [path, text] : files) {
    fs::create_directories((fs::path(name) / path).parent_path());
    std::ofstream(fs::path(name) / path) << text;
  }
  Files read = read_tree(name);
  fs::remove_all(name);
  return read;
}

/// A tree of one file that includes one thing.
Files planted_include(const std::string& path, const std::string& include) { return planted({{path, "#include " + include + "\n"}}); }

// --- the project itself ---

TEST(OurTree, IsRead) {
  bool reads_itself = false;
  for (const SourceFile& file : our_tree()) reads_itself = reads_itself || file.path == "tests/architecture/architecture_test.cpp";
  EXPECT_TRUE(reads_itself);
}

TEST(OurTree, HasNoWrongArrow) { EXPECT_EQ(joined(wrong_arrows(our_tree())), ""); }

TEST(OurTree, UsesEachLibraryOnlyWhereAllowed) { EXPECT_EQ(joined(wrong_libraries(our_tree())), ""); }

TEST(OurTree, IncludesFromTheRoot) { EXPECT_EQ(joined(includes_not_from_the_root(our_tree())), ""); }

TEST(OurTree, HasNoCycleOfFiles) { EXPECT_EQ(joined(file_cycles(our_tree())), ""); }

TEST(OurTree, HasNoCycleOfFolders) { EXPECT_EQ(joined(folder_cycles(our_tree())), ""); }

TEST(OurTree, NamesItsLicenceInEveryFile) { EXPECT_EQ(joined(missing_licence_lines(our_tree())), ""); }

// --- the checks find what they are for ---

TEST(Arrows, WrongOnesAreFound) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"core/a.hpp", "\"core/io/csv.hpp\""},
      {"core/engine/a.cpp", "\"proto/text.hpp\""},
      {"core/a.cpp", "\"spikeloop/v1/network.pb.h\""},
      {"core/a.cpp", "\"firmware-interface/board.hpp\""},
      {"core/io/a.cpp", "\"proto/text.hpp\""},
      {"proto/a.cpp", "\"core/io/csv.hpp\""},
      {"report/a.cpp", "\"proto/text.hpp\""},
      {"firmware-interface/a.cpp", "\"core/network.hpp\""},
      {"backends/simulator/a.cpp", "\"report/html.hpp\""},
      {"backends/simulator/a.cpp", "<cli/verbs.hpp>"},
      {"cli/a.cpp", "\"tests/support.hpp\""},
  };
  for (const auto& [path, include] : wrong)
    EXPECT_EQ(wrong_arrows(planted_include(path, include)).size(), 1U) << path << " including " << include;
}

TEST(Arrows, RightOnesPass) {
  const std::vector<std::pair<std::string, std::string>> right = {
      {"core/engine/a.cpp", "\"core/network.hpp\""},
      {"core/io/a.cpp", "\"core/network.hpp\""},
      {"proto/a.cpp", "\"proto/spikeloop/v1/network.pb.h\""},
      {"backends/dynapse/a.cpp", "\"firmware-interface/board.hpp\""},
      {"cli/a.cpp", "\"core/io/csv.hpp\""},
      {"tests/cli/a_test.cpp", "\"cli/verbs.hpp\""},
      {"core/a.cpp", "<vector>"},
  };
  for (const auto& [path, include] : right)
    EXPECT_EQ(joined(wrong_arrows(planted_include(path, include))), "") << path << " including " << include;
}

TEST(Arrows, UnknownFolderIsFound) { EXPECT_EQ(wrong_arrows(planted({{"utils/a.cpp", ""}})).size(), 1U); }

TEST(Arrows, FindingNamesFileLineAndBothEnds) {
  const Findings found = wrong_arrows(planted({{"core/a.hpp", "#pragma once\n\n#include \"cli/verbs.hpp\"\n"}}));
  EXPECT_EQ(joined(found), "  core/a.hpp:3 includes cli/verbs.hpp: no arrow from core to cli\n");
}

TEST(Libraries, ForbiddenOnesAreFound) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"core/a.cpp", "<google/protobuf/message.h>"},
      {"core/a.cpp", "<nlohmann/json.hpp>"},
      {"core/a.cpp", "<hdf5.h>"},
      {"core/a.cpp", "<boost/asio.hpp>"},
      {"core/a.cpp", "<boost/container/flat_map.hpp>"},
      {"core/a.cpp", "<unistd.h>"},
      {"core/a.cpp", "<immintrin.h>"},
      {"core/io/a.cpp", "<google/protobuf/message.h>"},
      {"report/a.cpp", "<google/protobuf/message.h>"},
      {"report/a.cpp", "<CLI/CLI.hpp>"},
      {"backends/simulator/a.cpp", "<google/protobuf/message.h>"},
      {"backends/dynapse/a.cpp", "<libusb-1.0/libusb.h>"},
      {"cli/a.cpp", "<libusb.h>"},
      {"cli/a.cpp", "<boost/asio/io_context.hpp>"},
      {"cli/a.cpp", "<gtest/gtest.h>"},
  };
  for (const auto& [path, include] : wrong)
    EXPECT_EQ(wrong_libraries(planted_include(path, include)).size(), 1U) << path << " including " << include;
}

TEST(Libraries, AllowedOnesPass) {
  const std::vector<std::pair<std::string, std::string>> right = {
      {"core/a.cpp", "<fmt/format.h>"},
      {"core/a.cpp", "<Random123/philox.h>"},
      {"core/engine/a.cpp", "\"hwy/highway.h\""},
      {"core/a.cpp", "<boost/math/distributions/normal.hpp>"},
      {"core/a.cpp", "\"spikeloop_version.hpp\""},
      {"core/io/a.cpp", "<hdf5.h>"},
      {"core/io/a.cpp", "<openssl/evp.h>"},
      {"proto/a.cpp", "<google/protobuf/text_format.h>"},
      {"report/a.cpp", "<nlohmann/json.hpp>"},
      {"firmware-interface/a.cpp", "<libusb-1.0/libusb.h>"},
      {"firmware-interface/a.cpp", "<boost/asio.hpp>"},
      {"cli/a.cpp", "<CLI/CLI.hpp>"},
      {"tests/proto/a_test.cpp", "<google/protobuf/message.h>"},
      {"tests/core/a_test.cpp", "<gtest/gtest.h>"},
  };
  for (const auto& [path, include] : right)
    EXPECT_EQ(joined(wrong_libraries(planted_include(path, include))), "") << path << " including " << include;
}

TEST(Root, IncludeBesideTheFileIsFound) {
  const Files files =
      planted({{"core/a.cpp", "#include \"b.hpp\"\n#include \"../core/b.hpp\"\n#include \"core/b.hpp\"\n"}, {"core/b.hpp", ""}});
  EXPECT_EQ(includes_not_from_the_root(files).size(), 2U);
}

TEST(Cycles, OfFilesAreFound) {
  const Files files = planted({{"core/a.hpp", "#include \"core/b.hpp\"\n"},
                               {"core/b.hpp", "#include \"core/c.hpp\"\n"},
                               {"core/c.hpp", "#include \"core/a.hpp\"\n"},
                               {"core/d.hpp", "#include \"core/a.hpp\"\n"}});
  EXPECT_EQ(joined(file_cycles(files)), "  core/a.hpp -> core/b.hpp -> core/c.hpp -> core/a.hpp\n");
  EXPECT_EQ(joined(folder_cycles(files)), "");
}

TEST(Cycles, FileThatIncludesItselfIsFound) { EXPECT_EQ(file_cycles(planted_include("core/a.hpp", "\"core/a.hpp\"")).size(), 1U); }

TEST(Cycles, OfFoldersAreFoundWhereNoFilesFormOne) {
  const Files files = planted({{"core/engine/a.hpp", "#include \"core/learning/b.hpp\"\n"},
                               {"core/learning/b.hpp", ""},
                               {"core/learning/c.hpp", "#include \"core/engine/d.hpp\"\n"},
                               {"core/engine/d.hpp", ""}});
  EXPECT_EQ(joined(file_cycles(files)), "");
  EXPECT_EQ(joined(folder_cycles(files)), "  core/engine -> core/learning -> core/engine\n");
}

TEST(Cycles, DiamondIsNone) {
  const Graph diamond = {{"a", {"b", "c"}}, {"b", {"d"}}, {"c", {"d"}}, {"d", {}}};
  EXPECT_EQ(joined(cycles(diamond)), "");
}

TEST(Cycles, BehindATangledBeginningAreFound) {
  const Graph graph = {{"a", {"b"}}, {"b", {"c", "d"}}, {"c", {}}, {"d", {"e"}}, {"e", {"b"}}};
  EXPECT_EQ(joined(cycles(graph)), "  b -> d -> e -> b\n");
}

TEST(Licence, FileWithoutItIsFound) {
  const Files files = planted({{"core/a.hpp", "#pragma once\n"}, {"core/b.hpp", "// SPDX-License-Identifier: Apache-2.0\n#pragma once\n"}});
  EXPECT_EQ(joined(missing_licence_lines(files)), "  core/a.hpp:1 is not \"// SPDX-License-Identifier: Apache-2.0\"\n");
}

TEST(Reading, CommentsAndStringsAreNoIncludes) {
  const std::string text =
      "// #include \"cli/a.hpp\"\n"
      "/* x\n#include \"cli/b.hpp\"\n*/\n"
      "const char* s = \"#include <cli/c.hpp> // \"; /* \"\n#include \"cli/d.hpp\" */\n"
      "  #  include <core/e.hpp>  // why\n"
      "#include \"core/f.hpp\" /* why */\n";
  const std::vector<Include> includes = includes_of(text);
  ASSERT_EQ(includes.size(), 2U);
  EXPECT_EQ(includes[0].path, "core/e.hpp");
  EXPECT_EQ(includes[0].line, 7);
  EXPECT_EQ(includes[1].path, "core/f.hpp");
}

TEST(Reading, BuildTreesAndHiddenFoldersAreSkipped) {
  EXPECT_TRUE(planted({{"build/dev/a.cpp", ""}, {"runs/a.cpp", ""}, {".git/a.cpp", ""}, {"core/readme.md", ""}}).empty());
}

}  // namespace
}  // namespace spikeloop::architecture
