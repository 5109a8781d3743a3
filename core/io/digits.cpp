// SPDX-License-Identifier: Apache-2.0
#include "core/io/digits.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kPixels = 64;
constexpr unsigned kMaxPixel = 16;
constexpr unsigned kClasses = 10;
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;
constexpr std::string_view kOrigin =
    "a copy lies in examples/data of spikeloop's source; it is the test part of Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, DOI 10.24432/C50P49, CC BY 4.0: fetch optdigits.tes from there, or name the folder with --data";

std::optional<unsigned> whole_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Adds the sample of a line, or its fault.
void parse_row(std::string_view line, int number, Dataset& data, Faults& faults) {
  constexpr const char* kWanted = "64 pixels from 0 to 16 and a label from 0 to 9 are wanted, with commas between them";
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() != kPixels + 1) {
    faults.add(number, fmt::format("the line has {} values, not {}", line.empty() ? 0 : fields.size(), kPixels + 1), kWanted);
    return;
  }
  std::array<unsigned, kPixels + 1> values = {};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = whole_number(fields[i]);
    const unsigned max = i == kPixels ? kClasses - 1 : kMaxPixel;
    if (!value || *value > max) {
      const std::string which = i == kPixels ? "the label (value 65)" : fmt::format("value {}", i + 1);
      faults.add(number, fmt::format("{} is {}, not a whole number from 0 to {}", which, in_quotes(fields[i]), max), kWanted);
      return;
    }
    values[i] = *value;
  }
  for (std::size_t i = 0; i < kPixels; ++i) data.samples.push_back(static_cast<float>(values[i]) / static_cast<float>(kMaxPixel));
  data.labels.push_back(values[kPixels]);
}

}  // namespace

Dataset parse_digits(std::string_view bytes, const std::string& name) {
  std::string unpacked;
  if (is_gzip(bytes)) {
    unpacked = gunzip(bytes, kMaxFileBytes, name);
    bytes = unpacked;
  }
  Dataset data;
  data.name = "digits";
  data.features = kPixels;
  data.shape = {8, 8};
  data.classes = kClasses;
  Faults faults(name);
  for (Lines lines(bytes); lines.next();) parse_row(lines.line(), lines.number(), data, faults);
  faults.throw_if_any();
  if (data.labels.empty()) faults.add(0, "the file is empty", std::string(kOrigin));
  faults.throw_if_any();
  return data;
}

void apply_split(Dataset& data, std::string_view text, const std::string& name, double validation_from_train) {
  data.train.clear();
  data.validation.clear();
  data.test.clear();
  Faults faults(name);
  std::size_t sample = 0;
  for (Lines lines(text); lines.next(); ++sample) {
    const std::string_view word = trimmed(lines.line());
    if (word != "train" && word != "test") {
      faults.add(lines.number(), fmt::format("{} is neither train nor test", in_quotes(word)), "one word a line, one line a sample");
    }
    (word == "train" ? data.train : data.test).push_back(sample);
  }
  faults.throw_if_any();
  if (sample != data.size()) {
    faults.add(0, fmt::format("the split has {} lines, the data {} samples", sample, data.size()), "one line a sample is wanted");
  }
  faults.throw_if_any();
  set_validation_aside(data, validation_from_train);
}

Dataset read_digits(const std::filesystem::path& path, const std::string& expected_sha256, const std::filesystem::path& split_file,
                    double validation_from_train) {
  if (split_file.empty()) {
    throw DescriptionError("no split file is named for the digits: set one, with \"train\" or \"test\" a line, one line a sample");
  }
  const std::string bytes = read_file(path, kMaxFileBytes, kOrigin);
  const std::string sha256 = check_sha256(bytes, expected_sha256, path.string());
  Dataset data = parse_digits(bytes, path.string());
  data.sha256 = sha256;
  const std::string split = read_file(split_file, kMaxFileBytes, "a split for the digits lies in examples/data of spikeloop's source");
  apply_split(data, split, split_file.string(), validation_from_train);
  return data;
}

}  // namespace spikeloop::io
