// SPDX-License-Identifier: Apache-2.0
#include "core/io/nwb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <tuple>
#include <utility>

#include "core/io/files.hpp"
#include "core/io/hdf5_handle.hpp"

namespace spikeloop::io {
namespace {

constexpr const char* kUnknownStart = "1970-01-01T00:00:00+00:00";

/// The file with what every NWB file has. All throw DeviceError.
class NwbFile {
 public:
  explicit NwbFile(const std::string& path) : path_(path), file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
    if (!file_)
      throw DeviceError(fmt::format("{}: cannot be written (check that the folder exists, may be written to and has room)", path_));
    string_type_ = Hdf5Handle(H5Tcopy(H5T_C_S1));
    H5Tset_size(string_type_.get(), H5T_VARIABLE);
    H5Tset_cset(string_type_.get(), H5T_CSET_UTF8);
  }

  hid_t root() const { return file_.get(); }
  [[noreturn]] void fail() const { throw DeviceError(fmt::format("{}: writing failed (is the disk full?)", path_)); }
  hid_t checked(hid_t id) const {
    if (id < 0) fail();
    return id;
  }

  Hdf5Handle group(const char* name) const { return Hdf5Handle(checked(H5Gcreate2(root(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT))); }

  void attribute(hid_t at, const char* name, const std::string& text) const {
    const Hdf5Handle one(H5Screate(H5S_SCALAR));
    const char* value = text.c_str();
    const Hdf5Handle a(checked(H5Acreate2(at, name, string_type_.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Awrite(a.get(), string_type_.get(), &value) < 0) fail();
  }
  void attribute(hid_t at, const char* name, const std::vector<const char*>& texts) const {
    const hsize_t n = texts.size();
    const Hdf5Handle space(H5Screate_simple(1, &n, nullptr));
    const Hdf5Handle a(checked(H5Acreate2(at, name, string_type_.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Awrite(a.get(), string_type_.get(), texts.data()) < 0) fail();
  }
  /// What makes a group or dataset an object of the schema. The identity has the form of a UUID, made from the place in the file.
  void object(hid_t at, const char* place, const char* type, const char* space) const {
    const std::string hex = sha256_hex(place);
    attribute(at, "neurodata_type", std::string(type));
    attribute(at, "namespace", std::string(space));
    attribute(
        at, "object_id",
        fmt::format("{}-{}-5{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3), hex.substr(17, 3), hex.substr(20, 12)));
  }
  void text(const char* place, const std::string& value) const {
    const Hdf5Handle one(H5Screate(H5S_SCALAR));
    write(Hdf5Handle(H5Dcreate2(root(), place, string_type_.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)), string_type_.get(),
          value.c_str());
  }
  Hdf5Handle series(const char* place, hid_t type, hid_t memory_type, hsize_t n, const void* values) const {
    const Hdf5Handle space(H5Screate_simple(1, &n, nullptr));
    Hdf5Handle data(checked(H5Dcreate2(root(), place, type, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)));
    if (n > 0 && H5Dwrite(data.get(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) fail();
    return data;
  }
  Hdf5Handle texts(const char* place, const std::vector<const char*>& values) const {
    return series(place, string_type_.get(), string_type_.get(), values.size(), values.data());
  }
  /// A column of the table of units.
  void column(const Hdf5Handle& data, const char* place, const char* type, const char* description) const {
    object(data.get(), place, type, "hdmf-common");
    attribute(data.get(), "description", std::string(description));
  }
  void flush() const {
    if (H5Fflush(root(), H5F_SCOPE_GLOBAL) < 0) fail();
  }

 private:
  void write(const Hdf5Handle& data, hid_t type, const char* value) const {
    if (!data || H5Dwrite(data.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0) fail();
  }

  std::string path_;
  Hdf5Handle file_, string_type_;
};

class NwbWriter final : public EventWriter {
 public:
  NwbWriter(const std::filesystem::path& path, std::vector<std::string> populations)
      : path_(path.string()), populations_(std::move(populations)) {
    if (populations_.empty()) populations_.emplace_back("");
  }

  void write(const AddressEvent& event) override {
    if (spikes_.size() == kMostNwbSpikes)
      throw DescriptionError(
          fmt::format("{}: more than {} spikes cannot be sorted by unit in memory (write SONATA, .h5)", path_, kMostNwbSpikes));
    spikes_.push_back({event.time, event.population, event.x});
  }

  void close() override {
    const QuietHdf5 quiet;
    std::sort(spikes_.begin(), spikes_.end(), [](const Spike& a, const Spike& b) {
      return std::tie(a.population, a.neuron, a.time) < std::tie(b.population, b.neuron, b.time);
    });
    const NwbFile file(path_);
    write_frame(file);
    write_units(file);
    file.flush();
    spikes_.clear();
  }

 private:
  struct Spike {
    Time time;
    std::uint32_t population, neuron;
  };

  void write_frame(const NwbFile& file) const {
    file.object(file.root(), "/", "NWBFile", "core");
    file.attribute(file.root(), "nwb_version", std::string("2.6.0"));
    for (const char* name :
         {"/acquisition", "/analysis", "/general", "/processing", "/stimulus", "/stimulus/presentation", "/stimulus/templates"})
      file.group(name);
    file.text("/identifier", sha256_hex(path_ + fmt::format("{}", spikes_.size())));
    file.text("/session_description",
              "Spikes converted by spikeloop. Times count from the start of the recording, whose date is not known.");
    file.text("/session_start_time", kUnknownStart);
    file.text("/timestamps_reference_time", kUnknownStart);
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    const std::string date = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                                         utc.tm_hour, utc.tm_min, utc.tm_sec);
    file.texts("/file_create_date", {date.c_str()});
  }

  void write_units(const NwbFile& file) const {
    std::vector<double> times;
    std::vector<std::int64_t> ids, neurons;
    std::vector<std::uint64_t> ends;
    std::vector<const char*> names;
    times.reserve(spikes_.size());
    for (std::size_t i = 0; i < spikes_.size(); ++i) {
      const Spike& s = spikes_[i];
      if (i == 0 || s.population != spikes_[i - 1].population || s.neuron != spikes_[i - 1].neuron) {
        ids.push_back(static_cast<std::int64_t>(ids.size()));
        neurons.push_back(s.neuron);
        names.push_back(populations_.at(s.population).c_str());
        ends.push_back(0);
      }
      times.push_back(static_cast<double>(s.time) / 1e9);
      ends.back() = times.size();
    }
    const Hdf5Handle units = file.group("/units");
    file.object(units.get(), "/units", "Units", "core");
    file.attribute(units.get(), "description", std::string("one unit a neuron that spiked"));
    file.attribute(units.get(), "colnames", std::vector<const char*>{"spike_times", "population", "neuron"});
    const hsize_t n = ids.size();
    file.object(file.series("/units/id", H5T_STD_I64LE, H5T_NATIVE_INT64, n, ids.data()).get(), "/units/id", "ElementIdentifiers",
                "hdmf-common");
    const Hdf5Handle data = file.series("/units/spike_times", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, times.size(), times.data());
    file.column(data, "/units/spike_times", "VectorData", "the spike times of each unit in seconds");
    const Hdf5Handle index = file.series("/units/spike_times_index", H5T_STD_U64LE, H5T_NATIVE_UINT64, n, ends.data());
    file.column(index, "/units/spike_times_index", "VectorIndex", "the end of each unit in spike_times");
    hobj_ref_t reference{};
    const Hdf5Handle one(H5Screate(H5S_SCALAR));
    const Hdf5Handle target(file.checked(H5Acreate2(index.get(), "target", H5T_STD_REF_OBJ, one.get(), H5P_DEFAULT, H5P_DEFAULT)));
    if (H5Rcreate(&reference, file.root(), "/units/spike_times", H5R_OBJECT, -1) < 0 ||
        H5Awrite(target.get(), H5T_STD_REF_OBJ, &reference) < 0)
      file.fail();
    file.column(file.texts("/units/population", names), "/units/population", "VectorData", "the population of the neuron");
    file.column(file.series("/units/neuron", H5T_STD_I64LE, H5T_NATIVE_INT64, n, neurons.data()), "/units/neuron", "VectorData",
                "the number of the neuron in its population, from 0");
  }

  std::string path_;
  std::vector<std::string> populations_;
  std::vector<Spike> spikes_;
};

}  // namespace

std::unique_ptr<EventWriter> make_nwb_writer(const std::filesystem::path& path, std::vector<std::string> populations) {
  return std::make_unique<NwbWriter>(path, std::move(populations));
}

}  // namespace spikeloop::io
