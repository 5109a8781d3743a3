// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/modules.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace spikeloop::firmware {
namespace {

constexpr std::size_t kConfigBytes = 6;
constexpr Register kContent = reg("CHIP.CONTENT");

void append_config(std::vector<std::byte>& out, const ConfigWrite& write) {
  out.push_back(std::byte{write.at.module});
  out.push_back(std::byte{write.at.parameter});
  const auto value = encode_value(write.value);
  out.insert(out.end(), value.begin(), value.end());
}

std::uint32_t big_endian(std::span<const std::byte, 4> bytes) {
  std::uint32_t value = 0;
  for (const std::byte b : bytes) value = value << 8 | std::to_integer<std::uint32_t>(b);
  return value;
}

OutRequest multiple(std::uint8_t request, std::size_t n) {
  if (n == 0 || n > kMaxConfigs) throw std::out_of_range(std::to_string(n) + " configurations in one request; there can be 1 to 85");
  OutRequest out{{request, static_cast<std::uint16_t>(n), 0}, {}};
  out.data.reserve(n * kConfigBytes);
  return out;
}

DecodedOut decode_multiple(ControlRequest request, std::span<const std::byte> data) {
  if (request.index != 0) return BadRequest{"wIndex of several configurations is not 0"};
  if (request.value == 0 || request.value > kMaxConfigs) return BadRequest{"the number of configurations is not in 1..85"};
  if (data.size() != request.value * kConfigBytes) return BadRequest{"there are not 6 bytes for each configuration"};
  WriteConfigs configs;
  configs.writes.reserve(request.value);
  for (; !data.empty(); data = data.subspan(kConfigBytes)) {
    const Register at{std::to_integer<std::uint8_t>(data[0]), std::to_integer<std::uint8_t>(data[1])};
    configs.writes.push_back({at, big_endian(data.subspan<2, 4>())});
  }
  if (request.request == kRequestConfigMultiple) return configs;
  WriteWords words{request.request, {}};
  words.words.reserve(configs.writes.size());
  for (const ConfigWrite& write : configs.writes) {
    if (write.at != kContent) return BadRequest{"a chip word is not for CHIP.CONTENT"};
    words.words.push_back(write.value);
  }
  return words;
}

bool fits_register(ControlRequest request) { return request.value <= 0xFF && request.index <= 0xFF; }
Register register_of(ControlRequest request) {
  return {static_cast<std::uint8_t>(request.value), static_cast<std::uint8_t>(request.index)};
}

}  // namespace

const Parameter* find_parameter(Register at) {
  for (const Parameter& p : kParameters) {
    const bool lower_half = p.wide && p.at.parameter + 1 == at.parameter;
    if (p.at.module == at.module && (p.at.parameter == at.parameter || lower_half)) return &p;
  }
  return nullptr;
}

const Parameter* find_parameter(std::string_view name) {
  const auto* const found = std::find_if(kParameters.begin(), kParameters.end(), [&](const Parameter& p) { return p.name == name; });
  return found == kParameters.end() ? nullptr : found;
}

std::uint8_t wire_chip_id(unsigned chip) { return kWireChipIds.at(chip); }

std::optional<unsigned> chip_of_wire_id(std::uint32_t id) {
  for (unsigned chip = 0; chip < kWireChipIds.size(); ++chip)
    if (kWireChipIds[chip] == id) return chip;
  return std::nullopt;
}

std::optional<std::uint64_t> wide_value(std::uint32_t upper, std::uint32_t lower, std::uint32_t upper_again) {
  if (upper != upper_again) return std::nullopt;
  return std::uint64_t{upper} << 32 | lower;
}

OutRequest encode_write(const ConfigWrite& write) {
  const auto value = encode_value(write.value);
  return {config_request(write.at), {value.begin(), value.end()}};
}

OutRequest encode_writes(std::span<const ConfigWrite> writes) {
  OutRequest out = multiple(kRequestConfigMultiple, writes.size());
  for (const ConfigWrite& write : writes) append_config(out.data, write);
  return out;
}

OutRequest encode_words(std::span<const std::uint32_t> words) {
  OutRequest out = multiple(kRequestAerMultiple, words.size());
  for (const std::uint32_t word : words) append_config(out.data, {kContent, word});
  return out;
}

OutRequest encode_timestamp_reset() {
  constexpr Register kReset = reg("MUX.TIMESTAMP_RESET");
  return encode_writes(std::array<ConfigWrite, 2>{{{kReset, 1}, {kReset, 0}}});
}

std::optional<std::uint32_t> decode_value(std::span<const std::byte> answer) {
  if (answer.size() != 4) return std::nullopt;
  return big_endian(answer.first<4>());
}

std::optional<std::uint8_t> decode_status(std::span<const std::byte> answer, std::uint8_t request) {
  if (answer.size() != kStatusBytes || std::to_integer<std::uint8_t>(answer[0]) != request) return std::nullopt;
  return std::to_integer<std::uint8_t>(answer[1]);
}

DecodedOut decode_out(ControlRequest request, std::span<const std::byte> data) {
  switch (request.request) {
    case kRequestConfig:
      if (!fits_register(request)) return BadRequest{"a module or parameter address is above 255"};
      if (data.size() != 4) return BadRequest{"a value is not 4 bytes"};
      return WriteConfigs{{{register_of(request), big_endian(data.first<4>())}}};
    case kRequestAer:
      if (!fits_register(request) || register_of(request) != kContent) return BadRequest{"a chip word is not for CHIP.CONTENT"};
      if (data.size() != 4) return BadRequest{"a chip word is not 4 bytes"};
      return WriteWords{kRequestAer, {big_endian(data.first<4>())}};
    case kRequestConfigMultiple:
    case kRequestAerMultiple:
      return decode_multiple(request, data);
    default:
      return BadRequest{"no such vendor request"};
  }
}

DecodedIn decode_in(ControlRequest request) {
  switch (request.request) {
    case kRequestConfig:
      if (!fits_register(request)) return BadRequest{"a module or parameter address is above 255"};
      return ReadConfig{register_of(request)};
    case kRequestAer:
    case kRequestAerMultiple:
      if (request.value != 0 || request.index != 0) return BadRequest{"wValue or wIndex of a status request is not 0"};
      return ReadStatus{request.request};
    default:
      return BadRequest{"no such vendor request"};
  }
}

std::array<std::byte, 4> encode_value(std::uint32_t value) {
  const auto byte = [value](unsigned shift) { return static_cast<std::byte>(value >> shift & 0xFF); };
  return {byte(24), byte(16), byte(8), byte(0)};
}

std::array<std::byte, kStatusBytes> encode_status(std::uint8_t status, std::uint8_t request) {
  return {std::byte{request}, std::byte{status}};
}

}  // namespace spikeloop::firmware
