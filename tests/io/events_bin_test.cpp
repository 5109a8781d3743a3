// SPDX-License-Identifier: Apache-2.0
#include "core/io/events_bin.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/io/files.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

const std::string kTwo("\x01\x02\x80\x01\x00\x00\x07\x7f\xff\xff", 10);

TEST(EventsBin, address_polarity_and_time_are_where_the_format_has_them) {
  const auto events = parse_events_bin(kTwo, "x", 259);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0], (Event{256 * kMicrosecond, 258, true}));
  EXPECT_EQ(events[1], (Event{0x7FFFFF * kMicrosecond, 7, false}));
  EXPECT_TRUE(parse_events_bin("", "x", 1).empty());
}

TEST(EventsBin, a_cut_event_is_refused_with_its_place) {
  const std::string text = complaint([] { parse_events_bin(kTwo.substr(0, 8), "cut.bs1", 300); });
  contains(text, "cut.bs1");
  contains(text, "has 8 bytes, but an event is 5 bytes: 3 too many at byte 5");
  contains(text, "intact copy");
}

TEST(EventsBin, every_address_out_of_range_is_named) {
  const std::string text = complaint([] { parse_events_bin(kTwo + kTwo, "x.bs1", 258); });
  contains(text, "event 0 at byte 0 has the address 258, but there are only 258");
  contains(text, "event 2 at byte 10");
}

TEST(EventsBin, a_file_is_read_and_its_digest_checked) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.bs1", kTwo);
  EXPECT_EQ(read_events_bin(path, 300, sha256_hex(kTwo)).size(), 2u);
  contains(complaint([&] { read_events_bin(path, 300, std::string(64, '0')); }), "a.bs1");
  contains(complaint([&] { read_events_bin(folder / "none.bs1", 300, {}, "get it there"); }), "get it there");
}

TEST(EventsBin, the_oxford_pair_has_as_many_events_as_its_source_says) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const std::filesystem::path events = folder ? std::filesystem::path(folder) / "events" : "";
  if (!folder || !std::filesystem::exists(events / "oxford_input.bs1"))
    GTEST_SKIP() << "SKIPPED: events/oxford_input.bs1 is not in SPIKELOOP_DATA_DIR";
  const auto input = read_events_bin(events / "oxford_input.bs1", 200), output = read_events_bin(events / "oxford_output.bs1", 200);
  EXPECT_EQ(input.size(), 1889u);
  EXPECT_EQ(output.size(), 10361u);
  EXPECT_EQ(input.front(), (Event{300 * kMicrosecond, 118, true}));
}

}  // namespace
}  // namespace spikeloop::io
