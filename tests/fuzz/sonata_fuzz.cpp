// SPDX-License-Identifier: Apache-2.0
#include "core/io/sonata.hpp"

#include <algorithm>
#include <vector>

#include "tests/fuzz/events_fuzz.hpp"

namespace {

using spikeloop::io::Hdf5Handle;

/// The bytes as decisions about what is in the file; zeros behind their end.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  std::uint64_t word() {
    std::uint64_t w = 0;
    for (int i = 0; i < 8; ++i) w = w << 8 | next();
    return w;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

/// Up to 255 values of any type and rank, stored in any way; sometimes more is declared than stored.
std::size_t add_series(hid_t at, const char* name, Bytes& in) {
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_STD_U64LE, H5T_IEEE_F32LE, H5T_STD_I32BE, H5T_STD_U8LE, H5T_C_S1};
  const std::uint8_t kind = in.next(), way = in.next(), count = in.next();
  const hsize_t dims[2] = {count, 2}, most[2] = {H5S_UNLIMITED, 2}, chunk[2] = {hsize_t{1} << (way % 32), 1};
  const int rank = kind / 64 == 3 ? kind / 8 % 3 : 1;
  const Hdf5Handle space(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, way & 32 ? most : nullptr));
  const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE));
  if (rank > 0 && (way & 32) != 0) H5Pset_chunk(properties.get(), rank, chunk);
  const Hdf5Handle data(H5Dcreate2(at, name, types[kind % 8 % 6], space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT));
  if (!data || rank != 1) return 0;
  std::vector<std::uint64_t> values(count);
  std::generate(values.begin(), values.end(), [&] { return in.word(); });
  const hid_t memory = kind % 8 % 6 == 0 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT64;
  if ((way & 64) == 0 && chunk[0] < 1u << 20)
    H5Dwrite(data.get(), memory, H5S_ALL, H5S_ALL, spikeloop::io::transfer_of(0).get(), values.data());
  if ((way & 160) == 160) {
    const hsize_t larger = hsize_t{1} << (count % 50);
    H5Dset_extent(data.get(), &larger);
  }
  return count;
}

void add_units(hid_t at, Bytes& in) {
  const std::uint8_t kind = in.next();
  if (kind == 0 || H5Lexists(at, "timestamps", H5P_DEFAULT) <= 0) return;
  const char* names[] = {"ms", "seconds", "milliseconds", "furlongs"};
  const Hdf5Handle data(H5Dopen2(at, "timestamps", H5P_DEFAULT)), one(H5Screate(H5S_SCALAR));
  if (!data) return;
  const Hdf5Handle type(H5Tcopy(kind & 64 ? H5T_STD_U8LE : H5T_C_S1));
  if ((kind & 64) == 0) H5Tset_size(type.get(), kind & 4 ? H5T_VARIABLE : kind);
  const Hdf5Handle attribute(H5Acreate2(data.get(), "units", type.get(), one.get(), H5P_DEFAULT, H5P_DEFAULT));
  std::vector<char> fixed(256, static_cast<char>(kind));
  if (kind & 4)
    H5Awrite(attribute.get(), type.get(), &names[kind % 4]);
  else
    H5Awrite(attribute.get(), type.get(), fixed.data());
}

}  // namespace

/// A valid container with content that the bytes decide: the library is not what is tried here. No more spikes than values were written.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  const QuietHdf5 quiet;
  Bytes in(data, size);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fapl_core(access.get(), 1 << 16, 0);
  Hdf5Handle file(H5Fcreate("fuzz", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()));
  std::size_t values = 0;
  const std::uint8_t populations = in.next();
  if (populations != 255) {
    const Hdf5Handle spikes(H5Gcreate2(file.get(), "/spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    for (int i = 0; i < populations % 4; ++i) {
      const char name[] = {static_cast<char>('a' + i), 0};
      const Hdf5Handle group(populations & 64 ? H5Gopen2(file.get(), "/spikes", H5P_DEFAULT)
                                              : H5Gcreate2(spikes.get(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      const std::uint8_t members = in.next();
      if ((members & 1) == 0) values += add_series(group.get(), "timestamps", in);
      if ((members & 2) == 0) add_series(group.get(), members & 4 ? "gids" : "node_ids", in);
      add_units(group.get(), in);
    }
  }
  fuzz::drain(std::max<std::size_t>(values, std::size_t{1} << 20), [&] { return open_sonata(std::move(file), "fuzz"); });
  return 0;
}
