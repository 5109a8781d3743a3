// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>

#include "firmware-interface/transport/usb_ids.hpp"

namespace spikeloop::firmware {
namespace {

using Ids = std::set<std::pair<int, int>>;

TEST(UdevRules, GiveAccessToTheBoardsThatWeSpeakToAndToNoOther) {
  // `udevadm verify` came with systemd 253; Debian 12 has 252. So: comments, and lines of exactly this form.
  const std::regex rule(R"re(SUBSYSTEM=="usb", ENV\{DEVTYPE\}=="usb_device", ATTR\{idVendor\}=="([0-9a-f]{4})", )re"
                        R"re(ATTR\{idProduct\}=="([0-9a-f]{4})", TAG\+="uaccess")re");
  std::ifstream file(SPIKELOOP_SOURCE_DIR "/firmware-interface/udev/70-spikeloop.rules");
  ASSERT_TRUE(file.good());
  Ids named, known;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::smatch found;
    ASSERT_TRUE(std::regex_match(line, found, rule)) << line;
    named.emplace(std::stoi(found[1], nullptr, 16), std::stoi(found[2], nullptr, 16));
  }
  for (const UsbBoardId& id : kUsbBoards) known.emplace(id.vendor, id.product);
  EXPECT_EQ(named, known);
}

}  // namespace
}  // namespace spikeloop::firmware
