// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interface/board.hpp"
#include "firmware-interface/transport/usb_context.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"
#include "firmware-interface/virtual_boards.hpp"

/// Boards by name: which there are, how one is opened, and why it cannot be.
namespace spikeloop::firmware {

/// What `open_board` takes, for messages and help.
inline constexpr const char* kBoardSelectors = "serial, bus id (1-2), usbip:HOST[:PORT]/BUSID, replay:FILE or virtual";

/// What is wrong with the form of a selector, and how it is written; empty if nothing is.
std::string selector_fault(const std::string& selector);

/// How a board is opened.
struct OpenOptions {
  std::filesystem::path record;         ///< a new file to which the conversation is recorded; empty = none
  Ask ask = nullptr;                    ///< while a USB/IP server is waited for
  VirtualBoardOptions virtual_board{};  ///< which board "virtual" is
};

/// Opens a board by its serial or bus id on this computer's USB, at a USB/IP server ("usbip:HOST[:PORT]/BUSID", the bus id or the serial),
/// one in this process ("virtual"), or a recording, which answers as the board did as long as it is asked the same ("replay:FILE"); empty =
/// the only one on USB. Reopens it, by its serial, at `Board::reconnect`. Throws NotFound, which lists what there is, NoPermission, Busy,
/// WrongDevice, or what else goes wrong.
std::unique_ptr<Board> open_board(const std::string& selector, BoardOptions options = {}, const OpenOptions& open = {});

/// What of a board that answers is other than we need.
enum class Misfit { none, device, firmware, chips };

/// A board that is there.
struct BoardListing {
  std::string selector;  ///< what `open_board` opens it by
  std::string kind;      ///< "DYNAP-SE1"
  DeviceIdentity identity;
  UsbAccess access = UsbAccess::free;
  std::optional<unsigned> logic;  ///< version; known of boards that are free and ours
  std::string problem, advice;    ///< why it cannot be used, who uses it
  std::string users;              ///< who uses it, as far as that can be seen; empty at a server, which does not say
  Misfit misfit = Misfit::none;   ///< `device`: it is none that we know, whatever it was listed as; `firmware` stands for logic too
  bool usable() const { return access == UsbAccess::free && problem.empty(); }
};

/// A USB/IP server.
struct UsbipPlace {
  std::string host;
  std::uint16_t port = usbip::kPort;
};
/// "HOST", "HOST:PORT", "[IPv6]:PORT"; nothing if it is none.
std::optional<UsbipPlace> parse_usbip_place(const std::string& text);

/// Boards on USB, in the order of bus ids. Those that are free are opened for a moment. Throws where the system has no USB, or
/// no libusb (LibraryMissing).
std::vector<BoardListing> list_usb_boards();
/// Boards at a server. Those that are free are imported for a moment. Throws as `list_usbip` does.
std::vector<BoardListing> list_usbip_boards(const UsbipPlace& server);
/// The board in this process.
BoardListing virtual_listing();

}  // namespace spikeloop::firmware
