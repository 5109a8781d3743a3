// SPDX-License-Identifier: Apache-2.0
#include "core/io/spikes_csv.hpp"

#include <gtest/gtest.h>

#include "core/io/files.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::TemporaryFolder;

std::vector<Population> populations() {
  std::vector<Population> out(3);
  out[0].name = "in";
  out[0].shape = {2, 4};
  out[1].name = "odd, \"name\"";
  out[1].shape = {1};
  out[2].name = "hidden";
  out[2].shape = {100};
  return out;
}

std::vector<Spike> parse(const std::string& lines) {
  return parse_spikes_csv("time_ms,population,neuron\n" + lines, "s.csv", populations());
}

TEST(SpikesCsv, spikes_come_back_to_the_nanosecond) {
  const TemporaryFolder folder;
  const std::vector<Spike> spikes = {{0, 0, 0}, {1, 0, 7}, {12'500'000, 1, 0}, {999'999, 2, 99}, {8'999'999'999'999'999'999, 2, 1}};
  write_spikes_csv(folder / "s.csv", populations(), spikes);
  EXPECT_EQ(read_spikes_csv(folder / "s.csv", populations()), spikes);
  EXPECT_EQ(read_file(folder / "s.csv", 1000),
            "time_ms,population,neuron\n0,in,0\n0.000001,in,7\n12.5,\"odd, "
            "\"\"name\"\"\",0\n0.999999,hidden,99\n8999999999999.999999,hidden,1\n");
}

TEST(SpikesCsv, the_writer_is_a_sink_for_many_spikes) {
  const TemporaryFolder folder;
  std::vector<Spike> spikes;
  for (std::uint32_t i = 0; i < 20'000; ++i) spikes.push_back({i * 100 * kMicrosecond, 2, i % 100});
  {
    SpikesCsvWriter writer(folder / "s.csv", populations());
    Sink& sink = writer;
    for (const Spike& spike : spikes) sink.spike(spike);
  }
  EXPECT_EQ(read_spikes_csv(folder / "s.csv", populations()), spikes);
}

TEST(SpikesCsv, a_full_disk_is_noticed) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP();
  SpikesCsvWriter writer("/dev/full", populations());
  writer.spike({0, 0, 0});
  EXPECT_THROW(writer.close(), DeviceError);
  EXPECT_THROW(SpikesCsvWriter("/no/such/folder/s.csv", populations()), DeviceError);
}

TEST(SpikesCsv, times_are_read_as_people_and_programs_write_them) {
  EXPECT_EQ(parse("1e-3,in,0\n").at(0).time, 1000);
  EXPECT_EQ(parse("0.30000000000000004,in,0\n").at(0).time, 300'000);
  EXPECT_EQ(parse("0.0000015,in,0").at(0).time, 2);
  EXPECT_EQ(parse("5.,in,0\r\n").at(0).time, 5'000'000);
  EXPECT_EQ(parse(".5,in,0\n").at(0).time, 500'000);
  EXPECT_EQ(parse("-1,in,0\n").at(0).time, -1'000'000);
  EXPECT_TRUE(parse("").empty());
}

TEST(SpikesCsv, faults_name_their_line) {
  EXPECT_TRUE(contains(complaint([] { parse_spikes_csv("0,in,0\n", "s.csv", populations()); }), "s.csv:1:1: the first line is not"));
  EXPECT_TRUE(contains(complaint([] { parse_spikes_csv("", "s.csv", populations()); }), "s.csv:1:1: the first line is not"));
  EXPECT_TRUE(contains(complaint([] { parse("0,in,0\nx,in,0\n"); }), "s.csv:3:1: the time \"x\" is not"));
  EXPECT_TRUE(contains(complaint([] { parse("nan,in,0\n"); }), "the time \"nan\""));
  EXPECT_TRUE(contains(complaint([] { parse("9e12,in,0\n"); }), "the time \"9e12\""));
  EXPECT_TRUE(contains(complaint([] { parse("99999999999999999999,in,0\n"); }), "the time"));
  EXPECT_TRUE(contains(complaint([] { parse("1,hiden,0\n"); }), "did you mean \"hidden\"?"));
  EXPECT_TRUE(contains(complaint([] { parse("1,in,8\n"); }), "neuron \"8\" is not a whole number below 8"));
  EXPECT_TRUE(contains(complaint([] { parse("1,in,-1\n"); }), "neuron \"-1\""));
  EXPECT_TRUE(contains(complaint([] { parse("1,in\n"); }), "is not a spike"));
  EXPECT_TRUE(contains(complaint([] { parse("1,in,0,0\n"); }), "is not a spike"));
  EXPECT_TRUE(contains(complaint([] { parse("1,\"in,0\n"); }), "is not a spike"));
  EXPECT_TRUE(contains(complaint([] { parse("\n"); }), "is not a spike"));
}

TEST(SpikesCsv, a_name_with_a_line_break_is_refused) {
  std::vector<Population> odd(1);
  odd[0].name = "a\nb";
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(complaint([&] { SpikesCsvWriter(folder / "s.csv", odd); }), "line break"));
}

}  // namespace
}  // namespace spikeloop::io
