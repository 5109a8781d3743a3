// SPDX-License-Identifier: Apache-2.0
#include "core/io/table.hpp"

#include <gtest/gtest.h>

#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

TEST(Table, numbers_and_labels_are_read) {
  TableSource source;
  source.file = "f.csv", source.header_lines = 1, source.ignore = {0};
  const Dataset data = parse_table("id,a,b,class\n17, 1.5,-2,4\r\n18,?,3,2\n19,0,1e3,2\n", source);
  EXPECT_EQ(data.features, 2u);
  EXPECT_EQ(data.classes, 2u);
  EXPECT_EQ(data.samples, (std::vector<float>{1.5f, -2, 0, 1000}));
  EXPECT_EQ(data.labels, (std::vector<std::uint32_t>{1, 0}));
}

TEST(Table, what_is_wrong_is_said_with_its_line) {
  TableSource source;
  source.file = "f.csv", source.origin = "it lies there";
  contains(complaint([&] { parse_table("1,2,0\n1,x,0\n", source); }), "f.csv:2:1");
  contains(complaint([&] { parse_table("1,2,0\n1,0\n", source); }), "1 features, not 2");
  contains(complaint([&] { parse_table("1,inf,0\n", source); }), "not a number");
  contains(complaint([&] { parse_table("", source); }), "no samples");
  TemporaryFolder folder;
  source.file = folder / "no.csv";
  contains(complaint([&] { read_table(source, 5, 0); }), "it lies there");
  source.file = folder.write("t.csv", "1,0\n2,1\n3,0\n");
  contains(complaint([&] { read_table(source, 4, 0); }), "folds");
  EXPECT_EQ(read_table(source, 3, 0).test.size(), 1u);
}

}  // namespace
}  // namespace spikeloop::io
