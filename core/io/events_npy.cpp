// SPDX-License-Identifier: Apache-2.0
#include "core/io/events_npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "core/io/lines.hpp"
#include "core/io/npy.hpp"

namespace spikeloop::io {
namespace {

constexpr std::string_view kSuggestion =
    "write a structured array with the fields t_ns (or t_us, t_ms, t_s), x, y, p, or one of shape (n, 4) with the columns x, y, p, t";
constexpr double kMostNanoseconds = 9e18;

/// One number in the row of an event.
struct Column {
  std::size_t at = 0, bytes = 0;
  char kind = 'i';  ///< 'i', 'u', 'f' or 'b'
};

/// "<f4" -> 4 bytes of kind f; null for what is not read.
std::optional<Column> column_of(std::string_view type) {
  constexpr std::array<std::string_view, 11> kTypes = {"|i1", "|u1", "|b1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"};
  for (const std::string_view known : kTypes)
    if (type == known) return Column{0, static_cast<std::size_t>(type[2] - '0'), type[1]};
  return std::nullopt;
}

/// The unit that the name of a field tells: t_us -> 1000; 0: it is a time and tells none; null: it is no time.
std::optional<Time> time_unit_of(std::string_view name) {
  for (const std::string_view stem : {"t", "time", "ts", "timestamp", "timestamps"}) {
    if (!name.starts_with(stem)) continue;
    const std::string_view rest = name.substr(stem.size());
    if (rest.empty()) return 0;
    if (rest == "_ns") return kNanosecond;
    if (rest == "_us") return kMicrosecond;
    if (rest == "_ms") return kMillisecond;
    if (rest == "_s") return kSecond;
  }
  return std::nullopt;
}

class NpyReader final : public EventReader {
 public:
  NpyReader(ByteSource source, const EventOptions& options) : source_(std::move(source)), unit_(options.time_unit) {
    const NpyLayout layout = parse_npy_layout(source_.peek(kMostNpyHeader), source_.name());
    source_.take(layout.header_bytes);
    if (layout.fields.empty())
      take_plain(layout);
    else
      take_structured(layout);
    if (!time_) refuse("the array has no field for the time");
    if (unit_ == 0)
      throw DescriptionError(
          {Diagnostic{"", "does not tell the unit of its times", "tell it: --time-unit us (or ns, ms, s)", source_.name(), 0, 0}});
    info_.format = fmt::format("NumPy array of {}", layout.fields.empty() ? "columns" : "fields");
    info_.addresses = y_ ? Addresses::kPixels : x_ ? Addresses::kNeurons : Addresses::kNone;
    left_ = layout.shape[0];
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw DescriptionError({Diagnostic{"", what, std::string(kSuggestion), source_.name(), 0, 0}});
  }

  Column known(std::string_view type) const {
    const auto column = column_of(type);
    if (!column) refuse(fmt::format("the values are of type {}; little-endian numbers of 1 to 8 bytes can be read", in_quotes(type)));
    return *column;
  }

  void take_plain(const NpyLayout& layout) {
    Column column = known(layout.type);
    if (layout.shape.size() != 2 || (layout.shape[1] != 4 && layout.shape[1] != 2) || layout.fortran_order)
      refuse(fmt::format("the array has the shape ({}){}, an event a row of 4 (or 2) columns is wanted", fmt::join(layout.shape, ", "),
                         layout.fortran_order ? ", columns first" : ""));
    const auto at = [&](std::size_t i) { return Column{i * column.bytes, column.bytes, column.kind}; };
    x_ = at(0);
    time_ = at(layout.shape[1] - 1);
    if (layout.shape[1] == 4) y_ = at(1), on_ = at(2);
    row_bytes_ = layout.shape[1] * column.bytes;
  }

  void take_structured(const NpyLayout& layout) {
    if (layout.shape.size() != 1) refuse(fmt::format("the array has {} dimensions, one is wanted", layout.shape.size()));
    for (const auto& [name, type] : layout.fields) {
      Column column = known(type);
      column.at = row_bytes_;
      row_bytes_ += column.bytes;
      if (name == "x" || name == "id" || name == "neuron" || name == "neuron_id") {
        x_ = column;
      } else if (name == "y") {
        y_ = column;
      } else if (name == "p" || name == "polarity" || name == "on") {
        on_ = column;
      } else if (const auto unit = time_unit_of(name)) {
        time_ = column;
        if (*unit != 0) unit_ = *unit;
      } else {
        ++info_.left_out[fmt::format("field {}", in_quotes(name))];
      }
    }
    if (y_ && !x_) refuse("the array has a field y and none x");
  }

  bool next(AddressEvent& event) override {
    if (left_ == 0) {
      if (!source_.at_end())
        source_.fail(source_.offset(), "bytes follow the last event of the shape", "the file is damaged: get it again");
      return false;
    }
    const std::uint64_t at = source_.offset();
    const std::string_view row = source_.take(row_bytes_);
    if (row.size() < row_bytes_) source_.fail_cut(at, fmt::format("its events: the shape promises {} more", left_));
    --left_;
    event.x = x_ ? address(row, *x_, at) : 0;
    event.y = y_ ? address(row, *y_, at) : 0;
    event.on = !on_ || value(row, *on_) > 0;  // polarities are 0 and 1, or -1 and 1
    event.time = time(row, at);
    return true;
  }

  static std::int64_t whole(std::string_view row, const Column& c) {
    const std::string_view bytes = row.substr(c.at, c.bytes);
    const std::uint64_t raw = c.bytes == 1   ? little_endian<1>(bytes)
                              : c.bytes == 2 ? little_endian<2>(bytes)
                              : c.bytes == 4 ? little_endian<4>(bytes)
                                             : little_endian<8>(bytes);
    const unsigned unused = static_cast<unsigned>(64 - 8 * c.bytes);
    return c.kind == 'i' ? static_cast<std::int64_t>(raw << unused) >> unused : static_cast<std::int64_t>(raw);
  }
  static double value(std::string_view row, const Column& c) {
    if (c.kind != 'f')
      return c.kind == 'u' && c.bytes == 8 ? static_cast<double>(static_cast<std::uint64_t>(whole(row, c)))
                                           : static_cast<double>(whole(row, c));
    const std::string_view bytes = row.substr(c.at, c.bytes);
    if (c.bytes == 4) return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(little_endian<4>(bytes))));
    return std::bit_cast<double>(little_endian<8>(bytes));
  }

  std::uint32_t address(std::string_view row, const Column& c, std::uint64_t at) const {
    const double v = value(row, c);
    if (!(v >= 0 && v < 4294967295.0) || v != std::floor(v))
      source_.fail(at, fmt::format("the event has the address {}, a whole number is wanted", v), "replace it");
    return static_cast<std::uint32_t>(v);
  }

  Time time(std::string_view row, std::uint64_t at) const {
    const double v = value(row, *time_) * static_cast<double>(unit_);
    if (!(std::abs(v) < kMostNanoseconds))
      source_.fail(at, fmt::format("the event has the time {:g} ns, which does not fit", v), "replace it");
    return time_->kind == 'f' ? static_cast<Time>(std::llround(v)) : whole(row, *time_) * unit_;
  }

  ByteSource source_;
  Time unit_;
  std::optional<Column> x_, y_, on_, time_;
  std::size_t row_bytes_ = 0, left_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> open_events_npy(ByteSource source, const EventOptions& options) {
  return std::make_unique<NpyReader>(std::move(source), options);
}

}  // namespace spikeloop::io
