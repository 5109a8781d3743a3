// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "firmware-interface/transport/errors.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"

using namespace spikeloop::firmware;

namespace {

void require(bool ok) {
  if (!ok) std::abort();
}

template <std::size_t N, class Use>
void with_first(std::span<const std::byte> bytes, Use use) {
  if (bytes.size() >= N) use(bytes.first<N>());
}

}  // namespace

/// Whatever a peer sends is decoded or refused; what was decoded is written and read again as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  with_first<usbip::kOperationHeadBytes>(bytes,
                                         [](auto b) { require(std::ranges::equal(usbip::encode(usbip::decode_operation_head(b)), b)); });
  with_first<usbip::kUrbHeadBytes>(bytes, [](auto b) {
    const auto head = usbip::decode_urb_head(b);
    require(usbip::decode_urb_head(usbip::encode(head)) == head);
  });
  with_first<usbip::kBusIdBytes>(bytes, [](auto b) {
    const auto id = usbip::decode_bus_id(b);
    require(!id || usbip::encode_import_request(*id).size() == usbip::kImportRequestBytes);
  });
  with_first<usbip::kDeviceBytes>(bytes, [](auto b) {
    const auto device = usbip::decode_device(b);
    const std::vector<std::byte> written = usbip::encode_device(device);
    const std::span<const std::byte> again = written;
    require(usbip::decode_device(again.first<usbip::kDeviceBytes>()) == device);
  });
  try {
    if (const auto devices = usbip::decode_device_list(bytes)) {
      const auto again = usbip::encode_device_list(*devices);
      require(usbip::decode_device_list(std::span(again).subspan(usbip::kOperationHeadBytes)) == devices);
    }
  } catch (const ProtocolFault&) {
  }
  if (const auto address = usbip::parse_address({reinterpret_cast<const char*>(data), size}))
    require(usbip::parse_address(usbip::to_text(*address)).has_value());
  return 0;
}
