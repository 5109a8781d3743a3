// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "firmware-interface/dynapse1/modules.hpp"

namespace {

using namespace spikeloop::firmware;

void check(bool right) {
  if (!right) std::abort();
}

std::uint16_t word(std::span<const std::byte> bytes) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[0]) << 8 | std::to_integer<unsigned>(bytes[1]));
}

}  // namespace

/// The first bytes are request, wValue and wIndex, the rest its data. What is no bad request encodes to itself; answers are read or
/// refused.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  static_cast<void>(decode_value(bytes));
  if (const auto status = decode_status(bytes)) check(encode_status(*status)[1] == bytes[1]);
  if (size < 5) return 0;
  const ControlRequest request{data[0], word(bytes.subspan(1)), word(bytes.subspan(3))};
  bytes = bytes.subspan(5);
  const auto same = [&](const OutRequest& again) { return again == OutRequest{request, {bytes.begin(), bytes.end()}}; };

  const DecodedOut out = decode_out(request, bytes);
  if (const auto* configs = std::get_if<WriteConfigs>(&out))
    check(same(request.request == kRequestConfig ? encode_write(configs->writes.at(0)) : encode_writes(configs->writes)));
  if (const auto* words = std::get_if<WriteWords>(&out); words != nullptr && words->request == kRequestAerMultiple)
    check(same(encode_words(words->words)));

  const DecodedIn in = decode_in(request);
  if (const auto* read = std::get_if<ReadConfig>(&in)) check(config_request(read->at) == request);
  return 0;
}
