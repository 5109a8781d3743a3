// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/boards.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/transport/recording_transport.hpp"
#include "firmware-interface/transport/replay_transport.hpp"
#include "firmware-interface/transport/usb_describe.hpp"
#include "firmware-interface/transport/usb_ids.hpp"
#include "firmware-interface/transport/usb_transport.hpp"
#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"

namespace spikeloop::firmware {
namespace {

constexpr const char* kUsbipPrefix = "usbip:";
constexpr const char* kReplayPrefix = "replay:";

// On USB, and again by the same serial: a board that was plugged in again may have another bus id.
Board::Opener usb_opener(std::string which) {
  return [context = std::make_shared<UsbContext>(), which = std::move(which)]() mutable -> std::unique_ptr<Transport> {
    auto transport = open_usb(context, {kVendorId, kProductId, which});
    if (!transport->identity().serial.empty()) which = transport->identity().serial;
    return transport;
  };
}

// A board of its own for each conversation; what it was programmed with survives a reconnect.
Board::Opener virtual_opener(const VirtualBoardOptions& options = {}) {
  return [device = make_virtual_board(options)] { return std::make_unique<Loopback>(device); };
}

// The bus id is taken at its word; if the server has none such, it may be a serial, for which all that are free are asked.
std::unique_ptr<Transport> open_at_server(const usbip::Address& address, const Ask& ask) {
  constexpr Milliseconds kTimeout{5000};
  try {
    return std::make_unique<UsbipTransport>(address, kTimeout, ask);
  } catch (const NotFound&) {
    for (const usbip::Device& device : list_usbip(address.host, address.port, kTimeout, ask)) {
      if (device.vendor != kVendorId || device.product != kProductId) continue;
      try {
        auto one = std::make_unique<UsbipTransport>(usbip::Address{address.host, address.port, device.bus_id}, kTimeout, ask);
        if (one->identity().serial == address.bus_id) return one;
      } catch (const DeviceFault&) {  // in use, say: not ours to have
      }
    }
    throw;
  }
}

Board::Opener usbip_opener(const std::string& selector, const Ask& ask) {
  return [address = usbip::parse_address(selector).value(), ask] { return open_at_server(address, ask); };
}

Board::Opener replay_opener(const std::string& file) {
  return [file] { return ReplayTransport::open(file); };
}

Board::Opener recorded(Board::Opener opener, const std::filesystem::path& file) {
  if (file.empty()) return opener;
  return [opener = std::move(opener), file] { return RecordingTransport::create(opener(), file); };
}

std::string kind_of(std::uint16_t vendor, std::uint16_t product) {
  for (const UsbBoardId& id : kUsbBoards)
    if (id.vendor == vendor && id.product == product) return std::string(id.name);
  return "";
}

// Opens a board for a moment, to see whether it is one that we can talk to.
void look_into(BoardListing& listing, const Board::Opener& opener) {
  const auto failed = [&](UsbAccess access, const DeviceFault& fault) {
    listing.access = access;
    listing.problem = fault.what();
    listing.advice = fault.advice();
  };
  const auto opened = [&] {
    auto transport = opener();
    listing.identity = transport->identity();  // also of one that turns out to be no board of ours
    return transport;
  };
  try {
    const Board board(opened);
    listing.logic = board.info().logic;
  } catch (const NoPermission& fault) {
    failed(UsbAccess::no_permission, fault);
  } catch (const Busy& fault) {
    failed(UsbAccess::in_use, fault);
  } catch (const WrongChips& fault) {
    failed(UsbAccess::free, fault);
    listing.misfit = Misfit::chips;
  } catch (const WrongDevice& fault) {
    failed(UsbAccess::free, fault);
    listing.misfit = kind_of(listing.identity.vendor, listing.identity.product).empty() ? Misfit::device : Misfit::firmware;
  } catch (const DeviceFault& fault) {
    failed(UsbAccess::failed, fault);
  }
}

}  // namespace

std::string selector_fault(const std::string& selector) {
  if (selector.starts_with(kUsbipPrefix) && !usbip::parse_address(selector))
    return fmt::format("\"{}\" names no board at a USB/IP server; write usbip:HOST[:PORT]/BUSID, like usbip:127.0.0.1:3240/1-1", selector);
  if (selector == kReplayPrefix) return "replay: names no file; write replay:FILE";
  return "";
}

std::unique_ptr<Board> open_board(const std::string& selector, BoardOptions options, const OpenOptions& open) {
  if (const std::string fault = selector_fault(selector); !fault.empty()) throw NotFound(fault);
  const bool is_virtual = selector == "virtual", replays = selector.starts_with(kReplayPrefix);
  if ((is_virtual || replays) && !options.wait) options.wait = [](Milliseconds) {};  // their time passes only when they are asked something
  const auto board = [&](Board::Opener opener) {
    return std::make_unique<Board>(recorded(std::move(opener), open.record), std::move(options));
  };
  if (is_virtual) return board(virtual_opener(open.virtual_board));
  if (replays) return board(replay_opener(selector.substr(std::string_view(kReplayPrefix).size())));
  if (selector.starts_with(kUsbipPrefix)) return board(usbip_opener(selector, open.ask));
  try {
    return board(usb_opener(selector));
  } catch (const NotFound& fault) {
    throw NotFound(selector.empty() ? fault.what() : fmt::format("there is no board \"{}\": {}", selector, fault.what()),
                   fmt::format("{} A board is named by its {}; `virtual` needs no hardware.", fault.advice(), kBoardSelectors));
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
      BoardListing listing{usb.identity.location, std::string(id.name), usb.identity, usb.access,
                           std::nullopt,          usb.problem,          usb.advice,   usb.users};
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
    BoardListing listing;
    listing.selector = usbip::to_text(address);
    listing.kind = kind;
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
  BoardListing listing;
  listing.selector = "virtual";
  listing.kind = kUsbBoards[0].name;
  look_into(listing, virtual_opener());
  return listing;
}

}  // namespace spikeloop::firmware
