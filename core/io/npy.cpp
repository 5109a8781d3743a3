// SPDX-License-Identifier: Apache-2.0
#include "core/io/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "core/errors.hpp"
#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy values are copied as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxFileBytes = std::size_t{8} << 30;
constexpr std::size_t kMaxDimensions = 32;  // NumPy's own limit
constexpr std::size_t kMaxFields = 256;

[[noreturn]] void fail(const std::string& name, std::string what, std::string suggestion = "write the file again with numpy.save") {
  throw DescriptionError({Diagnostic{"", std::move(what), std::move(suggestion), name, 0, 0}});
}

/// What the header says: a Python dictionary with exactly these three keys.
struct Header {
  std::optional<std::string> descr;  ///< empty for a structured array
  std::vector<std::pair<std::string, std::string>> fields;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::size_t>> shape;
};

/// Reads the header's dictionary, a literal of which NumPy writes only strings, booleans, tuples of whole numbers and lists of pairs of
/// strings.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  Header parse() {
    Header header;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        skip_space();
        const bool structured = rest_.starts_with('[');
        header.descr = structured ? std::string{} : string();
        if (structured) header.fields = fields();
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
      } else {
        fail(name_, fmt::format("the header has an unknown key {}", in_quotes(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) fail(name_, fmt::format("the header goes on behind its dictionary: {}", in_quotes(rest_)));
    return header;
  }

 private:
  void skip_space() {
    const auto n = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
  }
  bool accept(char c) {
    skip_space();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(name_, fmt::format("the header has {} where {} is wanted", rest_.empty() ? "its end" : in_quotes(rest_), c));
  }
  std::string string() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const auto end = rest_.find(quote);
    if (end == std::string_view::npos) fail(name_, "a string in the header has no end");
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return out;
  }
  std::vector<std::pair<std::string, std::string>> fields() {
    std::vector<std::pair<std::string, std::string>> pairs;
    expect('[');
    while (!accept(']')) {
      if (pairs.size() == kMaxFields) fail(name_, fmt::format("a value has more than {} fields", kMaxFields));
      expect('(');
      std::string field = string();
      expect(',');
      pairs.emplace_back(std::move(field), string());
      expect(')');  // a field that is an array itself has its shape here
      if (!accept(',')) {
        expect(']');
        break;
      }
    }
    return pairs;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (rest_.substr(0, word.size()) != word) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    fail(name_, "fortran_order in the header is neither True nor False");
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> values;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc() || values.size() == kMaxDimensions)
        fail(name_, "the shape in the header is not a tuple of at most 32 whole numbers");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      values.push_back(value);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return values;
  }

  std::string_view rest_;
  const std::string& name_;
};

/// Splits the bytes of a file into the text of its header and the bytes of its values.
std::pair<std::string_view, std::string_view> split(std::string_view bytes, const std::string& name) {
  if (bytes.substr(0, kMagic.size()) != kMagic) fail(name, "this is not a .npy file: it does not start with \\x93NUMPY");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  if (bytes.size() < 10) fail(name, "the file ends inside its header");
  if (byte(6) != 1 && byte(6) != 2)
    fail(name, fmt::format("the .npy format version is {}.{}, only 1.0 and 2.0 can be read", byte(6), byte(7)));
  const std::size_t start = byte(6) == 1 ? 10 : 12;
  if (bytes.size() < start) fail(name, "the file ends inside its header");
  const std::size_t length = byte(8) + (byte(9) << 8) + (start == 10 ? 0 : (byte(10) << 16) + (byte(11) << 24));
  if (length > bytes.size() - start) fail(name, "the file ends inside its header");
  return {bytes.substr(start, length), bytes.substr(start + length)};
}

/// The product of the shape, if it fits.
std::optional<std::size_t> product(const std::vector<std::size_t>& shape) {
  std::size_t n = 1;
  for (const std::size_t extent : shape) {
    if (extent != 0 && n > std::numeric_limits<std::size_t>::max() / 16 / extent) return std::nullopt;
    n *= extent;
  }
  return n;
}

/// Copies the values, after a check that they are all there and nothing follows.
template <typename T>
std::vector<T> values_from(std::string_view data, const std::vector<std::size_t>& shape, const std::string& name) {
  const auto n = product(shape);
  if (!n || *n > data.size() / sizeof(T) || *n * sizeof(T) != data.size()) {
    fail(name, fmt::format("the shape ({}) does not go with {} bytes of {}-byte values", fmt::join(shape, ", "), data.size(), sizeof(T)),
         "the file was not copied completely, or is damaged");
  }
  std::vector<T> values(*n);
  if (*n > 0) std::memcpy(values.data(), data.data(), data.size());
  return values;
}

