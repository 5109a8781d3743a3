// SPDX-License-Identifier: Apache-2.0
#include "core/io/events_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/io/csv.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostLine = 4096;
constexpr std::size_t kMostPopulations = 65536;

enum class Field { kTime, kX, kY, kPolarity, kNeuron, kPopulation };

struct Columns {
  std::vector<Field> fields;
  Time unit = 0;
  bool has(Field field) const { return std::count(fields.begin(), fields.end(), field) == 1; }
};

/// What the first line names; null if it is not one of ours.
std::optional<Columns> columns_of(std::string_view line) {
  Columns columns;
  for (const std::string_view name : fields_of(line)) {
    constexpr std::pair<std::string_view, Time> kTimes[] = {
        {"time_ns", kNanosecond}, {"time_us", kMicrosecond}, {"time_ms", kMillisecond}, {"time_s", kSecond}};
    constexpr std::pair<std::string_view, Field> kOthers[] = {
        {"x", Field::kX}, {"y", Field::kY}, {"polarity", Field::kPolarity}, {"neuron", Field::kNeuron}, {"population", Field::kPopulation}};
    const std::size_t before = columns.fields.size();
    for (const auto& [known, unit] : kTimes)
      if (name == known) columns.fields.push_back(Field::kTime), columns.unit = unit;
    for (const auto& [known, field] : kOthers)
      if (name == known) columns.fields.push_back(field);
    if (columns.fields.size() == before || !columns.has(columns.fields.back())) return std::nullopt;
  }
  const bool pixels = columns.has(Field::kX) && columns.has(Field::kY) && !columns.has(Field::kNeuron) && !columns.has(Field::kPopulation);
  const bool neurons = columns.has(Field::kNeuron) && !columns.has(Field::kX) && !columns.has(Field::kY) && !columns.has(Field::kPolarity);
  if (!columns.has(Field::kTime) || (!pixels && !neurons)) return std::nullopt;
  return columns;
}

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

class CsvReader final : public EventReader {
 public:
  explicit CsvReader(ByteSource source) : source_(std::move(source)) {
    const auto columns = columns_of(take_line());
    if (!columns)
      fail("the first line does not name the columns of events", "put time_ms,x,y,polarity or time_ms,population,neuron in front");
    columns_ = *columns;
    info_.format = "CSV";
    info_.addresses = columns_.has(Field::kX) ? Addresses::kPixels : Addresses::kNeurons;
  }

 private:
  [[noreturn]] void fail(std::string what, std::string suggestion = {}) const {
    throw DescriptionError({Diagnostic{"", std::move(what), std::move(suggestion), source_.name(), number_, 1}});
  }

  /// The next line without its end; only a file without any line gives an empty one where none is left.
  std::string_view take_line() {
    ++number_;
    const std::string_view some = source_.peek(kMostLine);
    const std::size_t end = some.find('\n');
    if (end != std::string_view::npos) return without_return(source_.take(end + 1).substr(0, end));
    if (some.size() == kMostLine) fail("the line is longer than 4095 bytes", "check that it is the file that you mean");
    return without_return(source_.take(some.size()));
  }

  bool next(AddressEvent& event) override {
    if (source_.at_end()) return false;
    const std::string_view line = take_line();
    std::string_view rest = line;
    event = {};
    const auto commas = static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
    bool whole = commas + 1 >= columns_.fields.size();
    for (std::size_t i = 0; whole && i < columns_.fields.size(); ++i) {
      whole = take_field(rest, field_);
      if (whole) take(event, columns_.fields[i]);
    }
    if (!whole || !rest.empty() || line.ends_with(','))
      fail(fmt::format("{} is no event of {} values", in_quotes(line), columns_.fields.size()),
           "write the values that the first line names");
    return true;
  }

  void take(AddressEvent& event, Field field) {
    if (field == Field::kTime) {
      const auto time = parse_time(trimmed(field_), columns_.unit);
      if (!time) fail(fmt::format("the time {} is no number, or too large", in_quotes(field_)));
      event.time = *time;
    } else if (field == Field::kPopulation) {
      event.population = population();
    } else if (field == Field::kPolarity) {
      event.on = number("polarity", 1) == 1;
    } else {
      (field == Field::kY ? event.y : event.x) = number(field == Field::kNeuron ? "neuron" : "address", UINT32_MAX - 1);
    }
  }

  std::uint32_t number(const char* what, std::uint32_t most) const {
    const std::string_view text = trimmed(field_);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most)
      fail(fmt::format("the {} {} is not a whole number up to {}", what, in_quotes(field_), most));
    return value;
  }

  std::uint32_t population() {
    const auto [known, fresh] = index_.try_emplace(field_, static_cast<std::uint32_t>(index_.size()));
    if (!fresh) return known->second;
    if (index_.size() > kMostPopulations) fail(fmt::format("there are more than {} populations", kMostPopulations));
    info_.populations.push_back(field_);
    return known->second;
  }

  ByteSource source_;
  Columns columns_;
  int number_ = 0;
  std::string field_;
  std::unordered_map<std::string, std::uint32_t> index_;  ///< of the populations
};

}  // namespace

std::unique_ptr<EventReader> open_events_csv(ByteSource source) { return std::make_unique<CsvReader>(std::move(source)); }

bool is_events_csv_header(std::string_view line) { return columns_of(without_return(line)).has_value(); }

}  // namespace spikeloop::io
