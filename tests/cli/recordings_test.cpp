// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

/// A network with an external population of the shape, one to one with as many neurons that spike whenever it does.
std::string network(const std::string& shape, const std::string& more = "") {
  return "populations { name: \"camera\" shape: " + shape + " source { external {} } }\n" + more +
         "populations { name: \"copy\" shape: " + shape +
         " neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 reset: RESET_TO_VALUE } } }\n"
         "projections { source: \"camera\" target: \"copy\" connect { one_to_one {} } weight { constant: 2 } delay_ms: 0.1 }\n"
         "probes { population: \"camera\" spikes {} }\nprobes { population: \"copy\" spikes {} }\n";
}

const std::string kEvents = "time_ms,x,y,polarity\n1,3,2,1\n2,0,0,0\n0.5,3,0,0\n900,1,1,1\n";

TEST(Recordings, events_become_spikes_of_the_population_whose_shape_fits) {
  Folder folder;
  folder.write("net.txtpb", network("[2, 3, 4]"));
  folder.write("events.csv", kEvents);
  const Outcome outcome =
      call({"run", folder / "net.txtpb", "--input", folder / "events.csv", "--duration", "10ms", "--out", folder / "out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  contains(outcome.err, "they are spikes of \"camera\"");
  contains(outcome.err, "1 of 4 events");
  const std::string spikes = read(folder / "out/spikes.csv");
  contains(spikes, "0.5,camera,3\n");  // off, row 0, column 3
  contains(spikes, "1,camera,23\n");   // on, row 2, column 3
  contains(spikes, "2,camera,0\n");
  contains(spikes, "1.1,copy,23\n");
}

TEST(Recordings, a_population_without_polarity_takes_both) {
  Folder folder;
  folder.write("net.txtpb", network("[3, 4]"));
  folder.write("events.csv", kEvents);
  const Outcome outcome =
      call({"run", folder / "net.txtpb", "--input", folder / "events.csv", "--duration", "10ms", "--out", folder / "out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  contains(outcome.err, "no polarity");
  contains(read(folder / "out/spikes.csv"), "1,camera,11\n");
}

TEST(Recordings, where_no_shape_fits_or_several_do_the_populations_are_named) {
  Folder folder;
  folder.write("events.csv", kEvents);
  folder.write("small.txtpb", network("[2, 2, 4]"));
  const Outcome small = call({"run", folder / "small.txtpb", "--input", folder / "events.csv", "--out", folder / "out"});
  EXPECT_EQ(small.code, 2);
  contains(small.err, "need at least the shape [2, 3, 4] or [3, 4]; no external population has that shape");
  contains(small.err, "\"camera\" [2, 2, 4]");
  folder.write("two.txtpb", network("[3, 4]", "populations { name: \"other\" shape: [2, 3, 4] source { external {} } }\n"));
  const Outcome two = call({"run", folder / "two.txtpb", "--input", folder / "events.csv", "--out", folder / "out"});
  EXPECT_EQ(two.code, 2);
  contains(two.err, "2 external populations fit");
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(Recordings, a_size_that_the_file_tells_must_be_that_of_the_population) {
  Folder folder;
  folder.write("net.txtpb", network("[2, 30, 41]"));
  folder.write("a.es", "Event Stream" + std::string("\2\0\0\1\x28\0\x1e\0\x0b\7\0\5\0", 13));
  const Outcome outcome = call({"run", folder / "net.txtpb", "--input", folder / "a.es", "--out", folder / "out"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "has the shape [2, 30, 40] or [30, 40]; no external");
}

TEST(Recordings, check_tells_what_a_file_holds) {
  Folder folder;
  folder.write("events.csv", kEvents);
  const nlohmann::json object = call_json({"check", folder / "events.csv"}, 0);
  EXPECT_EQ(object["format"], "CSV");
  EXPECT_EQ(object["events"], 4);
  EXPECT_EQ(object["on"], 2);
  EXPECT_EQ(object["off"], 2);
  EXPECT_EQ(object["duration_ns"], 899'500'000);
  EXPECT_EQ(object["sensor"]["width"], 4);
  EXPECT_EQ(object["sensor"]["height"], 3);
  EXPECT_EQ(object["backwards"], 1);
  const Outcome outcome = call({"check", folder / "events.csv"});
  contains(outcome.out, "0.5 ms, 900 ms");
  contains(outcome.out, "4 x 3 pixels, the least that has all events");
  contains(outcome.out, "not in the order of time");
  folder.write("a.tar.gz", "\x1f\x8b\x08");
  contains(call({"check", folder / "a.tar.gz"}).err, "unpack it");
}

TEST(Recordings, a_cut_file_is_described_and_then_refused) {
  Folder folder;
  folder.write("cut.bin", std::string("\x01\x02\x80\x00\x10\x03\x04\x00", 8));
  const Outcome outcome = call({"check", folder / "cut.bin"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.out, "five-byte events of pixels");
  contains(outcome.err, "at byte 5: the file ends inside an event");
  contains(outcome.err, "the 1 events before are whole");
  EXPECT_EQ(call_json({"check", folder / "cut.bin"}, 2)["exit_code"], 2);
}

TEST(Recordings, run_refuses_a_cut_file_and_says_how_to_save_what_is_whole) {
  Folder folder;
  folder.write("net.txtpb", network("[3, 4]"));
  folder.write("cut.bin", std::string("\x01\x02\x80\x00\x10\x03\x04\x00", 8));
  const Outcome outcome = call({"run", folder / "net.txtpb", "--input", folder / "cut.bin", "--out", folder / "out"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "the 1 events before are whole");
  contains(outcome.err, "or save them with `spikeloop convert");
}

TEST(Recordings, convert_writes_the_format_that_the_suffix_names) {
  Folder folder;
  folder.write("events.csv", kEvents);
  const nlohmann::json object = call_json({"convert", folder / "events.csv", folder / "b.npy"}, 0);
  EXPECT_EQ(object["events"], 4);
  EXPECT_EQ(call({"convert", folder / "b.npy", folder / "c.csv"}).code, 0);
  EXPECT_EQ(read(folder / "c.csv"), kEvents);
}

TEST(Recordings, an_absolute_clock_is_kept_where_all_its_digits_are_and_else_counts_from_the_first_event) {
  Folder folder;
  // A packet of AEDAT 3.1 with the time overflow 700,000: about 48 years, and two events 1 us apart.
  std::string file =
      "#!AER-DAT3.1\r\n#!END-HEADER\r\n" + std::string("\1\0\1\0\x08\0\0\0\4\0\0\0\x60\xae\x0a\0\2\0\0\0\2\0\0\0\2\0\0\0", 28);
  file += std::string("\1\0\0\0\5\0\0\0\3\0\2\0\6\0\0\0", 16);
  folder.write("a.aedat", file);
  ASSERT_EQ(call({"convert", folder / "a.aedat", folder / "b.csv"}).code, 0);
  contains(read(folder / "b.csv"), "1503238553600.005,0,0,0\n1503238553600.006,1,0,1\n");
  const Outcome outcome = call({"convert", folder / "a.aedat", folder / "b.bin"});
  EXPECT_EQ(outcome.code, 0);
  contains(outcome.err, "times count from the first event");
  EXPECT_EQ(read(folder / "b.bin"), std::string("\0\0\0\0\0\1\0\x80\0\1", 10));
}

TEST(Recordings, convert_replaces_nothing_unasked_and_leaves_nothing_half_done) {
  Folder folder;
  folder.write("events.csv", kEvents);
  folder.write("b.npy", "mine");
  const Outcome outcome = call({"convert", folder / "events.csv", folder / "b.npy"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "--force");
  EXPECT_EQ(read(folder / "b.npy"), "mine");
  const Outcome back = call({"convert", folder / "events.csv", folder / "b.es"});
  EXPECT_EQ(back.code, 2);
  contains(back.err, "b.es: the events are not in the order of time (1 go back)");
  EXPECT_EQ(call({"convert", folder / "events.csv", folder / "b.xyz"}).code, 1);
  EXPECT_EQ(call({"convert", folder / "events.csv", folder / "b.csv", "--old-layout"}).code, 1);
  EXPECT_EQ(call({"convert", folder / "events.csv", folder / "none/b.csv"}).code, 4);
  EXPECT_EQ(call({"convert", folder / "none.csv", folder / "b.csv"}).code, 2);
  EXPECT_EQ(call({"convert", folder / "events.csv", folder / "c.csv"}, true).code, 130);
  EXPECT_EQ(files_of(folder.path()).size(), 2u);
  EXPECT_EQ(call({"convert", folder / "events.csv", folder / "b.npy", "--force"}).code, 0);
  EXPECT_NE(read(folder / "b.npy"), "mine");
}

TEST(Recordings, what_is_whole_of_a_cut_file_is_converted_and_the_cut_told) {
  Folder folder;
  folder.write("cut.bin", std::string("\x01\x02\x80\x00\x10\x03\x04\x00", 8));
  const Outcome outcome = call({"convert", folder / "cut.bin", folder / "b.csv"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "the 1 events before are in");
  EXPECT_EQ(read(folder / "b.csv"), "time_ms,x,y,polarity\n0.016,1,2,1\n");
}

TEST(Recordings, spikes_of_a_run_come_back_through_sonata_as_input) {
  Folder folder;
  folder.write("net.txtpb", network("[12]"));
  folder.write("in.csv", "time_ms,population,neuron\n1,camera,3\n0.5,camera,7\n");
  ASSERT_EQ(call({"convert", folder / "in.csv", folder / "in.h5"}).code, 0);
  const auto hash = [&](const std::string& input, const std::string& out) {
    return call_json({"run", folder / "net.txtpb", "--input", input, "--duration", "10ms", "--out", folder / out}, 0)["recording_hash"];
  };
  EXPECT_EQ(hash(folder / "in.h5", "a"), hash(folder / "in.csv", "b"));
  ASSERT_EQ(call({"convert", folder / "in.csv", folder / "old.h5", "--old-layout"}).code, 0);
  EXPECT_EQ(hash(folder / "old.h5", "c"), hash(folder / "in.csv", "d"));
}

TEST(Recordings, check_of_a_folder_counts_each_class) {
  Folder folder;
  for (const char* label : {"0", "1"}) fs::create_directories(folder.path() / "Train" / label);
  const std::string event("\x01\x02\x80\x00\x10", 5);
  folder.write("Train/0/a.bin", event);
  folder.write("Train/0/b.bin", event + event);
  folder.write("Train/1/c.bin", event);
  const nlohmann::json object = call_json({"check", folder / "Train"}, 0);
  EXPECT_EQ(object["recordings"], 3);
  EXPECT_EQ(object["classes"][0]["events"], 3);
  folder.write("Train/1/d.bin", event + "x");
  EXPECT_EQ(call({"check", folder / "Train"}).code, 2);
}

}  // namespace
}  // namespace spikeloop::cli::test
