// SPDX-License-Identifier: Apache-2.0
#include "core/io/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Adds the sample of a line, or its fault.
void parse_row(std::string_view line, int at, const TableSource& source, std::vector<double>& labels, Dataset& data, Faults& faults) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (std::find(fields.begin(), fields.end(), "?") != fields.end()) return;
  std::vector<float> features;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::optional<double> value = number(fields[i]);
    if (!value) {
      faults.add(at, fmt::format("value {} is {}, not a number", i + 1, in_quotes(fields[i])),
                 "numbers are wanted, with commas between them");
      return;
    }
    if (i + 1 == fields.size())
      labels.push_back(*value);
    else if (std::find(source.ignore.begin(), source.ignore.end(), i) == source.ignore.end())
      features.push_back(static_cast<float>(*value));
  }
  if (data.features == 0) data.features = features.size();
  if (features.size() != data.features || features.empty())
    faults.add(at, fmt::format("the line has {} features, not {}", features.size(), data.features), "all lines must have as many values");
  data.samples.insert(data.samples.end(), features.begin(), features.end());
}

}  // namespace

Dataset parse_table(std::string_view text, const TableSource& source) {
  Dataset data;
  data.name = "table";
  Faults faults(source.file);
  std::vector<double> labels;
  for (Lines lines(text); lines.next();)
    if (static_cast<std::uint64_t>(lines.number()) > source.header_lines && !lines.line().empty())
      parse_row(lines.line(), lines.number(), source, labels, data, faults);
  if (labels.empty()) faults.add(0, "the table has no samples", source.origin);
  faults.throw_if_any();
  const std::set<double> classes(labels.begin(), labels.end());
  if (classes.size() > 1000)
    faults.add(0, fmt::format("the last column has {} different values: too many for a label", classes.size()),
               "put the label into the last column");
  faults.throw_if_any();
  for (const double label : labels) data.labels.push_back(static_cast<std::uint32_t>(std::distance(classes.begin(), classes.find(label))));
  data.classes = classes.size();
  data.shape = {data.features};
  return data;
}

Dataset read_table(const TableSource& source, std::size_t folds, double validation_from_train) {
  const std::string bytes = read_file(source.file, kMostBytes, source.origin);
  const std::string sha256 = check_sha256(bytes, source.sha256, source.file);
  Dataset data = parse_table(is_gzip(bytes) ? gunzip(bytes, kMostBytes, source.file) : bytes, source);
  data.sha256 = sha256;
  if (folds < 2 || folds > data.size())
    throw DescriptionError(
        fmt::format("dataset.split.folds is {}: a table of {} samples needs from 2 to {} folds", folds, data.size(), data.size()));
  data.folds = folds;
  data.validation_from_train = validation_from_train;
  const Dataset first = part_of_seed(data, 1);  // the parts that errors and reports speak of; features stay as they are
  data.train = first.train, data.validation = first.validation, data.test = first.test;
  return data;
}

}  // namespace spikeloop::io
