// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "firmware-interface/transport/errors.hpp"
#include "firmware-interface/transport/recording_format.hpp"

using namespace spikeloop::firmware;

/// Bytes that are no recording are refused by a ProtocolFault; what is read is written and read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  try {
    RecordingReader reader(in, "fuzz");
    const auto head = encode_recording_head({});
    while (const auto call = reader.next()) {
      const auto body = encode_recorded_call(*call);
      std::string bytes(reinterpret_cast<const char*>(head.data()), head.size());
      bytes.append(reinterpret_cast<const char*>(body.data()), body.size());
      std::istringstream again(bytes);
      const auto same = RecordingReader(again, "again").next();
      if (!same || encode_recorded_call(*same) != body || describe(*same) != describe(*call)) std::abort();
    }
  } catch (const ProtocolFault&) {
  }
  return 0;
}
