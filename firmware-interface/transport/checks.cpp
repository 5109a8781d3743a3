// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/checks.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace spikeloop::firmware {

std::string describe(const ControlRequest& r) {
  return fmt::format("request 0x{:02X} value 0x{:04X} index 0x{:04X}", r.request, r.value, r.index);
}

void check_control_size(std::size_t bytes) {
  if (bytes > kMaxControlBytes)
    throw std::invalid_argument(fmt::format("a control transfer carries at most {} bytes, not {}", kMaxControlBytes, bytes));
}

void check_stream_options(const StreamOptions& o) {
  const bool ok = (o.endpoint & 0x80) != 0 && (o.endpoint & 0x0F) != 0 && o.transfers >= 1 && o.transfers <= kMaxTransfers &&
                  o.transfer_bytes >= 1 && o.transfer_bytes <= kMaxTransferBytes && o.transfers * o.transfer_bytes <= kMaxWaitingBytes;
  if (!ok)
    throw std::invalid_argument(
        fmt::format("no stream: endpoint 0x{:02X}, {} transfers of {} bytes", o.endpoint, o.transfers, o.transfer_bytes));
}

}  // namespace spikeloop::firmware
