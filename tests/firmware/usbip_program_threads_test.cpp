// SPDX-License-Identifier: Apache-2.0
// Debian's own usbip program against our server: it needs no kernel support to list.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "firmware-interface/virtual_boards.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

std::string usbip_program() {
  for (const char* path : {"/usr/sbin/usbip", "/usr/bin/usbip", "/usr/local/sbin/usbip"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

std::string output_of(const std::string& command) {
  std::string text;
  const auto close = [](std::FILE* pipe) { ::pclose(pipe); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen(command.c_str(), "r"), close);
  std::array<char, 512> chunk{};
  while (pipe && std::fgets(chunk.data(), static_cast<int>(chunk.size()), pipe.get()) != nullptr) text += chunk.data();
  return text;
}

/// What it lists of a server; skips the test where there is no such program.
class UsbipProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (program_.empty()) GTEST_SKIP() << "NOT TESTED: there is no program usbip here. On Debian: apt-get install usbip";
  }
  void expect_listed(const UsbipServer& server, std::initializer_list<const char*> parts) const {
    const std::string text = output_of(program_ + " --tcp-port " + std::to_string(server.port()) + " list -r 127.0.0.1 2>&1");
    for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << part << " is not in:\n" << text;
  }

 private:
  const std::string program_ = usbip_program();
};

TEST_F(UsbipProgram, ListsOurDevices) {
  UsbipServer server({.port = 0});
  server.add("1-1", std::make_shared<CounterDevice>(), std::make_shared<WallClock>());
  server.add("7-2.1", std::make_shared<CounterDevice>(), std::make_shared<WallClock>());
  expect_listed(server, {"1-1:", "7-2.1:", "(1209:0001)", "/sys/devices/virtual/spikeloop/1-1", "Vendor Specific Class"});
}

TEST_F(UsbipProgram, ListsTheVirtualBoard) {
  UsbipServer server({.port = 0});
  server.add("1-1", make_virtual_board(), std::make_shared<WallClock>());
  expect_listed(server, {"1-1:", "(152a:841d)", "(ff/00/00)"});
}

}  // namespace
}  // namespace spikeloop::firmware
