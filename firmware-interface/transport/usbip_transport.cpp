// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usbip_transport.hpp"

#include <algorithm>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/usb_identity.hpp"
#include "firmware-interface/transport/usbip_handshake.hpp"
#include "firmware-interface/transport/usbip_link.hpp"

namespace spikeloop::firmware {

UsbipTransport::UsbipTransport(const usbip::Address& address, Milliseconds timeout, const Ask& ask)
    : link_(std::make_unique<UsbipLink>(address, timeout, ask)) {
  const auto read = [&](const UsbSetup& setup) { return link_->control(setup, {}, timeout, ask); };
  identity_ = read_identity(read, usbip::to_text(address));
  link_->control(first_configuration(read, identity_.location), {}, timeout, ask);
}

UsbipTransport::~UsbipTransport() = default;

void UsbipTransport::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) {
  check_control_size(data.size());
  link_->control({kVendorOut, request.request, request.value, request.index, static_cast<std::uint16_t>(data.size())}, data, timeout);
}

std::size_t UsbipTransport::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) {
  check_control_size(into.size());
  const auto answer =
      link_->control({kVendorIn, request.request, request.value, request.index, static_cast<std::uint16_t>(into.size())}, {}, timeout);
  std::copy(answer.begin(), answer.end(), into.begin());
  return answer.size();
}

void UsbipTransport::start_stream(const StreamOptions& options) { link_->start_stream(options); }

void UsbipTransport::stop_stream() { link_->stop_stream(); }

std::size_t UsbipTransport::read_stream(std::span<std::byte> into, Milliseconds timeout) { return link_->read_stream(into, timeout); }

void UsbipTransport::close() noexcept { link_->close(); }

std::uint64_t UsbipTransport::discarded_bytes() const { return link_->discarded_bytes(); }

std::vector<usbip::Device> list_usbip(const std::string& host, std::uint16_t port, Milliseconds timeout, const Ask& ask) {
  boost::asio::io_context io{1};
  return usbip::Handshake(io, host, port, timeout, ask).device_list();
}

}  // namespace spikeloop::firmware
