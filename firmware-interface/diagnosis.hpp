// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interface/boards.hpp"

namespace spikeloop::firmware {

/// What a finding is: the first two keep no board from being used. `no_library`: there is no libusb, or one without
/// the functions that we call; `library`: it does not start, or cannot do what we need.
enum class FindingKind {
  good,
  note,
  no_library,
  library,
  no_usb,
  no_device,
  no_permission,
  busy,
  wrong_device,
  wrong_firmware,
  wrong_chips,
  failed
};

/// One thing that was looked at.
struct Finding {
  FindingKind kind = FindingKind::good;
  std::string what;
  std::string advice;  ///< what to do; empty where nothing is to be done
  bool is_bad() const { return kind != FindingKind::good && kind != FindingKind::note; }
};
/// "good", "no permission".
const char* to_text(FindingKind kind);

/// Looks for what keeps boards from being used, step by step: libusb (the file `library`), the bus, each board, and a USB/IP server if one
/// is named.
std::vector<Finding> diagnose(const std::optional<UsbipPlace>& server = std::nullopt, const std::string& library = kLibusb);

/// What a board's listing amounts to.
Finding finding_of(const BoardListing& board);
/// What it means that the bus cannot be listed, or libusb not be loaded.
Finding finding_of(const DeviceFault& fault);
/// What a libusb is good for: `version` as people write it, whether it can tell when boards come and go.
Finding finding_of_libusb(const std::string& version, bool has_hotplug);

/// The text of udev/70-spikeloop.rules.
std::string_view udev_rules();

}  // namespace spikeloop::firmware
