// SPDX-License-Identifier: Apache-2.0
#include "core/io/nir_array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "core/errors.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

using nir::Array;
using nir::Stored;

constexpr std::uint64_t kMostChunkBytes = std::uint64_t{1} << 26;  // of a chunk on the disk, which the library unpacks as one
constexpr std::size_t kMostText = 1 << 16;
constexpr H5Z_filter_t kLzf = 32000, kBlosc = 32001, kZstd = 32015;

/// Where a dataset stands, for errors.
struct Place {
  const std::string& name;
  const std::string& path;
  [[noreturn]] void fail(std::string what, std::string suggestion) const { fail_nir(name, path, std::move(what), std::move(suggestion)); }
};

std::string filter_name(H5Z_filter_t filter) {
  if (filter == kLzf) return "lzf, which is h5py's own";
  if (filter == kBlosc) return "Blosc";
  if (filter == kZstd) return "Zstandard";
  if (filter == H5Z_FILTER_SZIP) return "szip";
  return fmt::format("the HDF5 filter {}", static_cast<int>(filter));
}

void check_filters(hid_t made, const Place& at) {
  for (int i = 0; i < H5Pget_nfilters(made); ++i) {
    unsigned flags = 0, config = 0;
    std::size_t n = 0;
    char text[1] = {};
    const H5Z_filter_t filter = H5Pget_filter2(made, static_cast<unsigned>(i), &flags, &n, nullptr, sizeof text, text, &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0)
      at.fail("is packed by " + filter_name(filter) + ", and cannot be unpacked here", "write it with compression=\"gzip\", or with none");
  }
}

/// Refuses chunks that would be unpacked into too much memory, and values that are declared but not there, which the library would make up.
void check_storage(hid_t data, std::uint64_t values, std::size_t value_bytes, const Place& at) {
  const Hdf5Handle made(H5Dget_create_plist(data));
  check_filters(made.get(), at);
  const H5D_layout_t layout = H5Pget_layout(made.get());
  if (layout == H5D_VIRTUAL || H5Pget_external_count(made.get()) > 0) at.fail("lies in another file", "write everything into one file");
  std::uint64_t stored = values;
  if (layout == H5D_CHUNKED) {
    std::array<hsize_t, H5S_MAX_RANK> chunk{};
    const int rank = H5Pget_chunk(made.get(), H5S_MAX_RANK, chunk.data());
    std::uint64_t size = 1;
    for (int i = 0; i < rank; ++i)
      size = std::min(kMostChunkBytes + 1, size * std::min<std::uint64_t>(chunk[static_cast<std::size_t>(i)], kMostChunkBytes + 1));
    if (rank < 0 || size * value_bytes > kMostChunkBytes)
      at.fail(fmt::format("is stored in chunks of more than {} bytes", kMostChunkBytes), "write smaller chunks");
    hsize_t chunks = 0;
    const Hdf5Handle space(H5Dget_space(data));
    if (H5Dget_num_chunks(data, space.get(), &chunks) < 0) chunks = 0;
    stored = size * std::min<std::uint64_t>(chunks, values);
  } else if (H5Dget_storage_size(data) == 0) {
    stored = 0;
  }
  if (stored < values)
    at.fail(fmt::format("says that it has {} values, and holds {}", values, stored), "the file was not written completely: get it again");
}

std::optional<Stored> integer_of(hid_t type) {
  const bool has_sign = H5Tget_sign(type) != H5T_SGN_NONE;
  switch (H5Tget_size(type)) {
    case 1:
      return has_sign ? Stored::kInt8 : Stored::kUint8;
    case 2:
      return has_sign ? Stored::kInt16 : Stored::kUint16;
    case 4:
      return has_sign ? Stored::kInt32 : Stored::kUint32;
    case 8:
      return has_sign ? Stored::kInt64 : Stored::kUint64;
    default:
      return {};
  }
}

/// How the dataset lies there; nothing if it is of no type that a graph can have.
std::optional<Stored> stored_as(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      return Stored::kString;
    case H5T_INTEGER:
      return integer_of(type);
    case H5T_ENUM:
      return H5Tget_size(type) == 1 ? std::optional(Stored::kBool) : std::nullopt;
    case H5T_FLOAT:
      switch (H5Tget_size(type)) {
        case 2:
          return Stored::kFloat16;
        case 4:
          return Stored::kFloat32;
        case 8:
          return Stored::kFloat64;
        default:
          return {};
      }
    default:
      return {};
  }
}

/// Bytes that a value takes while it is converted: at most those of a reference to a text.
constexpr std::size_t kConverted = 16;

[[noreturn]] void unreadable(const Place& at) { at.fail("cannot be read", "the file is damaged: get it again"); }

