// SPDX-License-Identifier: Apache-2.0
//
// Where each format has its times, addresses and polarities, against bytes put together by hand.
#include <gtest/gtest.h>

#include "core/io/aedat4.hpp"
#include "core/io/npy.hpp"
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
using test::contains;
using test::drain_bytes;

TEST(FiveByte, row_240_moves_all_later_times_and_is_no_event) {
  const auto d = drain_bytes(std::string("\x01\x02\x80\x00\x10\x00\xf0\x00\x00\x00\x03\x04\x7f\xff\xff", 15), "a.bin");
  ASSERT_EQ(d.events.size(), 2u);
  EXPECT_EQ(d.events[0], (AddressEvent{16 * kMicrosecond, 1, 2, 0, true}));
  EXPECT_EQ(d.events[1], (AddressEvent{(0x7FFFFF + 8192) * kMicrosecond, 3, 4, 0, false}));
  EXPECT_EQ(d.info.left_out.at("marks of a time overflow"), 1u);
}

TEST(FiveByte, in_one_dimension_two_bytes_are_the_neuron) {
  const auto d = drain_bytes(std::string("\x01\xf0\x80\x00\x10", 5), "a.bs1");
  ASSERT_EQ(d.events.size(), 1u);
  EXPECT_EQ(d.events[0].x, 496u);
  EXPECT_EQ(d.info.addresses, Addresses::kNeurons);
}

TEST(FiveByte, without_a_suffix_times_that_go_back_are_not_taken_for_events) {
  std::string rising, falling;
  for (int i = 0; i < 50; ++i) {
    rising += std::string("\0\x05\0\0", 4) + static_cast<char>(i);
    falling += std::string("\1\x05\0\0", 4) + static_cast<char>(50 - i);
  }
  EXPECT_EQ(drain_bytes(rising, "a").info.format, "five-byte events of neurons");  // the first byte is never used
  EXPECT_EQ(drain_bytes(rising, "a.bin").info.format, "five-byte events of pixels");
  EXPECT_EQ(drain_bytes(falling, "a").fault, "not recognised");
}

TEST(Aedat3, events_of_pixels_have_the_overflow_of_their_packet_and_invalid_ones_are_counted) {
  const std::string file = aedat3_header() + aedat3_packet(0, std::string(16, '\1')) +
                           aedat3_packet(1, aedat3_polarity(127, 3, true, 5) + aedat3_polarity(1, 2, true, 6, false)) +
                           aedat3_packet(1, aedat3_polarity(0, 127, false, 1), 1);
  const auto d = drain_bytes(file, "a");
  EXPECT_EQ(d.fault, "");
  ASSERT_EQ(d.events.size(), 2u);
  EXPECT_EQ(d.events[0], (AddressEvent{5 * kMicrosecond, 127, 3, 0, true}));
  EXPECT_EQ(d.events[1], (AddressEvent{((Time{1} << 31) + 1) * kMicrosecond, 0, 127, 0, false}));
  EXPECT_EQ(d.info.width, 128u);
  EXPECT_EQ(d.info.left_out.at("events marked as invalid"), 1u);
  EXPECT_EQ(d.info.left_out.at("packets of type 0"), 1u);
}

TEST(Aedat3, spikes_of_a_chip_become_neurons) {
  const std::string spike = bytes_of(1 | 3u << 1 | 2u << 6 | 255u << 12, 4) + bytes_of(9, 4);
  const auto d = drain_bytes(aedat3_header("DYNAPSE") + aedat3_packet(12, spike), "a");
  ASSERT_EQ(d.events.size(), 1u);
  EXPECT_EQ(d.events[0].x, (2u * 4 + 3) * 256 + 255);
  EXPECT_EQ(d.info.addresses, Addresses::kNeurons);
  const auto both = drain_bytes(aedat3_header() + aedat3_packet(12, spike) + aedat3_packet(1, aedat3_polarity(1, 1, true, 1)), "a");
  EXPECT_EQ(both.events.size(), 1u);
  EXPECT_EQ(both.info.width, 0u);  // neurons have no sensor, whatever the header names
  contains(both.fault, "only one kind");
}

