// SPDX-License-Identifier: Apache-2.0
#include "core/io/events.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/io/event_bytes.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::aedat3_header;
using test::aedat3_packet;
using test::aedat3_polarity;
using test::aedat4_body;
using test::aedat4_event;
using test::aedat4_header;
using test::aedat4_packet;
using test::bytes_of;
using test::complaint;
using test::contains;
using test::drain_bytes;
using test::TemporaryFolder;

const std::string kFive("\x01\x02\x80\x00\x10\x03\x04\x00\x00\x20", 10);
const std::string kDat =
    "% Version 2\n% Width 40\n% Height 30\n" + bytes_of(0x080C, 2) + bytes_of(5, 4) + bytes_of(39 | 29 << 14 | 1 << 28, 4);
const std::string kStream = "Event Stream" + std::string("\2\0\0\1\x28\0\x1e\0\x0b\7\0\5\0", 13);

/// N-MNIST and others are told by content; a wrong suffix does not mislead.
TEST(Events, a_recording_is_recognised_by_its_content) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {aedat3_header() + aedat3_packet(1, aedat3_polarity(3, 4, true, 7)), "AEDAT 3.1"},
      {aedat4_header(1) + aedat4_packet(0, test::lz4_frame(aedat4_body(aedat4_event(7, 3, 4, true)))), "AEDAT 4.0, LZ4"},
      {aedat4_header(0) + aedat4_packet(0, aedat4_body(aedat4_event(7, 3, 4, true))), "AEDAT 4.0, not compressed"},
      {kDat, "Prophesee DAT 2"},
      {kStream, "Event Stream 2.0, DVS"},
      {"time_us,x,y,polarity\n5,1,2,0\n", "CSV"},
      {kFive, "five-byte events of pixels"},
  };
  for (const auto& [bytes, format] : files) {
    for (const char* name : {"a.bin", "a", "a.csv"}) {
      const auto d = drain_bytes(bytes, name);
      EXPECT_EQ(d.info.format, format) << name;
      EXPECT_EQ(d.fault, "") << format;
      EXPECT_GE(d.events.size(), 1u) << format;
      EXPECT_NE(d.info.recognised_by, "");
    }
  }
  EXPECT_EQ(drain_bytes(kFive, "a.bs1").info.format, "five-byte events of neurons");
}

TEST(Events, what_is_no_recording_is_told_with_what_can_be_read) {
  const TemporaryFolder folder;
  contains(complaint([&] { open_events(folder.write("a.txt", "populations { name: \"in\" }")); }), "no recording of a known format");
  contains(complaint([&] { open_events(folder.write("a.gz", "\x1f\x8b\x08")); }), "unpack it");
  contains(complaint([&] { open_events(folder.write("empty", "")); }), "is empty");
  contains(complaint([&] { open_events(folder / "none"); }), "no such file");
  contains(complaint([&] { open_events(folder.write("a.aedat", "#!AER-DAT2.0\r\n")); }), "AER-DAT2.0");
  contains(complaint([&] { open_events(folder.write("a.raw", "% evt 3.0\n")); }), "convert it to DAT");
  EXPECT_EQ(drain_bytes("some text, ten", "a.bin").fault, "not recognised");
}

