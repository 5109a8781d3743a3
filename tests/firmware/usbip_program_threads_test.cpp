// SPDX-License-Identifier: Apache-2.0
// Debian's own usbip program against our server: it needs no kernel support to list.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "firmware-interface/virtual_board/usbip_server.hpp"
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

TEST(UsbipProgram, ListsOurDevices) {
  const std::string program = usbip_program();
  if (program.empty()) GTEST_SKIP() << "NOT TESTED: there is no program usbip here. On Debian: apt-get install usbip";
  UsbipServer server({.port = 0});
  server.add("1-1", std::make_shared<CounterDevice>(), std::make_shared<WallClock>());
  server.add("7-2.1", std::make_shared<CounterDevice>(), std::make_shared<WallClock>());
  const std::string text = output_of(program + " --tcp-port " + std::to_string(server.port()) + " list -r 127.0.0.1 2>&1");
  for (const char* expected : {"1-1:", "7-2.1:", "(1209:0001)", "/sys/devices/virtual/spikeloop/1-1", "Vendor Specific Class"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << " is not in:\n" << text;
}

}  // namespace
}  // namespace spikeloop::firmware
