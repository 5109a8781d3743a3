// SPDX-License-Identifier: Apache-2.0
#include "core/io/digits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

const std::filesystem::path kData = std::filesystem::path(SPIKELOOP_SOURCE_DIR) / "examples/data";
constexpr const char* kSha256 = "46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a";

/// A line of 64 equal pixels and a label.
std::string row(const std::string& pixel, const std::string& label) {
  std::string line;
  for (int i = 0; i < 64; ++i) line += pixel + ',';
  return line + label + '\n';
}

TEST(Digits, the_shipped_file_is_read) {
  const Dataset data = read_digits(kData / "digits.csv.gz", kSha256, kData / "digits_split.txt", 0.1);
  EXPECT_EQ(data.size(), 1797u);
  EXPECT_EQ(data.features, 64u);
  EXPECT_EQ(data.classes, 10u);
  EXPECT_EQ(data.shape, (std::vector<std::size_t>{8, 8}));
  EXPECT_EQ(data.samples.size(), 1797u * 64u);
  EXPECT_EQ(data.sha256, kSha256);
  EXPECT_EQ(data.labels[0], 0u);
  EXPECT_EQ(data.labels[1796], 8u);
  EXPECT_FLOAT_EQ(data.samples[2], 5.0f / 16);
  EXPECT_EQ(*std::max_element(data.samples.begin(), data.samples.end()), 1.0f);
  EXPECT_EQ(*std::min_element(data.samples.begin(), data.samples.end()), 0.0f);
}

TEST(Digits, the_shipped_split_is_stratified_and_whole) {
  const Dataset data = read_digits(kData / "digits.csv.gz", kSha256, kData / "digits_split.txt", 0.1);
  EXPECT_EQ(data.train.size(), 1293u);
  EXPECT_EQ(data.validation.size(), 144u);
  EXPECT_EQ(data.test.size(), 360u);
  EXPECT_LT(data.train.back(), data.validation.front());
  std::set<std::size_t> all(data.train.begin(), data.train.end());
  all.insert(data.validation.begin(), data.validation.end());
  all.insert(data.test.begin(), data.test.end());
  EXPECT_EQ(all.size(), 1797u);
  std::array<int, 10> test_samples = {};
  for (const std::size_t i : data.test) ++test_samples[data.labels[i]];
  EXPECT_EQ(test_samples, (std::array<int, 10>{36, 37, 35, 37, 36, 36, 36, 36, 35, 36}));
}

TEST(Digits, plain_text_with_any_line_ends_is_read) {
  const std::string text = row("16", "9") + row("0", "0");
  EXPECT_EQ(parse_digits(text, "x").labels, (std::vector<std::uint32_t>{9, 0}));
  std::string windows = text.substr(0, text.size() - 1);
  windows.insert(windows.find('\n'), "\r");
  EXPECT_EQ(parse_digits(windows, "x").labels, (std::vector<std::uint32_t>{9, 0}));
}

TEST(Digits, faults_name_their_line) {
  const std::string good = row("1", "1");
  EXPECT_TRUE(contains(complaint([&] { parse_digits(good + "1,2,3\n", "d.csv"); }), "d.csv:2:1: the line has 3 values, not 65"));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(good + good + "\n" + good, "d.csv"); }), "d.csv:3:1: the line has 0 values"));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(row("1", "1,1"), "d.csv"); }), "66 values"));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(row("17", "1"), "d.csv"); }), "value 1 is \"17\""));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(row("-1", "1"), "d.csv"); }), "value 1 is \"-1\""));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(row("1.5", "1"), "d.csv"); }), "value 1 is \"1.5\""));
  EXPECT_TRUE(contains(complaint([&] { parse_digits(good + row("1", "10"), "d.csv"); }), "d.csv:2:1: the label (value 65) is \"10\""));
  EXPECT_TRUE(contains(complaint([&] { parse_digits("", "d.csv"); }), "the file is empty"));
}

TEST(Digits, all_faults_are_told_but_not_thousands) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x\n";
  try {
    parse_digits(text, "d.csv");
    FAIL();
  } catch (const DescriptionError& error) {
    EXPECT_EQ(error.diagnostics().size(), 10u);
    EXPECT_EQ(error.diagnostics()[9].line, 10);
  }
}

TEST(Digits, a_missing_file_says_where_to_get_it) {
  const std::string text = complaint([] { read_digits("no/digits.csv.gz", "", "split.txt", 0); });
  EXPECT_TRUE(contains(text, "10.24432/C50P49"));
  EXPECT_TRUE(contains(text, "CC BY 4.0"));
}

TEST(Digits, another_file_than_the_expected_one_is_refused) {
  const TemporaryFolder folder;
  const auto file = folder.write("d.csv", row("1", "1"));
  EXPECT_TRUE(contains(complaint([&] { read_digits(file, kSha256, folder.write("s", "train\n"), 0); }), "not the expected one"));
  EXPECT_EQ(read_digits(file, "", folder.write("s", "train\n"), 0).train.size(), 1u);
}

TEST(Digits, a_split_that_does_not_fit_is_refused) {
  Dataset data = parse_digits(row("1", "1") + row("2", "2") + row("3", "3"), "d.csv");
  EXPECT_TRUE(
      contains(complaint([&] { apply_split(data, "train\ntest\n", "s.txt", 0); }), "s.txt: the split has 2 lines, the data 3 samples"));
  EXPECT_TRUE(
      contains(complaint([&] { apply_split(data, "train\ntset\ntest\n", "s.txt", 0); }), "s.txt:2:1: \"tset\" is neither train nor test"));
  EXPECT_TRUE(contains(complaint([&] { apply_split(data, "train\ntest\ntest\n", "s.txt", 1); }), "validation_from_train is 1"));
  EXPECT_TRUE(contains(complaint([&] { apply_split(data, "train\ntest\ntest\n", "s.txt", std::numeric_limits<double>::quiet_NaN()); }),
                       "validation_from_train"));
  EXPECT_TRUE(contains(complaint([&] { read_digits(kData / "digits.csv.gz", "", "", 0); }), "no split file"));
}

TEST(Digits, the_last_of_the_training_part_validates) {
  Dataset data = parse_digits(row("1", "1") + row("2", "2") + row("3", "3") + row("4", "4"), "d.csv");
  apply_split(data, "train\ntrain\ntest\ntrain", "s.txt", 0.34);
  EXPECT_EQ(data.train, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(data.validation, (std::vector<std::size_t>{3}));
  EXPECT_EQ(data.test, (std::vector<std::size_t>{2}));
}

}  // namespace
}  // namespace spikeloop::io
