// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/diagnosis.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "firmware-interface/transport/libusb_api.hpp"
#include "firmware-interface/transport/usb_describe.hpp"
#include "firmware-interface/transport/usb_ids.hpp"

namespace spikeloop::firmware {
namespace {

constexpr std::uint16_t kBareFx2Vendor = 0x04B4, kBareFx2Product = 0x8613;  // the USB chip of the board, when it finds no firmware

Finding look_at(const LibusbApi& library) {
  const libusb_version& v = *library.get_version();
  return finding_of_libusb(fmt::format("{}.{}.{}{}", v.major, v.minor, v.micro, v.rc), library.has_capability(LIBUSB_CAP_HAS_HOTPLUG) != 0);
}

Finding look_for_rule() {
  constexpr std::array kFolders = {"/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d", "/run/udev/rules.d"};
  for (const char* folder : kFolders) {
    std::error_code none;
    const auto file = std::filesystem::path(folder) / "70-spikeloop.rules";
    if (std::filesystem::exists(file, none)) return {FindingKind::good, "udev rule " + file.string(), ""};
  }
  return {FindingKind::note, "the udev rule that lets users open boards is not installed",
          "spikeloop doctor --print-udev | sudo tee /etc/udev/rules.d/70-spikeloop.rules, then sudo udevadm control --reload-rules && sudo "
          "udevadm trigger"};
}

// The bus, for what might be a board that has not started.
void look_for_bare_boards(std::vector<Finding>& findings) {
  const UsbContext context;
  for (const UsbDeviceRef& device : find_usb(context.native(), kBareFx2Vendor, kBareFx2Product))
    findings.push_back({FindingKind::wrong_firmware,
                        fmt::format("a USB chip without firmware (04b4:8613) is at {}: it may be a board's", usb_location(device.get())),
                        "Flash its firmware, or look at the jumper of its EEPROM, and plug it in again."});
}

void look_at_usb(std::vector<Finding>& findings) {
  try {
    const auto boards = list_usb_boards();
    for (const BoardListing& board : boards) findings.push_back(finding_of(board));
    look_for_bare_boards(findings);
    if (boards.empty())
      findings.push_back(
          {FindingKind::no_device, "no board is on this computer's USB",
           "Plug it in and look at its lights; `lsusb -d 152a:` lists what the system sees. Without one, `--board virtual` works."});
  } catch (const DeviceFault& fault) {
    findings.push_back(finding_of(fault));
  }
}

void look_at_server(const UsbipPlace& server, std::vector<Finding>& findings) {
  const std::string name = fmt::format("USB/IP server {}:{}", server.host, server.port);
  try {
    const auto boards = list_usbip_boards(server);
    for (const BoardListing& board : boards) findings.push_back(finding_of(board));
    if (boards.empty())
      findings.push_back({FindingKind::no_device, name + " exports no board", "Export one there: `usbip bind --busid ID`."});
  } catch (const NotFound& fault) {
    findings.push_back({FindingKind::no_device, fault.what(), fault.advice()});
  } catch (const DeviceFault& fault) {
    findings.push_back({FindingKind::failed, fault.what(), fault.advice()});
  }
}

FindingKind kind_of(Misfit misfit) {
  switch (misfit) {
    case Misfit::device:
      return FindingKind::wrong_device;
    case Misfit::firmware:
      return FindingKind::wrong_firmware;
    case Misfit::chips:
      return FindingKind::wrong_chips;
    case Misfit::none:
      break;
  }
  return FindingKind::failed;
}

}  // namespace

const char* to_text(FindingKind kind) {
  switch (kind) {
    case FindingKind::good:
      return "good";
    case FindingKind::note:
      return "note";
    case FindingKind::no_library:
      return "no library";
    case FindingKind::library:
      return "library";
    case FindingKind::no_usb:
      return "no USB";
    case FindingKind::no_device:
      return "no device";
    case FindingKind::no_permission:
      return "no permission";
    case FindingKind::busy:
      return "busy";
    case FindingKind::wrong_device:
      return "wrong device";
    case FindingKind::wrong_firmware:
      return "wrong firmware";
    case FindingKind::wrong_chips:
      return "wrong chips";
    case FindingKind::failed:
      return "failed";
  }
  return "failed";
}

Finding finding_of(const BoardListing& board) {
  if (board.usable())
    return {FindingKind::good,
            fmt::format("{} {} at {}: firmware {}, logic {}", board.kind, board.identity.serial, board.selector,
                        board.identity.version & 0xFF, board.logic.value_or(0)),
            ""};
  const auto kind = [&] {
    switch (board.access) {
      case UsbAccess::free:
        return kind_of(board.misfit);
      case UsbAccess::in_use:
        return FindingKind::busy;
      case UsbAccess::no_permission:
        return FindingKind::no_permission;
      case UsbAccess::failed:
        return FindingKind::failed;
    }
    return FindingKind::failed;
  };
  return {kind(), board.problem, board.advice};
}

Finding finding_of(const DeviceFault& fault) {
  const auto is = [&]<class Kind>() { return dynamic_cast<const Kind*>(&fault) != nullptr; };
  const FindingKind kind = is.operator()<NotFound>()         ? FindingKind::no_usb
                           : is.operator()<NoPermission>()   ? FindingKind::no_permission
                           : is.operator()<LibraryMissing>() ? FindingKind::no_library
                                                             : FindingKind::library;
  return {kind, fault.what(), fault.advice()};
}

Finding finding_of_libusb(const std::string& version, bool has_hotplug) {
  const std::string text =
      fmt::format("libusb {} is in use; this program was built with its interface 0x{:08X}", version, LIBUSB_API_VERSION);
  if (has_hotplug) return {FindingKind::good, text, ""};
  return {FindingKind::library, text + ". It cannot tell when boards come and go, and without that none is opened",
          "Install libusb 1.0.26 or later, built with udev (Debian and Ubuntu: libusb-1.0-0)."};
}

std::vector<Finding> diagnose(const std::optional<UsbipPlace>& server, const std::string& library) {
  std::vector<Finding> findings;
  try {
    findings = {look_at(load_libusb(library)), look_for_rule()};
    look_at_usb(findings);
  } catch (const LibraryMissing& fault) {
    findings = {finding_of(fault), look_for_rule()};
  }
  if (server) look_at_server(*server, findings);
  return findings;
}

}  // namespace spikeloop::firmware
