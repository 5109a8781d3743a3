// SPDX-License-Identifier: Apache-2.0
#include "core/io/sonata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr hsize_t kChunk = 16384;                                // spikes that are in memory at a time
constexpr std::size_t kMostStorageChunk = std::size_t{1} << 26;  // bytes of a chunk on the disk, which the library unpacks as one
constexpr std::size_t kMostPopulations = 65536, kMostUnitName = 64;

[[noreturn]] void fail(const std::string& name, std::string what, std::string suggestion) {
  throw DescriptionError({Diagnostic{"", std::move(what), std::move(suggestion), name, 0, 0}});
}

bool has_link(hid_t at, const char* name) { return H5Lexists(at, name, H5P_DEFAULT) > 0; }

/// A one-dimensional dataset that may be read piece by piece.
struct Series {
  Hdf5Handle data;
  hsize_t size = 0;
};

/// Refuses chunks that the library would unpack into too much memory, and values that are declared but not there, which it would make up.
void check_storage(const Series& series, hid_t made, const std::string& path, const std::string& name) {
  hsize_t chunk = 0, stored = series.size;
  if (H5Pget_layout(made) == H5D_CHUNKED) {
    hsize_t chunks = 0;
    const Hdf5Handle space(H5Dget_space(series.data.get()));
    if (H5Pget_chunk(made, 1, &chunk) != 1 || H5Dget_num_chunks(series.data.get(), space.get(), &chunks) < 0) chunk = 0;
    if (chunk > kMostStorageChunk / 8)
      fail(name, fmt::format("{} is stored in chunks of {} values; the most is {}", path, chunk, kMostStorageChunk / 8),
           "write smaller chunks");
    stored = chunk * std::min(chunks, series.size);
  } else if (H5Dget_storage_size(series.data.get()) == 0) {
    stored = 0;
  }
  if (stored < series.size)
    fail(name, fmt::format("{} says that it has {} values, and holds {}", path, series.size, stored),
         "the file was not written completely: get it again");
}

Series open_series(hid_t group, const std::string& place, const char* dataset, H5T_class_t wanted, const std::string& name) {
  const std::string path = place + "/" + dataset;
  Series series{Hdf5Handle(H5Dopen2(group, dataset, H5P_DEFAULT)), 0};
  if (!series.data) fail(name, fmt::format("{} is missing, or no dataset", path), "write the spikes as SONATA wants them");
  const Hdf5Handle space(H5Dget_space(series.data.get())), type(H5Dget_type(series.data.get())),
      made(H5Dget_create_plist(series.data.get()));
  if (H5Sget_simple_extent_ndims(space.get()) != 1) fail(name, fmt::format("{} has not one dimension", path), "write one value a spike");
  const H5T_class_t kind = H5Tget_class(type.get());
  if (kind != wanted && !(wanted == H5T_FLOAT && kind == H5T_INTEGER))
    fail(name, fmt::format("{} is not made of {}", path, wanted == H5T_FLOAT ? "numbers" : "whole numbers"),
         "write timestamps as float64, nodes as uint64");
  H5Sget_simple_extent_dims(space.get(), &series.size, nullptr);
  check_storage(series, made.get(), path, name);
  return series;
}

/// ns of one unit of the timestamps.
double unit_of(hid_t timestamps, const std::string& place, const std::string& name) {
  if (H5Aexists(timestamps, "units") <= 0) return 1e6;
  const Hdf5Handle attribute(H5Aopen(timestamps, "units", H5P_DEFAULT)), type(H5Aget_type(attribute.get())),
      space(H5Aget_space(attribute.get()));
  std::string text;
  if (H5Tget_class(type.get()) == H5T_STRING && H5Sget_simple_extent_npoints(space.get()) == 1) {
    if (H5Tis_variable_str(type.get()) > 0) {
      char* value = nullptr;
      if (H5Aread(attribute.get(), type.get(), &value) >= 0 && value != nullptr) {
        text = std::string(value).substr(0, kMostUnitName);
        H5free_memory(value);
      }
    } else if (const std::size_t size = H5Tget_size(type.get()); size <= kMostUnitName) {
      text.resize(size);
      if (H5Aread(attribute.get(), type.get(), text.data()) < 0) text.clear();
      text = text.substr(0, text.find('\0'));
    }
  }
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"milliseconds", 1e6}, {"millisecond", 1e6},  {"ms", 1e6}, {"seconds", 1e9},  {"second", 1e9}, {"s", 1e9},
      {"us", 1e3},           {"microseconds", 1e3}, {"ns", 1},   {"nanoseconds", 1}};
  for (const auto& [unit, ns] : kUnits)
    if (text == unit) return ns;
  fail(name, fmt::format("{}/timestamps has the unit {}", place, in_quotes(text)), "write milliseconds or seconds");
}

/// The spikes of one population.
struct Spikes {
  std::string place;  ///< "/spikes/cortex"
  Series times, nodes;
  double unit = 1e6;
};

Spikes open_spikes(hid_t group, const std::string& place, const char* nodes, const std::string& name) {
  Spikes s{place, open_series(group, place, "timestamps", H5T_FLOAT, name), open_series(group, place, nodes, H5T_INTEGER, name)};
  if (s.times.size != s.nodes.size)
    fail(name, fmt::format("{} has {} timestamps and {} {}", place, s.times.size, s.nodes.size, nodes), "write one of each a spike");
  s.unit = unit_of(s.times.data.get(), place, name);
  return s;
}

