// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/io/lines.hpp"
#include "core/io/sonata.hpp"

namespace spikeloop::io {
namespace {

constexpr hsize_t kChunk = 4096;  // spikes a write
constexpr std::uint32_t kMagic = 0x0A7A;

/// Where the spikes of a population go.
struct Part {
  Hdf5Handle group, times, nodes;
  std::vector<double> new_times;  ///< ms
  std::vector<std::uint64_t> new_nodes;
  hsize_t size = 0;  ///< on the disk
  Time last = INT64_MIN;
  bool by_time = true;
};

class SonataWriter final : public EventWriter {
 public:
  SonataWriter(const std::filesystem::path& path, std::vector<std::string> populations, SonataLayout layout)
      : path_(path.string()), layout_(layout) {
    const QuietHdf5 quiet;
    file_ = Hdf5Handle(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    if (!file_)
      throw DeviceError(fmt::format("{}: cannot be written (check that the folder exists, may be written to and has room)", path_));
    write_magic();
    const Hdf5Handle spikes(checked(H5Gcreate2(file_.get(), "/spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    if (populations.empty()) populations.emplace_back("spikes");
    if (layout_ == SonataLayout::kOld) populations.resize(1);
    for (const std::string& population : populations) {
      Part& part = parts_.emplace_back();
      part.group = Hdf5Handle(layout_ == SonataLayout::kOld ? checked(H5Gopen2(file_.get(), "/spikes", H5P_DEFAULT))
                                                            : make_group(spikes.get(), population));
      part.times = make_series(part.group.get(), "timestamps", H5T_IEEE_F64LE);
      part.nodes = make_series(part.group.get(), layout_ == SonataLayout::kOld ? "gids" : "node_ids", H5T_STD_U64LE);
      write_units(part.times.get());
    }
  }

  void write(const AddressEvent& event) override {
    if (event.population >= parts_.size())
      throw DescriptionError(fmt::format(
          "{}: the old layout of SONATA spikes has no populations, and the recording has several (leave the old layout out)", path_));
    Part& part = parts_[event.population];
    part.by_time &= event.time >= part.last;
    part.last = event.time;
    part.new_times.push_back(to_ms(event.time));
    part.new_nodes.push_back(event.x);
    if (part.new_times.size() == kChunk) flush(part);
  }

  void close() override {
    const QuietHdf5 quiet;
    for (Part& part : parts_) {
      flush(part);
      write_sorting(part);
    }
    parts_.clear();
    if (H5Fflush(file_.get(), H5F_SCOPE_GLOBAL) < 0) throw_full();
    file_ = Hdf5Handle();
  }

 private:
  [[noreturn]] void throw_full() const { throw DeviceError(fmt::format("{}: writing failed (is the disk full?)", path_)); }
  hid_t checked(hid_t id) const {
    if (id < 0) throw_full();
    return id;
  }

  hid_t make_group(hid_t spikes, const std::string& name) const {
    const std::string link = name.empty() ? "spikes" : name;
    if (link.find('/') != std::string::npos || link.find('\0') != std::string::npos || link == ".")
      throw DescriptionError(
          fmt::format("{}: the population {} cannot be a group of HDF5 (rename it: no slashes)", path_, in_quotes(name)));
    const hid_t group = H5Gcreate2(spikes, link.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    return checked(group);
  }

  Hdf5Handle make_series(hid_t group, const char* name, hid_t type) const {
    const hsize_t none = 0, most = H5S_UNLIMITED, chunk = kChunk;
    const Hdf5Handle space(H5Screate_simple(1, &none, &most)), properties(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(properties.get(), 1, &chunk);
    H5Pset_shuffle(properties.get());
    H5Pset_deflate(properties.get(), 4);
    return Hdf5Handle(checked(H5Dcreate2(group, name, type, space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT)));
  }

  void write_magic() const {
    const hsize_t two = 2;
    const std::array<std::uint32_t, 2> version = {0, 1};
    const Hdf5Handle one(H5Screate(H5S_SCALAR)), pair(H5Screate_simple(1, &two, nullptr));
    const Hdf5Handle magic(checked(H5Acreate2(file_.get(), "magic", H5T_STD_U32LE, one.get(), H5P_DEFAULT, H5P_DEFAULT)));
    const Hdf5Handle number(checked(H5Acreate2(file_.get(), "version", H5T_STD_U32LE, pair.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Awrite(magic.get(), H5T_NATIVE_UINT32, &kMagic) < 0 || H5Awrite(number.get(), H5T_NATIVE_UINT32, version.data()) < 0)
      throw_full();
  }

  void write_units(hid_t times) const {
    const char* text = "milliseconds";
    const Hdf5Handle type(H5Tcopy(H5T_C_S1)), one(H5Screate(H5S_SCALAR));
    H5Tset_size(type.get(), H5T_VARIABLE);
    const Hdf5Handle units(checked(H5Acreate2(times, "units", type.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Awrite(units.get(), type.get(), &text) < 0) throw_full();
  }

  /// The attribute is an enumeration: none 0, by_id 1, by_time 2.
  void write_sorting(const Part& part) const {
    const Hdf5Handle type(H5Tenum_create(H5T_STD_U8LE)), one(H5Screate(H5S_SCALAR));
    std::uint8_t value = 0;
    for (const char* name : {"none", "by_id", "by_time"}) {
      H5Tenum_insert(type.get(), name, &value);
      ++value;
    }
    value = part.by_time ? 2 : 0;
    const Hdf5Handle sorting(checked(H5Acreate2(part.group.get(), "sorting", type.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Awrite(sorting.get(), type.get(), &value) < 0) throw_full();
  }

  void flush(Part& part) const {
    const hsize_t n = part.new_times.size(), size = part.size + n;
    if (n == 0) return;
    const Hdf5Handle memory(H5Screate_simple(1, &n, nullptr));
    const auto append = [&](hid_t data, hid_t type, const void* values) {
      if (H5Dset_extent(data, &size) < 0) throw_full();
      const Hdf5Handle space(H5Dget_space(data));
      if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &part.size, nullptr, &n, nullptr) < 0 ||
          H5Dwrite(data, type, memory.get(), space.get(), H5P_DEFAULT, values) < 0)
        throw_full();
    };
    append(part.times.get(), H5T_NATIVE_DOUBLE, part.new_times.data());
    append(part.nodes.get(), H5T_NATIVE_UINT64, part.new_nodes.data());
    part.size = size;
    part.new_times.clear();
    part.new_nodes.clear();
  }

  std::string path_;
  SonataLayout layout_;
  Hdf5Handle file_;  // before the parts: what lies in it goes first
  std::vector<Part> parts_;
};

}  // namespace

std::unique_ptr<EventWriter> make_sonata_writer(const std::filesystem::path& path, std::vector<std::string> populations,
                                                SonataLayout layout) {
  return std::make_unique<SonataWriter>(path, std::move(populations), layout);
}

}  // namespace spikeloop::io