/// The bar of every reader: whatever the place of the cut, the events before it are the same as without it, and one error names the byte.
TEST(Events, a_cut_file_gives_what_was_whole_and_one_error_with_its_place) {
  std::string many;
  for (std::uint32_t i = 0; i < 4; ++i) many += aedat3_polarity(i, 2, i % 2 == 0, 100 * i);
  const std::string events4 = aedat4_event(5, 1, 2, true) + aedat4_event(6, 3, 4, false);
  const std::vector<std::string> files = {
      aedat3_header() + aedat3_packet(1, many) + aedat3_packet(1, many),
      aedat4_header(0) + aedat4_packet(0, aedat4_body(events4)) + aedat4_packet(1, "imu") + aedat4_packet(0, aedat4_body(events4)),
      aedat4_header(1) + aedat4_packet(0, test::lz4_frame(aedat4_body(events4))) + aedat4_packet(0, test::lz4_frame(aedat4_body(events4))),
      kDat + kDat.substr(kDat.size() - 8),
      kStream + kStream.substr(20) + kStream.substr(20),
  };
  for (const std::string& file : files) {
    const auto whole = drain_bytes(file, "a");
    ASSERT_EQ(whole.fault, "");
    std::size_t faults = 0;
    for (std::size_t cut = 20; cut < file.size(); ++cut) {
      const auto part = drain_bytes(file.substr(0, cut), "a");
      if (part.fault.empty()) continue;  // between two events, packets or header lines
      ++faults;
      EXPECT_LE(part.events.size(), whole.events.size());
      EXPECT_TRUE(std::equal(part.events.begin(), part.events.end(), whole.events.begin())) << whole.info.format << " cut at " << cut;
      if (part.fault != "not recognised" && !part.events.empty()) {
        EXPECT_TRUE(contains(part.fault, "at byte "));
        EXPECT_TRUE(contains(part.fault, "the file ends inside"));
        EXPECT_TRUE(contains(part.fault, "get the rest again"));
      }
    }
    EXPECT_GT(faults, (file.size() - 20) / 3) << whole.info.format;
  }
  const auto cut = drain_bytes(kFive.substr(0, 8), "a.bin");
  EXPECT_EQ(cut.events.size(), 1u);
  contains(cut.fault, "at byte 5: the file ends inside an event: it has 3 of 5 bytes");
}

TEST(Events, the_error_comes_again_at_every_further_call) {
  const auto reader = try_open_events(ByteSource(kFive.substr(0, 8), "a.bin"), {});
  std::vector<AddressEvent> out(5);
  EXPECT_EQ(reader->read(out), 1u);
  EXPECT_THROW(reader->read(out), DescriptionError);
  EXPECT_THROW(reader->read(out), DescriptionError);
}

TEST(Events, a_summary_counts_polarities_and_steps_back_in_time) {
  const auto reader = try_open_events(ByteSource("time_ms,x,y,polarity\n3,9,0,1\n1,2,5,0\n2,0,0,0\n", "a"), {});
  const EventSummary s = summarise(*reader);
  EXPECT_EQ(s.events, 3u);
  EXPECT_EQ(s.on, 1u);
  EXPECT_EQ(s.backwards, 1u);
  EXPECT_EQ(s.first, kMillisecond);
  EXPECT_EQ(s.last, 3 * kMillisecond);
  EXPECT_EQ(s.width(), 10u);
  EXPECT_EQ(s.height(), 6u);
}

TEST(Events, folders_are_classes_in_the_order_of_their_numbers) {
  const TemporaryFolder folder;
  for (const char* label : {"10", "9", "0", "empty"}) std::filesystem::create_directory(folder / label);
  for (const char* file : {"10/b.bin", "10/a.bin", "9/c.bin", "0/d.bin", "0/.hidden"}) folder.write(file, kFive);
  const auto classes = event_classes(folder / "");
  ASSERT_EQ(classes.size(), 3u);
  EXPECT_EQ(classes[0].label, "0");
  EXPECT_EQ(classes[0].files.size(), 1u);
  EXPECT_EQ(classes[2].label, "10");
  EXPECT_EQ(classes[2].files.at(0).filename(), "a.bin");
  contains(complaint([&] { event_classes(folder / "none"); }), "no such folder");
  contains(complaint([&] { event_classes(folder / "empty"); }), "nmnist/Train");
}

std::filesystem::path data_folder() {
  const char* data = std::getenv("SPIKELOOP_DATA_DIR");
  return std::filesystem::path(data ? data : SPIKELOOP_SOURCE_DIR "/../shared/data") / "events";
}

