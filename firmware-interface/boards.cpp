// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/boards.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/transport/usb_describe.hpp"
#include "firmware-interface/transport/usb_ids.hpp"
#include "firmware-interface/transport/usb_transport.hpp"
#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "firmware-interface/virtual_boards.hpp"

namespace spikeloop::firmware {
namespace {

constexpr const char* kUsbipPrefix = "usbip:";

// On USB, and again by the same serial: a board that was plugged in again may have another bus id.
Board::Opener usb_opener(std::string which) {
  return [context = std::make_shared<UsbContext>(), which = std::move(which)]() mutable -> std::unique_ptr<Transport> {
    auto transport = open_usb(context, {kVendorId, kProductId, which});
    if (!transport->identity().serial.empty()) which = transport->identity().serial;
    return transport;
  };
}

// A board of its own for each conversation; what it was programmed with survives a reconnect.
Board::Opener virtual_opener() {
  return [device = make_virtual_board()] { return std::make_unique<Loopback>(device); };
}

Board::Opener usbip_opener(const std::string& selector) {
  const auto address = usbip::parse_address(selector);
  if (!address) throw NotFound(fmt::format("\"{}\" names no board at a USB/IP server", selector), "Write usbip:HOST[:PORT]/BUSID.");
  return [address = *address] { return std::make_unique<UsbipTransport>(address); };
}

// Opens a board for a moment, to see whether it is one that we can talk to.
void look_into(BoardListing& listing, const Board::Opener& opener) {
  const auto failed = [&](UsbAccess access, const DeviceFault& fault) {
    listing.access = access;
    listing.problem = fault.what();
    listing.advice = fault.advice();
  };
  try {
    const Board board(opener);
    listing.identity = board.info().usb;
    listing.logic = board.info().logic;
  } catch (const NoPermission& fault) {
    failed(UsbAccess::no_permission, fault);
  } catch (const Busy& fault) {
    failed(UsbAccess::in_use, fault);
  } catch (const WrongDevice& fault) {
    failed(UsbAccess::free, fault);
  } catch (const DeviceFault& fault) {
    failed(UsbAccess::failed, fault);
  }
}

std::string kind_of(std::uint16_t vendor, std::uint16_t product) {
  for (const UsbBoardId& id : kUsbBoards)
    if (id.vendor == vendor && id.product == product) return std::string(id.name);
  return "";
}

}  // namespace

std::unique_ptr<Board> open_board(const std::string& selector, BoardOptions options) {
  if (selector == "virtual") {
    if (!options.wait) options.wait = [](Milliseconds) {};  // its time passes only when it is asked something
    return std::make_unique<Board>(virtual_opener(), std::move(options));
  }
  if (selector.starts_with(kUsbipPrefix)) return std::make_unique<Board>(usbip_opener(selector), std::move(options));
  try {
    return std::make_unique<Board>(usb_opener(selector), std::move(options));
  } catch (const NotFound& fault) {
    throw NotFound(selector.empty() ? fault.what() : fmt::format("there is no board \"{}\": {}", selector, fault.what()),
                   fmt::format("{}{}A board is named by its {}; `virtual` needs no hardware.", fault.advice(),
                               fault.advice().empty() ? "" : " ", kBoardSelectors));
  }
}

std::optional<UsbipPlace> parse_usbip_place(const std::string& text) {
  // The same text as in an address, which has a bus id in addition.
  const auto address = usbip::parse_address(kUsbipPrefix + text + "/1-1");
  if (!address || text.find('/') != std::string::npos) return std::nullopt;
  return UsbipPlace{address->host, address->port};
}

std::vector<BoardListing> list_usb_boards() {
  const auto context = std::make_shared<UsbContext>();
  std::vector<BoardListing> all;
  for (const UsbBoardId& id : kUsbBoards) {
    for (const UsbListing& usb : list_usb(*context, id.vendor, id.product)) {
      BoardListing listing{usb.identity.location, std::string(id.name), usb.identity, usb.access, std::nullopt, usb.problem, usb.advice};
      if (usb.access == UsbAccess::free)
        look_into(listing, [&] { return open_usb(context, {id.vendor, id.product, usb.identity.location}); });
      all.push_back(std::move(listing));
    }
  }
  return all;
}

std::vector<BoardListing> list_usbip_boards(const UsbipPlace& server) {
  std::vector<BoardListing> all;
  for (const usbip::Device& device : list_usbip(server.host, server.port)) {
    const std::string kind = kind_of(device.vendor, device.product);
    if (kind.empty()) continue;
    const usbip::Address address{server.host, server.port, device.bus_id};
    BoardListing listing{usbip::to_text(address), kind, {}, UsbAccess::free, std::nullopt, "", ""};
    listing.identity.vendor = device.vendor;
    listing.identity.product = device.product;
    listing.identity.version = device.version;
    listing.identity.location = listing.selector;
    look_into(listing, [&] { return std::make_unique<UsbipTransport>(address); });
    all.push_back(std::move(listing));
  }
  return all;
}

BoardListing virtual_listing() {
  BoardListing listing{"virtual", std::string(kUsbBoards[0].name), {}, UsbAccess::free, std::nullopt, "", ""};
  look_into(listing, virtual_opener());
  return listing;
}

}  // namespace spikeloop::firmware