std::vector<std::string> read_variable_texts(hid_t data, hid_t type, std::size_t n, const Place& at) {
  std::vector<char*> pointers(n, nullptr);
  const Hdf5Handle space(H5Dget_space(data));
  const bool read = H5Dread(data, type, H5S_ALL, H5S_ALL, transfer_of(n * kConverted).get(), pointers.data()) >= 0;
  std::vector<std::string> texts;
  bool long_text = false;
  for (char* p : pointers) {
    texts.emplace_back(p == nullptr ? "" : p);
    long_text |= texts.back().size() > kMostText;
  }
  H5Dvlen_reclaim(type, space.get(), H5P_DEFAULT, pointers.data());
  if (!read) unreadable(at);
  if (long_text) at.fail(fmt::format("has a text of more than {} bytes", kMostText), "write shorter texts");
  return texts;
}

std::vector<std::string> read_fixed_texts(hid_t data, hid_t type, std::size_t n, const Place& at) {
  const std::size_t width = H5Tget_size(type);
  if (width > kMostText) at.fail(fmt::format("has texts of {} bytes; the most is {}", width, kMostText), "write shorter texts");
  std::string bytes(n * width, '\0');
  if (H5Dread(data, type, H5S_ALL, H5S_ALL, transfer_of(bytes.size()).get(), bytes.data()) < 0) unreadable(at);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string text = bytes.substr(i * width, width);
    texts.push_back(text.substr(0, text.find('\0')));
  }
  return texts;
}

std::vector<std::string> read_texts(hid_t data, hid_t type, std::size_t n, const Place& at) {
  return H5Tis_variable_str(type) > 0 ? read_variable_texts(data, type, n, at) : read_fixed_texts(data, type, n, at);
}

std::vector<std::int64_t> read_integers(hid_t data, Stored stored, hid_t type, std::size_t n, const Place& at) {
  std::vector<std::int64_t> values(n);
  if (stored == Stored::kBool) {  // an enumeration of FALSE and TRUE in one byte
    std::vector<std::int8_t> bytes(n);
    if (H5Dread(data, type, H5S_ALL, H5S_ALL, transfer_of(bytes.size() * kConverted).get(), bytes.data()) < 0) unreadable(at);
    std::copy(bytes.begin(), bytes.end(), values.begin());
    return values;
  }
  if (stored == Stored::kUint64) {
    std::vector<std::uint64_t> words(n);
    if (H5Dread(data, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, transfer_of(words.size() * kConverted).get(), words.data()) < 0) unreadable(at);
    for (const std::uint64_t w : words)
      if (w > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        at.fail(fmt::format("holds {}, which is too large", w), "write it as int64");
    std::copy(words.begin(), words.end(), values.begin());
    return values;
  }
  if (H5Dread(data, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, transfer_of(values.size() * kConverted).get(), values.data()) < 0) unreadable(at);
  return values;
}

hid_t float16_type() {
  const hid_t type = H5Tcopy(H5T_IEEE_F32LE);
  H5Tset_fields(type, 15, 10, 5, 0, 10);
  H5Tset_size(type, 2);
  H5Tset_ebias(type, 15);
  return type;
}

hid_t bool_type() {
  const hid_t type = H5Tenum_create(H5T_STD_I8LE);
  const std::int8_t no = 0, yes = 1;
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

/// The type in the file, as h5py chooses it on a little-endian machine.
Hdf5Handle file_type(Stored stored) {
  switch (stored) {
    case Stored::kBool:
      return Hdf5Handle(bool_type());
    case Stored::kFloat16:
      return Hdf5Handle(float16_type());
    case Stored::kInt8:
      return Hdf5Handle(H5Tcopy(H5T_STD_I8LE));
    case Stored::kInt16:
      return Hdf5Handle(H5Tcopy(H5T_STD_I16LE));
    case Stored::kInt32:
      return Hdf5Handle(H5Tcopy(H5T_STD_I32LE));
    case Stored::kInt64:
      return Hdf5Handle(H5Tcopy(H5T_STD_I64LE));
    case Stored::kUint8:
      return Hdf5Handle(H5Tcopy(H5T_STD_U8LE));
    case Stored::kUint16:
      return Hdf5Handle(H5Tcopy(H5T_STD_U16LE));
    case Stored::kUint32:
      return Hdf5Handle(H5Tcopy(H5T_STD_U32LE));
    case Stored::kUint64:
      return Hdf5Handle(H5Tcopy(H5T_STD_U64LE));
    case Stored::kFloat32:
      return Hdf5Handle(H5Tcopy(H5T_IEEE_F32LE));
    case Stored::kFloat64:
      return Hdf5Handle(H5Tcopy(H5T_IEEE_F64LE));
    case Stored::kString:
      break;
  }
  Hdf5Handle text(H5Tcopy(H5T_C_S1));
  H5Tset_size(text.get(), H5T_VARIABLE);
  H5Tset_cset(text.get(), H5T_CSET_UTF8);
  return text;
}

/// Values as they are handed to the library.
struct Written {
  std::vector<const char*> texts;
  std::vector<std::int8_t> bytes;
  const void* data = nullptr;
  hid_t type = -1;  ///< -1: that of the file
};

Written written(const Array& a) {
  Written w;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&a.values)) {
    for (const std::string& t : *texts) w.texts.push_back(t.c_str());
    w.data = w.texts.data();
  } else if (const auto* reals = std::get_if<std::vector<double>>(&a.values)) {
    w.data = reals->data(), w.type = H5T_NATIVE_DOUBLE;
  } else {
    const auto& integers = std::get<std::vector<std::int64_t>>(a.values);
    w.data = integers.data(), w.type = H5T_NATIVE_INT64;
    if (a.stored == Stored::kBool) {
      for (const std::int64_t i : integers) w.bytes.push_back(static_cast<std::int8_t>(i));
      w.data = w.bytes.data(), w.type = -1;
    }
  }
  return w;
}

}  // namespace

