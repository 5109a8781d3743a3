// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>

#include "firmware-interface/transport/usb_ids.hpp"

namespace spikeloop::firmware {
namespace {

using Ids = std::set<std::pair<unsigned, unsigned>>;

TEST(UdevRules, GiveAccessToTheBoardsThatWeSpeakToAndToNoOther) {
  // `udevadm verify` came with systemd 253; Debian 12 has 252. So: comments, and lines of exactly this form.
  std::ifstream file(SPIKELOOP_SOURCE_DIR "/firmware-interface/udev/70-spikeloop.rules");
  ASSERT_TRUE(file.good());
  Ids named, known;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    unsigned vendor = 0, product = 0;
    int used = 0;
    std::sscanf(line.c_str(),
                R"(SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="%4x", ATTR{idProduct}=="%4x", TAG+="uaccess"%n)", &vendor,
                &product, &used);
    ASSERT_EQ(used, static_cast<int>(line.size())) << line;
    named.emplace(vendor, product);
  }
  for (const UsbBoardId& id : kUsbBoards) known.emplace(id.vendor, id.product);
  EXPECT_EQ(named, known);
}

}  // namespace
}  // namespace spikeloop::firmware