template <typename T>
constexpr const char* descr() {
  if constexpr (std::is_same_v<T, float>) return "<f4";
  if constexpr (std::is_same_v<T, double>) return "<f8";
  if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
  if constexpr (std::is_same_v<T, std::int64_t>) return "<i8";
}

}  // namespace

std::size_t NpyArray::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

std::vector<float> NpyArray::floats() const {
  return std::visit(
      [](const auto& v) {
        std::vector<float> out;
        out.reserve(v.size());
        for (const auto value : v) out.push_back(static_cast<float>(value));
        return out;
      },
      values);
}

NpyLayout parse_npy_layout(std::string_view bytes, const std::string& name) {
  const auto [text, data] = split(bytes, name);
  Header header = HeaderParser(text, name).parse();
  if (!header.descr || !header.fortran_order || !header.shape) fail(name, "the header lacks descr, fortran_order or shape");
  return {std::move(*header.descr), std::move(header.fields), *header.fortran_order, std::move(*header.shape),
          static_cast<std::size_t>(data.data() - bytes.data())};
}

NpyArray parse_npy(std::string_view bytes, const std::string& name) {
  const NpyLayout header = parse_npy_layout(bytes, name);
  const std::string_view data = bytes.substr(header.header_bytes);
  if (header.type.empty())
    fail(name, "the array is structured, plain numbers are wanted", "write one of its fields: numpy.save(file, a['field'])");
  if (header.fortran_order && header.shape.size() > 1) {
    fail(name, "the array is in Fortran order (columns first), C order is wanted",
         "write it again with numpy.save(file, numpy.ascontiguousarray(a))");
  }
  NpyArray array;
  array.shape = header.shape;
  if (header.type == "<f4") {
    array.values = values_from<float>(data, array.shape, name);
  } else if (header.type == "<f8") {
    array.values = values_from<double>(data, array.shape, name);
  } else if (header.type == "<i4") {
    array.values = values_from<std::int32_t>(data, array.shape, name);
  } else if (header.type == "<i8") {
    array.values = values_from<std::int64_t>(data, array.shape, name);
  } else {
    fail(name, fmt::format("the values are of type {}; <f4, <f8, <i4 and <i8 can be read", in_quotes(header.type)),
         "write it again with numpy.save(file, a.astype('<f4'))");
  }
  return array;
}

NpyArray read_npy(const std::filesystem::path& path) { return parse_npy(read_file(path, kMaxFileBytes), path.string()); }

Matrix read_npy_matrix(const std::filesystem::path& path) {
  const NpyArray array = read_npy(path);
  if (array.shape.size() != 2) {
    fail(path.string(), fmt::format("the array has {} dimensions, a matrix (rows = sources) has two", array.shape.size()),
         "reshape it to (sources, targets)");
  }
  Matrix matrix{array.shape[0], array.shape[1], array.floats()};
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    if (!std::isfinite(matrix.values[i])) {
      fail(path.string(),
           fmt::format("the value in row {}, column {} (counted from 0) is not a finite float32", i / matrix.columns, i % matrix.columns),
           "replace it");
    }
  }
  return matrix;
}

std::string npy_bytes(const NpyArray& array) {
  if (product(array.shape) != array.size()) throw BugError(".npy: the shape does not go with the number of values");
  const char* type = std::visit([](const auto& v) { return descr<typename std::decay_t<decltype(v)>::value_type>(); }, array.values);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", type, fmt::join(array.shape, ", "),
                                   array.shape.size() == 1 ? "," : "");
  // The header ends with a line feed, and the values start at a multiple of 64 bytes.
  const std::size_t before = kMagic.size() + 4;
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += {1, 0, static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  bytes += header;
  std::visit([&](const auto& v) { bytes.append(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(v[0])); }, array.values);
  return bytes;
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) { write_file(path, npy_bytes(array)); }

void write_npy_matrix(const std::filesystem::path& path, std::size_t rows, std::size_t columns, std::span<const float> values) {
  write_npy(path, {{rows, columns}, std::vector<float>(values.begin(), values.end())});
}

}  // namespace spikeloop::io