void fail_nir(const std::string& name, const std::string& place, std::string what, std::string suggestion) {
  throw DescriptionError({Diagnostic{place, std::move(what), std::move(suggestion), name, 0, 0}});
}

Array read_array(hid_t group, const char* link, const std::string& place, const std::string& name, std::uint64_t& values_left) {
  const Place at{name, place};
  const Hdf5Handle data(H5Dopen2(group, link, H5P_DEFAULT));
  if (!data) at.fail("is no dataset", "write what NIR wants there");
  const Hdf5Handle space(H5Dget_space(data.get())), type(H5Dget_type(data.get()));
  const std::optional<Stored> stored = stored_as(type.get());
  if (!stored) at.fail("is neither made of numbers nor of texts", "write float32, float64, int64 or variable-length strings");
  Array a;
  a.stored = *stored;
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  const H5S_class_t kind = H5Sget_simple_extent_type(space.get());
  const int rank = H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  if (kind == H5S_NULL || rank < 0) at.fail("has no values", "write what NIR wants there");
  std::uint64_t n = 1;
  for (int i = 0; i < rank; ++i) {
    const std::uint64_t d = dims[static_cast<std::size_t>(i)];
    n = n != 0 && d > values_left / n ? values_left + 1 : n * d;
    a.shape.push_back(d);
  }
  if (n > values_left) at.fail("has more values than can be read, together with what came before", "write a smaller network");
  values_left -= n;
  if (n > 0) check_storage(data.get(), n, H5Tget_size(type.get()), at);
  const auto size = static_cast<std::size_t>(n);
  if (a.stored == Stored::kString) {
    a.values = n > 0 ? read_texts(data.get(), type.get(), size, at) : std::vector<std::string>{};
  } else if (a.stored < Stored::kFloat16) {
    a.values = n > 0 ? read_integers(data.get(), a.stored, type.get(), size, at) : std::vector<std::int64_t>{};
  } else {
    std::vector<double> values(size);
    if (n > 0 && H5Dread(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, transfer_of(values.size() * kConverted).get(), values.data()) < 0)
      unreadable(at);
    a.values = std::move(values);
  }
  return a;
}

void write_array(hid_t group, const std::string& link, const Array& a, bool gzip) {
  const std::vector<hsize_t> dims(a.shape.begin(), a.shape.end());
  const Hdf5Handle space(dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
  const Hdf5Handle made(H5Pcreate(H5P_DATASET_CREATE)), type = file_type(a.stored);
  H5Pset_obj_track_times(made.get(), false);  // equal graphs give equal bytes
  if (gzip && !dims.empty() && a.size() > 0 && a.size() * H5Tget_size(type.get()) < kMostChunkBytes) {
    H5Pset_chunk(made.get(), static_cast<int>(dims.size()), dims.data());
    H5Pset_deflate(made.get(), 4);
  }
  const Hdf5Handle data(H5Dcreate2(group, link.c_str(), type.get(), space.get(), H5P_DEFAULT, made.get(), H5P_DEFAULT));
  const Written w = written(a);
  if (!data || (a.size() > 0 && H5Dwrite(data.get(), w.type < 0 ? type.get() : w.type, H5S_ALL, H5S_ALL,
                                         transfer_of(a.size() * kConverted).get(), w.data) < 0))
    throw BugError("a dataset of a NIR file in memory could not be written: " + link);
}

}  // namespace spikeloop::io
