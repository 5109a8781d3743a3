// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Reads which file includes which, and finds what the architecture forbids.
namespace spikeloop::architecture {

struct Include {
  std::string path;  ///< as written between the quotes or angle brackets
  int line = 0;      ///< from 1
};

struct SourceFile {
  std::string path;  ///< relative to the root of the tree, with slashes
  std::vector<Include> includes;
  bool has_licence_line = false;  ///< the first line is the SPDX line
};

/// All C++ files below `root` except in build/, runs/ and hidden folders, sorted by path.
std::vector<SourceFile> read_tree(const std::filesystem::path& root);

/// The includes of a source text; those in comments do not count.
std::vector<Include> includes_of(std::string_view text);

/// The module that a path of ours belongs to ("core", "core/io", "backends", ...); empty for a path of somebody else.
std::string module_of(std::string_view path);

/// The library that an include of somebody else belongs to: "std", "system" (POSIX, Linux), "fmt", ...; the path itself when unknown.
std::string library_of(std::string_view path);

// Each of these returns one line per violation, saying file, line and what is wrong; nothing when all is well.
std::vector<std::string> wrong_arrows(const std::vector<SourceFile>& files);
std::vector<std::string> wrong_libraries(const std::vector<SourceFile>& files);
std::vector<std::string> includes_not_from_the_root(const std::vector<SourceFile>& files);
std::vector<std::string> missing_licence_lines(const std::vector<SourceFile>& files);
std::vector<std::string> file_cycles(const std::vector<SourceFile>& files);
std::vector<std::string> folder_cycles(const std::vector<SourceFile>& files);

using Graph = std::map<std::string, std::set<std::string>>;

/// At least one cycle, as "a -> b -> a", for each part of the graph that has any. An edge from a node to itself counts.
std::vector<std::string> cycles(const Graph& graph);

}  // namespace spikeloop::architecture
