// SPDX-License-Identifier: Apache-2.0
#include "proto/text.hpp"

#include <gtest/gtest.h>

#include "proto/path_scanner.hpp"
#include "proto/spikeloop/v1/network.pb.h"

namespace spikeloop::proto {
namespace {

TEST(TextLines, ConvertsPositionsOfTheTokenizerWithItsWideTabs) {
  const TextLines lines("ab\n\tc\td\n");
  EXPECT_EQ(lines.offset_of(0, 1), 1u);
  EXPECT_EQ(lines.offset_of(1, 8), 4u);   // c behind one tab
  EXPECT_EQ(lines.offset_of(1, 16), 6u);  // d behind a second
  EXPECT_EQ(lines.offset_of(9, 0), 8u);   // behind the end
  EXPECT_EQ(lines.offset_of(-1, 0), 8u);
  EXPECT_EQ(lines.place_of(6).line, 2);
  EXPECT_EQ(lines.place_of(6).column, 4);
  EXPECT_EQ(lines.place_of(3).column, 1);
}

TEST(Utf8, FindsTheFirstInvalidByte) {
  EXPECT_EQ(first_invalid_utf8("a\u00e4\u4e2d\U0001f600"), std::string::npos);
  EXPECT_EQ(first_invalid_utf8(""), std::string::npos);
  EXPECT_EQ(first_invalid_utf8("ab\xff"), 2u);
  EXPECT_EQ(first_invalid_utf8("\xc3"), 0u);              // cut
  EXPECT_EQ(first_invalid_utf8("\xc0\x80"), 0u);          // overlong
  EXPECT_EQ(first_invalid_utf8("a\xed\xa0\x80"), 1u);     // surrogate
  EXPECT_EQ(first_invalid_utf8("\xf4\x90\x80\x80"), 0u);  // beyond Unicode
}

std::string path_at(const std::string& text, const std::string& word) {
  return PathScanner(text, *v1::Network::descriptor()).path_at(text.find(word) + 1);
}

TEST(PathScanner, FindsTheFieldOfAnOffset) {
  const std::string text =
      "seed: 1 # populations {\n"
      "name: \"} populations {\" 'x{' populations { shape: [1, 22] }\n"
      "populations: [{ name: \"a\" }, { neuron < lif { reset: RESET_SUBTRACT tau_m_ms: 5 } > }] rules { zz { yy: 1 } }";
  EXPECT_EQ(path_at(text, "22"), "populations[0].shape[1]");
  EXPECT_EQ(path_at(text, "RESET"), "populations[2].neuron.lif.reset");
  EXPECT_EQ(path_at(text, "tau_m_ms"), "populations[2].neuron.lif.tau_m_ms");
  EXPECT_EQ(path_at(text, "yy"), "rules[0].zz.yy");
}

TEST(PathScanner, SurvivesTextThatIsNoDescription) {
  for (const std::string text : {"}}}} ]]] : ,,, {{{{", "\"", "'\\", "a: \"\\", "[[[[,,{", ":::{:", ""}) {
    PathScanner scanner(text, *v1::Network::descriptor());
    scanner.path_at(text.size() + 10);
    scanner.field();
  }
}

}  // namespace
}  // namespace spikeloop::proto