class SonataReader final : public EventReader {
 public:
  SonataReader(Hdf5Handle file, std::string name) : file_(std::move(file)), name_(std::move(name)) {
    const QuietHdf5 quiet;
    info_.addresses = Addresses::kNeurons;
    const Hdf5Handle spikes(H5Gopen2(file_.get(), "/spikes", H5P_DEFAULT));
    if (!spikes) fail(name_, "has no group /spikes", "name a file of SONATA spikes");
    if (has_link(spikes.get(), "timestamps")) {
      info_.format = "SONATA spikes, old layout";
      info_.populations = {""};
      parts_.push_back(open_spikes(spikes.get(), "/spikes", has_link(spikes.get(), "gids") ? "gids" : "node_ids", name_));
      return;
    }
    info_.format = "SONATA spikes";
    for (const std::string& population : groups_of(spikes.get())) {
      const Hdf5Handle group(H5Gopen2(spikes.get(), population.c_str(), H5P_DEFAULT));
      if (!group) fail(name_, fmt::format("/spikes/{} is no group", population), "write a group for each population");
      parts_.push_back(open_spikes(group.get(), "/spikes/" + population, "node_ids", name_));
      info_.populations.push_back(population);
    }
  }

 private:
  std::vector<std::string> groups_of(hid_t spikes) const {
    std::vector<std::string> names;
    const auto collect = [](hid_t, const char* link, const H5L_info_t*, void* all) -> herr_t {
      auto& list = *static_cast<std::vector<std::string>*>(all);
      if (list.size() == kMostPopulations) return -1;
      list.emplace_back(link);
      return 0;
    };
    if (H5Literate(spikes, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect, &names) < 0)
      fail(name_, fmt::format("the populations of /spikes cannot be listed, or are more than {}", kMostPopulations), "write fewer");
    std::sort(names.begin(), names.end());
    return names;
  }

  bool next(AddressEvent& event) override {
    while (used_ == times_.size()) {
      if (part_ == parts_.size()) return false;
      read_chunk();
    }
    const double ns = times_[used_] * parts_[part_].unit;
    const std::uint64_t node = nodes_[used_], number = done_ - times_.size() + used_;
    if (!(std::abs(ns) < 9e18) || node >= UINT32_MAX)
      fail(name_, fmt::format("spike {} of {} is at {} ms of node {}", number, parts_[part_].place, ns * 1e-6, node),
           "the file is damaged: get it again");
    event = {static_cast<Time>(std::llround(ns)), static_cast<std::uint32_t>(node), 0, static_cast<std::uint32_t>(part_), true};
    ++used_;
    if (used_ == times_.size() && done_ == parts_[part_].times.size) start_part(part_ + 1);
    return true;
  }

  void start_part(std::size_t part) {
    part_ = part;
    done_ = 0;
    used_ = 0;
    times_.clear();
    nodes_.clear();
  }

  void read_chunk() {
    const Spikes& s = parts_[part_];
    const hsize_t n = std::min(kChunk, s.times.size - done_);
    if (n == 0) return start_part(part_ + 1);
    times_.resize(n);
    nodes_.resize(n);
    if (!read_piece(s.times.data.get(), H5T_NATIVE_DOUBLE, n, times_.data()) ||
        !read_piece(s.nodes.data.get(), H5T_NATIVE_UINT64, n, nodes_.data())) {
      times_.clear();
      nodes_.clear();
      used_ = 0;
      fail(name_, fmt::format("spikes {} to {} of {} cannot be read", done_, done_ + n - 1, s.place),
           "the file is damaged, or packed by a filter that is not installed");
    }
    used_ = 0;
    done_ += n;
  }

  bool read_piece(hid_t data, hid_t type, hsize_t n, void* out) const {
    const QuietHdf5 quiet;
    const Hdf5Handle space(H5Dget_space(data)), memory(H5Screate_simple(1, &n, nullptr));
    return H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &done_, nullptr, &n, nullptr) >= 0 &&
           H5Dread(data, type, memory.get(), space.get(), transfer_of(n * 2 * sizeof(double)).get(), out) >= 0;
  }

  Hdf5Handle file_;
  std::string name_;
  std::vector<Spikes> parts_;
  std::size_t part_ = 0;
  hsize_t done_ = 0;  ///< spikes of the part that have been read
  std::size_t used_ = 0;
  std::vector<double> times_;
  std::vector<std::uint64_t> nodes_;
};

Hdf5Handle open_file(const std::filesystem::path& path) {
  const QuietHdf5 quiet;
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!file) fail(path.string(), "is no HDF5 file, or one that is cut", "the file was not copied completely: get it again");
  return file;
}

}  // namespace

bool is_sonata(const std::filesystem::path& path) { return has_link(open_file(path).get(), "spikes"); }

std::unique_ptr<EventReader> open_sonata(const std::filesystem::path& path) { return open_sonata(open_file(path), path.string()); }

std::unique_ptr<EventReader> open_sonata(Hdf5Handle file, const std::string& name) {
  return std::make_unique<SonataReader>(std::move(file), name);
}

}  // namespace spikeloop::io