TEST(Events, the_packed_recordings_at_hand_have_as_many_files_and_events_as_their_origin_says) {
  const std::filesystem::path data = data_folder();
  if (!std::filesystem::exists(data / "dvs128_1450ms_a.tar.gz")) GTEST_SKIP() << "SKIPPED: there is no " << data / "dvs128_1450ms_a.tar.gz";
  const TemporaryFolder folder;
  for (const char* archive : {"dvs128_1450ms_a.tar.gz", "nmnist_train500.tar.gz"}) {
    const std::string command = "tar xzf '" + (data / archive).string() + "' -C '" + (folder / "").string() + "'";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "SKIPPED: cannot be done here: " << command;
  }
  for (const auto& [file, events] : {std::pair{"dvs128/01.bin", 63'471u}, {"dvs128/02.bin", 84'260u}, {"dvs128/03.bin", 113'063u}}) {
    const EventSummary s = summarise(*open_events(folder / file));
    EXPECT_EQ(s.events, events);
    EXPECT_EQ(s.width(), 128u);
    EXPECT_EQ(s.height(), 128u);
  }
  const auto classes = event_classes(folder / "nmnist/Train");
  ASSERT_EQ(classes.size(), 10u);
  for (std::size_t c = 0; c < 10; ++c) {
    EXPECT_EQ(classes[c].label, std::to_string(c));
    EXPECT_EQ(classes[c].files.size(), 50u);
    for (const auto& file : classes[c].files) {
      const EventSummary s = summarise(*open_events(file));
      EXPECT_EQ(s.events, std::filesystem::file_size(file) / 5) << file;
      EXPECT_FALSE(s.fault) << file;
      EXPECT_LE(s.width(), 34u) << file;
      EXPECT_LE(s.height(), 34u) << file;
      EXPECT_EQ(s.backwards, 0u) << file;
    }
  }
}

/// The counts are those of the README beside the files, but for sample.aedat4: its own index at the end of the file says 111,954 events.
/// The 118,651 of its origin are the 8-byte words of the file, as the test there reads it as another format.
TEST(Events, the_recordings_at_hand_have_as_many_events_as_their_origin_says) {
  const std::filesystem::path folder = data_folder();
  if (!std::filesystem::exists(folder / "sample.aedat4")) GTEST_SKIP() << "SKIPPED: there is no " << folder / "sample.aedat4";
  struct Expected {
    const char *file, *format;
    std::uint64_t events, on;
    std::uint32_t width, height;
  };
  for (const Expected& e : {Expected{"sample_nmnist.bin", "five-byte events of pixels", 4325, 2145, 34, 34},
                            Expected{"ntidigits_1.bs1", "five-byte events of neurons", 898, 898, 64, 1},
                            Expected{"oxford_input.bs1", "five-byte events of neurons", 1889, 1889, 200, 1},
                            Expected{"oxford_output.bs1", "five-byte events of neurons", 10361, 10361, 200, 1},
                            Expected{"sample.aedat4", "AEDAT 4.0, LZ4", 111954, 55023, 320, 240},
                            Expected{"sample_ncars.dat", "Prophesee DAT 2", 2009, 1350, 78, 42},
                            Expected{"generic.es", "Event Stream 2.0, generic", 70, 70, 1, 1}}) {
    const EventSummary s = summarise(*open_events(folder / e.file));
    EXPECT_FALSE(s.fault) << s.fault->what();
    EXPECT_EQ(s.info.format, e.format);
    EXPECT_EQ(s.events, e.events) << e.file;
    EXPECT_EQ(s.on, e.on) << e.file;
    EXPECT_EQ(s.width(), e.width) << e.file;
    EXPECT_EQ(s.height(), e.height) << e.file;
  }
  EXPECT_EQ(summarise(*open_events(folder / "sample_ncars.dat")).last, 99'952 * kMicrosecond);
}

}  // namespace
}  // namespace spikeloop::io
