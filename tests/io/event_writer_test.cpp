// SPDX-License-Identifier: Apache-2.0
#include "core/io/event_writer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/io/files.hpp"
#include "core/io/sonata.hpp"
#include "tests/io/event_bytes.hpp"
#include "tests/io/temporary_folder.hpp"

namespace spikeloop::io {
namespace {

using test::complaint;
using test::contains;
using test::Drained;
using test::TemporaryFolder;

/// What a file holds after the recording in the CSV text was written to it.
Drained round_trip(const TemporaryFolder& folder, const std::string& csv, const std::string& file,
                   std::map<std::string, std::uint64_t>* changed = nullptr) {
  const auto from = folder.write("from.csv", csv);
  const EventSummary summary = summarise(*open_events(from));
  const auto writer = make_event_writer(folder / file, event_format(folder / file), summary);
  for (const AddressEvent& e : test::drain(*open_events(from)).events) writer->write(e);
  writer->close();
  if (changed != nullptr) *changed = writer->changed();
  return test::drain(*open_events(folder / file), 1000);
}

const std::string kPixels = "time_ms,x,y,polarity\n0,0,0,1\n0.5,33,1,0\n0.5,2,31,1\n700.001,33,33,0\n";
const std::string kSpikes = "time_ms,population,neuron\n1,b,5\n2.5,a,6\n0.000001,b,7\n";

TEST(EventWriter, pixels_come_back_from_every_format_that_has_them) {
  const TemporaryFolder folder;
  const auto expected = test::drain_bytes(kPixels, "a").events;
  for (const char* file : {"a.csv", "a.npy", "a.bin", "a.es", "a.dat"}) {
    const Drained d = round_trip(folder, kPixels, file);
    EXPECT_EQ(d.fault, "") << file;
    EXPECT_EQ(d.events, expected) << file;
  }
}

TEST(EventWriter, pixels_are_nodes_of_sonata_with_the_last_index_fastest) {
  const TemporaryFolder folder;
  const Drained d = round_trip(folder, kPixels, "a.h5");
  EXPECT_EQ(d.info.populations, std::vector<std::string>{"events"});
  ASSERT_EQ(d.events.size(), 4u);
  EXPECT_EQ(d.events[0].x, 34u * 34);  // on, row 0, column 0
  EXPECT_EQ(d.events[1].x, 34u + 33);  // off, row 1, column 33
  EXPECT_EQ(d.events[2].x, 34u * 34 + 31 * 34 + 2);
  EXPECT_EQ(d.events[3].time, 700'001'000);
}

TEST(EventWriter, spikes_of_populations_come_back_from_csv_and_sonata) {
  const TemporaryFolder folder;
  EXPECT_EQ(round_trip(folder, kSpikes, "a.csv").events, test::drain_bytes(kSpikes, "a").events);
  const Drained d = round_trip(folder, kSpikes, "a.h5");  // population by population, by name
  EXPECT_EQ(d.info.populations, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(d.events, (std::vector<AddressEvent>{{2'500'000, 6, 0, 0, true}, {1'000'000, 5, 0, 1, true}, {1, 7, 0, 1, true}}));
  contains(complaint([&] { round_trip(folder, kSpikes, "a.npy"); }), "one population");
  contains(complaint([&] { round_trip(folder, kSpikes, "a.es"); }), "holds pixels");
  contains(complaint([&] { round_trip(folder, kSpikes, "a.xyz"); }), "names no format");
}

TEST(EventWriter, what_a_format_cannot_hold_is_refused_or_counted) {
  const TemporaryFolder folder;
  const std::string head = "time_ms,x,y,polarity\n";
  contains(complaint([&] { round_trip(folder, head + "1,256,0,1\n", "a.bin"); }), "addresses below (256, 240)");
  contains(complaint([&] { round_trip(folder, head + "1,0,240,1\n", "a.bin"); }), "addresses below (256, 240)");
  contains(complaint([&] { round_trip(folder, head + "8388.608,0,0,1\n", "a.bin"); }), "below 8388608 us");
  contains(complaint([&] { round_trip(folder, head + "-1,0,0,1\n", "a.dat"); }), "times from 0");
  contains(complaint([&] { round_trip(folder, head + "2,0,0,1\n1,0,0,1\n", "a.es"); }), "not in the order of time (1 go back)");
  std::map<std::string, std::uint64_t> changed;
  EXPECT_EQ(round_trip(folder, head + "1.0004,0,0,1\n1.0005,0,0,1\n2,0,0,1\n", "a.bin", &changed).events.at(1).time, 1'001'000);
  EXPECT_EQ(changed.at("times rounded to a microsecond"), 2u);
}

TEST(EventWriter, a_full_disk_is_noticed) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "SKIPPED: no /dev/full";
  const auto writer = make_event_writer("/dev/full", EventFormat::kCsv, EventSummary{});
  writer->write({});
  EXPECT_THROW(writer->close(), DeviceError);
  EXPECT_THROW(make_event_writer("/no/such/folder/a.h5", EventFormat::kSonata, EventSummary{}), DeviceError);
}

TEST(Sonata, many_spikes_go_through_in_pieces) {
  const TemporaryFolder folder;
  std::vector<AddressEvent> events;
  for (std::uint32_t i = 0; i < 50'000; ++i) events.push_back({Time{i} * 10'007, i % 977, 0, 0, true});
  for (const SonataLayout layout : {SonataLayout::kPopulations, SonataLayout::kOld}) {
    const auto writer = make_sonata_writer(folder / "a.h5", {"v1"}, layout);
    for (const AddressEvent& e : events) writer->write(e);
    writer->close();
    const Drained d = test::drain(*open_events(folder / "a.h5"), 7);
    EXPECT_EQ(d.events, events);
    EXPECT_EQ(d.info.format, layout == SonataLayout::kOld ? "SONATA spikes, old layout" : "SONATA spikes");
    EXPECT_EQ(d.info.populations.at(0), layout == SonataLayout::kOld ? "" : "v1");
  }
}

TEST(Sonata, the_old_layout_has_no_second_population) {
  const TemporaryFolder folder;
  const auto writer = make_sonata_writer(folder / "a.h5", {"a", "b"}, SonataLayout::kOld);
  EXPECT_THROW(writer->write({0, 0, 0, 1, true}), DescriptionError);
}

/// A file with one population whose members are made by `fill`.
Hdf5Handle made_file(const std::filesystem::path& path, const std::function<void(hid_t)>& fill) {
  Hdf5Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  const Hdf5Handle spikes(H5Gcreate2(file.get(), "/spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  const Hdf5Handle population(H5Gcreate2(spikes.get(), "p", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  fill(population.get());
  return file;
}
void add_series(hid_t at, const char* name, hid_t type, std::vector<double> values) {
  const hsize_t n = values.size();
  const Hdf5Handle space(H5Screate_simple(1, &n, nullptr));
  const Hdf5Handle data(H5Dcreate2(at, name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dwrite(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
}

TEST(Sonata, what_does_not_fit_together_is_refused) {
  const TemporaryFolder folder;
  const auto fault = [&](const std::function<void(hid_t)>& fill) {
    made_file(folder / "a.h5", fill);
    return test::complaint([&] {
      const auto reader = open_events(folder / "a.h5");
      std::vector<AddressEvent> out(10);
      while (reader->read(out) > 0) {
      }
    });
  };
  contains(fault([](hid_t p) { add_series(p, "timestamps", H5T_IEEE_F64LE, {1}); }), "/spikes/p/node_ids is missing");
  contains(fault([](hid_t p) {
             add_series(p, "timestamps", H5T_IEEE_F64LE, {1, 2});
             add_series(p, "node_ids", H5T_STD_U64LE, {1});
           }),
           "has 2 timestamps and 1 node_ids");
  contains(fault([](hid_t p) {
             add_series(p, "timestamps", H5T_IEEE_F64LE, {1, NAN});
             add_series(p, "node_ids", H5T_STD_U64LE, {1, 2});
           }),
           "spike 1 of /spikes/p is at nan ms");
  contains(fault([](hid_t p) {
             add_series(p, "timestamps", H5T_IEEE_F64LE, {1});
             add_series(p, "node_ids", H5T_IEEE_F64LE, {1});
           }),
           "is not made of whole numbers");
}

TEST(Sonata, values_that_are_declared_and_not_stored_are_not_made_up) {
  const TemporaryFolder folder;
  made_file(folder / "a.h5", [](hid_t p) {
    for (const auto& [name, type] : {std::pair{"timestamps", H5T_IEEE_F64LE}, std::pair{"node_ids", H5T_STD_U64LE}}) {
      const hsize_t n = 1'000'000'000'000, chunk = 1024;
      const Hdf5Handle space(H5Screate_simple(1, &n, nullptr)), properties(H5Pcreate(H5P_DATASET_CREATE));
      H5Pset_chunk(properties.get(), 1, &chunk);
      const Hdf5Handle data(H5Dcreate2(p, name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT));
    }
  });
  contains(complaint([&] { open_events(folder / "a.h5"); }), "says that it has 1000000000000 values, and holds 0");
}

TEST(Sonata, times_in_seconds_are_read_as_such) {
  const TemporaryFolder folder;
  made_file(folder / "a.h5", [](hid_t p) {
    add_series(p, "timestamps", H5T_IEEE_F32LE, {0.5});
    add_series(p, "node_ids", H5T_STD_I32LE, {3});
    const Hdf5Handle times(H5Dopen2(p, "timestamps", H5P_DEFAULT)), type(H5Tcopy(H5T_C_S1)), one(H5Screate(H5S_SCALAR));
    H5Tset_size(type.get(), 7);
    const Hdf5Handle units(H5Acreate2(times.get(), "units", type.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT));
    H5Awrite(units.get(), type.get(), "seconds");
  });
  EXPECT_EQ(test::drain(*open_events(folder / "a.h5")).events, (std::vector<AddressEvent>{{500 * kMillisecond, 3, 0, 0, true}}));
}

TEST(Sonata, a_cut_file_is_told) {
  const TemporaryFolder folder;
  const auto writer = make_sonata_writer(folder / "a.h5", {"v1"}, SonataLayout::kPopulations);
  writer->close();
  const std::string bytes = read_file(folder / "a.h5", 1 << 20);
  contains(complaint([&] { open_events(folder.write("b.h5", bytes.substr(0, bytes.size() - 100))); }), "is cut");
}

/// Reads a number series back.
std::vector<double> series(const Hdf5Handle& file, const char* path) {
  const Hdf5Handle data(H5Dopen2(file.get(), path, H5P_DEFAULT)), space(H5Dget_space(data.get()));
  std::vector<double> values(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get())));
  H5Dread(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  return values;
}

TEST(Nwb, units_are_the_neurons_that_spiked_with_the_end_of_each_in_the_index) {
  const TemporaryFolder folder;
  const auto from = folder.write("from.csv", "time_ms,population,neuron\n2000,b,5\n1,a,9\n1000,b,5\n3,b,2\n");
  const auto writer = make_event_writer(folder / "a.nwb", EventFormat::kNwb, summarise(*open_events(from)));
  for (const AddressEvent& e : test::drain(*open_events(from)).events) writer->write(e);
  writer->close();
  const Hdf5Handle file(H5Fopen((folder / "a.nwb").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  EXPECT_EQ(series(file, "/units/spike_times"), (std::vector<double>{0.003, 1, 2, 0.001}));
  EXPECT_EQ(series(file, "/units/spike_times_index"), (std::vector<double>{1, 3, 4}));
  EXPECT_EQ(series(file, "/units/neuron"), (std::vector<double>{2, 5, 9}));
  EXPECT_EQ(series(file, "/units/id"), (std::vector<double>{0, 1, 2}));
  for (const char* object : {"/", "/units", "/units/id", "/units/spike_times", "/units/spike_times_index", "/units/population"})
    for (const char* attribute : {"neurodata_type", "namespace", "object_id"})
      EXPECT_GT(H5Aexists_by_name(file.get(), object, attribute, H5P_DEFAULT), 0) << object << " " << attribute;
  EXPECT_GT(H5Aexists_by_name(file.get(), "/units/spike_times_index", "target", H5P_DEFAULT), 0);
}

}  // namespace
}  // namespace spikeloop::io