TEST(Aedat3, what_a_packet_cannot_mean_is_refused_at_its_byte) {
  const std::string head = aedat3_header();
  std::string packet = aedat3_packet(1, aedat3_polarity(1, 1, true, 1));
  packet[20] = 5;  // more events than room
  contains(drain_bytes(head + packet, "a").fault, "at byte " + std::to_string(head.size()) + ": a packet says that it has 5 events");
  contains(drain_bytes(head + aedat3_packet(1, aedat3_polarity(128, 1, true, 1)), "a").fault, "outside of the sensor of 128 x 128");
  contains(drain_bytes("#!AER-DAT3.1\r\n#Format: Serial-TS\r\n", "a").fault, "only RAW");
  contains(drain_bytes("#!AER-DAT3.1\r\n#" + std::string(5000, 'x'), "a").fault, "no end within 4096 bytes");
}

TEST(Aedat4, packets_of_other_streams_are_counted_and_the_index_ends_the_packets) {
  const std::string packets = aedat4_packet(1, "imu") + aedat4_packet(0, aedat4_body(aedat4_event(1'600'000'000'000'000, 319, 239, true)));
  const auto d = drain_bytes(aedat4_header(0) + packets, "a");
  EXPECT_EQ(d.fault, "");
  ASSERT_EQ(d.events.size(), 1u);
  EXPECT_EQ(d.events[0], (AddressEvent{1'600'000'000'000'000'000, 319, 239, 0, true}));
  EXPECT_EQ(d.info.left_out.at("packets of \"IMUS\""), 1u);
  const auto end = static_cast<std::int64_t>(aedat4_header(0).size() + packets.size());
  EXPECT_EQ(drain_bytes(aedat4_header(0, end) + packets + bytes_of(5, 4) + "index", "a").fault, "");
  contains(drain_bytes(aedat4_header(0, end) + packets.substr(0, 11), "a").fault, "before the index that the header promises");
}

TEST(Aedat4, a_file_that_is_cut_inside_its_index_gives_all_events_and_says_so) {
  const std::string body = aedat4_body(aedat4_event(1, 2, 3, true)), index = bytes_of(5, 4) + "index";
  for (const std::uint32_t compression : {0u, 1u}) {
    const std::string packet = aedat4_packet(0, compression == 0 ? body : test::lz4_frame(body)),
                      end = compression == 0 ? index : test::lz4_frame(index);
    const std::size_t at = aedat4_header(compression).size() + packet.size();
    const std::string file = aedat4_header(compression, static_cast<std::int64_t>(at)) + packet + end;
    EXPECT_EQ(drain_bytes(file, "a").fault, "");
    for (std::size_t size = at; size < file.size(); ++size) {
      const auto cut = drain_bytes(file.substr(0, size), "a");
      EXPECT_EQ(cut.events.size(), 1u);
      contains(cut.fault, "at byte " + std::to_string(at) + ": the file ends inside its index");
    }
  }
}

TEST(Aedat4, damage_is_refused_at_the_byte_of_its_packet) {
  const std::string head = aedat4_header(1), event = aedat4_event(1, 2, 3, true);
  const std::string at = "at byte " + std::to_string(head.size());
  contains(drain_bytes(head + aedat4_packet(7, "x"), "a").fault, at + ": a packet says that it is of stream 7");
  contains(drain_bytes(head + aedat4_packet(0, "no frame"), "a").fault, at + ": a packet cannot be unpacked");
  std::string body = aedat4_body(event);
  body[4 + 24] = '\x7f';  // 127 events in a packet of one
  contains(drain_bytes(head + aedat4_packet(0, test::lz4_frame(body)), "a").fault, "more of them than bytes");
  body = aedat4_body(event);
  body[0] = '\3';
  contains(drain_bytes(head + aedat4_packet(0, test::lz4_frame(body)), "a").fault, "more than the 7 bytes that it says");
  contains(drain_bytes(head + aedat4_packet(0, test::lz4_frame(aedat4_body(aedat4_event(1, -1, 3, true)))), "a").fault,
           "outside of the sensor");
  contains(drain_bytes(aedat4_header(3), "a").fault, "Zstandard");
  contains(drain_bytes("#!AER-DAT4.0\r\n" + bytes_of(0x7FFFFFFF, 4), "a").fault, "the most is 16 MiB");
}

TEST(Aedat4, a_packet_that_unpacks_to_more_than_it_may_is_refused) {
  const std::string bomb = test::lz4_frame(bytes_of(0xFFFFFFFF, 4) + std::string(std::size_t{70} << 20, '\0'));
  contains(drain_bytes(aedat4_header(1) + aedat4_packet(0, bomb), "a").fault, "more than the 67108864 bytes");
}

TEST(Aedat4, streams_are_found_in_any_text) {
  const auto streams =
      aedat4_streams(R"(<node name="outInfo"><node name="4"><attr key="typeIdentifier">EVTS</attr></node></node><attr key="sizeX">7)");
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams.at(4).type, "EVTS");
  EXPECT_TRUE(aedat4_streams("</node></node><node <node name=\"outInfo\"").empty());
}

TEST(PropheseeDat, a_file_that_ends_inside_its_header_is_cut) {
  contains(drain_bytes("% Version 2\n% Wid", "a").fault, "at byte 12: the file ends inside a line of its header");
  contains(drain_bytes("% " + std::string(5000, 'x'), "a").fault, "no end within 4096 bytes");
  contains(drain_bytes("#!AER-DAT3.1\r\n#Form", "a").fault, "the file ends inside a line of its header");
}

TEST(PropheseeDat, times_that_wrap_go_on) {
  const auto event = [](std::uint32_t us) { return bytes_of(us, 4) + bytes_of(3 | 4u << 14, 4); };
  const auto d = drain_bytes("% Version 2\n" + bytes_of(0x0800, 2) + event(0xFFFFFFF0) + event(16) + event(15), "a");
  ASSERT_EQ(d.events.size(), 3u);
  EXPECT_EQ(d.events[1], (AddressEvent{((Time{1} << 32) + 16) * kMicrosecond, 3, 4, 0, false}));
  EXPECT_EQ(d.events[2].time, ((Time{1} << 32) + 15) * kMicrosecond);  // a small step back is no wrap
  contains(drain_bytes("% Version 3\n", "a").fault, "only 2 can be read");
  contains(drain_bytes("% Width 0\n", "a").fault, "no number from 1");
  contains(drain_bytes("% x\n" + bytes_of(0x080E, 2), "a").fault, "type 14");
}

TEST(EventStream, each_type_adds_its_overflows_to_the_time) {
  const std::string head = "Event Stream" + std::string("\2\0\0", 3);
  const auto dvs = drain_bytes(head + std::string("\1\x28\0\x1e\0\xff\xfe\x0b\7\0\5\0", 12), "a");
  ASSERT_EQ(dvs.events.size(), 1u);
  EXPECT_EQ(dvs.events[0], (AddressEvent{(127 + 5) * kMicrosecond, 7, 5, 0, true}));
  const auto atis = drain_bytes(head + std::string("\2\x28\0\x1e\0\xfe\x0b\1\0\1\0\x0a\7\0\5\0", 16), "a");
  ASSERT_EQ(atis.events.size(), 1u);  // the first is a measurement of exposure
  EXPECT_EQ(atis.events[0], (AddressEvent{(2 * 63 + 2 + 2) * kMicrosecond, 7, 5, 0, true}));
  EXPECT_EQ(atis.info.left_out.at("measurements of exposure"), 1u);
  const auto generic = drain_bytes(head + std::string("\0\xff\3\4ab\1\0", 8), "a");
  ASSERT_EQ(generic.events.size(), 2u);
  EXPECT_EQ(generic.events[0].time, (254 + 3) * kMicrosecond);
  EXPECT_EQ(generic.info.left_out.at("bytes of content"), 2u);
  contains(drain_bytes(head + std::string("\1\x02\0\2\0\0\2\0\0\0", 10), "a").fault, "at byte 20: an event is at (2, 0), outside");
  contains(drain_bytes(head + "\4", "a").fault, "at byte 15: the events are of type 4");
  contains(drain_bytes("Event Stream" + std::string("\1\0\0\0", 4), "a").fault, "only 2.x");
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data) {
  std::string header = "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }\n";
  return "\x93NUMPY" + bytes_of(1, 2) + bytes_of(header.size(), 2) + header + data;
}

TEST(EventsNpy, fields_are_found_by_name_and_tell_the_unit) {
  const auto d = drain_bytes(npy("[('x', '<i2'), ('y', '<i2'), ('p', '|b1'), ('t_us', '<i8')]", "(1,)",
                                 bytes_of(3, 2) + bytes_of(4, 2) + bytes_of(1, 1) + bytes_of(5, 8)),
                             "a");
  ASSERT_EQ(d.events.size(), 1u) << d.fault;
  EXPECT_EQ(d.events[0], (AddressEvent{5 * kMicrosecond, 3, 4, 0, true}));
}

TEST(EventsNpy, a_unit_that_is_not_told_is_asked_for) {
  const std::string file =
      npy("'<f8'", "(1, 4)", bytes_of(0, 8) + bytes_of(0x3FF0000000000000, 8) + bytes_of(0, 8) + bytes_of(0x3FF8000000000000, 8));
  contains(drain_bytes(file, "a").fault, "tell it: --time-unit us");
  const auto d = drain_bytes(file, "a", {kMillisecond});
  ASSERT_EQ(d.events.size(), 1u);
  EXPECT_EQ(d.events[0], (AddressEvent{1'500'000, 0, 1, 0, false}));
}

TEST(EventsNpy, a_shape_that_promises_more_gives_what_is_there) {
  const auto d = drain_bytes(npy("[('t_ns', '<i8'), ('id', '<u4')]", "(1000000000000,)", bytes_of(7, 8) + bytes_of(2, 4)), "a");
  EXPECT_EQ(d.events.size(), 1u);
  contains(d.fault, "the shape promises 999999999999 more");
  contains(drain_bytes(npy("[('t_ns', '<i8'), ('id', '<u4')]", "(0,)", "x"), "a").fault, "bytes follow the last event");
  contains(drain_bytes(npy("'<f4'", "(2, 3)", ""), "a").fault, "shape (2, 3)");
  contains(drain_bytes(npy("[('t_ns', '>i8')]", "(0,)", ""), "a").fault, "little-endian");
  contains(drain_bytes(npy("[('x', '<i8')]", "(0,)", ""), "a").fault, "no field for the time");
  contains(drain_bytes(npy("[('t_ns', '<i8'), ('id', '<i4')]", "(1,)", bytes_of(7, 8) + bytes_of(0xFFFFFFFF, 4)), "a").fault,
           "the address -1");
}

TEST(EventsNpy, a_structured_array_is_no_matrix_of_weights) {
  EXPECT_THROW(parse_npy(npy("[('t_ns', '<i8')]", "(0,)", ""), "a"), DescriptionError);
}

TEST(EventsCsv, columns_come_in_any_order_and_unit) {
  const auto d = drain_bytes("polarity,y,x,time_us\r\n0,2,1,1.5\r\n1,4,3,1e3\r\n", "a");
  ASSERT_EQ(d.events.size(), 2u) << d.fault;
  EXPECT_EQ(d.events[0], (AddressEvent{1500, 1, 2, 0, false}));
  EXPECT_EQ(d.events[1], (AddressEvent{kMillisecond, 3, 4, 0, true}));
}

TEST(EventsCsv, populations_are_numbered_as_they_come) {
  const auto d = drain_bytes("time_ms,population,neuron\n1,b,5\n2,\"a,1\",6\n3,b,7", "a");
  ASSERT_EQ(d.events.size(), 3u) << d.fault;
  EXPECT_EQ(d.info.populations, (std::vector<std::string>{"b", "a,1"}));
  EXPECT_EQ(d.events[1], (AddressEvent{2 * kMillisecond, 6, 0, 1, true}));
  EXPECT_EQ(d.events[2].population, 0u);
}

TEST(EventsCsv, a_fault_names_its_line_and_what_was_before_is_given) {
  const auto d = drain_bytes("time_ms,x,y\n1,2,3\n1,2\n", "e.csv");
  EXPECT_EQ(d.events.size(), 1u);
  contains(d.fault, "e.csv:3:1: \"1,2\" is no event of 3 values");
  contains(drain_bytes("time_ms,x,y\n1,2,3,\n", "a").fault, "no event");
  contains(drain_bytes("time_ms,x,y\nx,2,3\n", "a").fault, "the time \"x\"");
  contains(drain_bytes("time_ms,x,y,polarity\n1,2,3,2\n", "a").fault, "the polarity \"2\" is not a whole number up to 1");
  contains(drain_bytes("time_ms,x,y\n" + std::string(5000, '1'), "a").fault, "longer than 4095 bytes");
}

}  // namespace
}  // namespace spikeloop::io
