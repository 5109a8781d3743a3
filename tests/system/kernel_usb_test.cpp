// SPDX-License-Identifier: Apache-2.0
// Runs in the guest (transport.guest): devices of ours, served in this process, attached by the guest's kernel, opened by its libusb. What
// is promised of every transport has to hold there, and what the kernel has limits for.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "firmware-interface/transport/usb_transport.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/transport_contract.hpp"

namespace spikeloop::firmware {
namespace {

constexpr UsbSelector kCounter{0x1209, 1, ""};

/// Within a minute, for nobody knows how slow the guest is.
bool comes_true(const std::function<bool()>& what) {
  for (int i = 0; i < 3000; ++i, std::this_thread::sleep_for(Milliseconds(20)))
    if (what()) return true;
  return false;
}

/// The folder in /sys of the device, once the kernel has configured it. There is no udev here that would tell libusb of changes, and
/// asking libusb anew each time takes long.
std::string folder_of_device() {
  const auto first_word = [](const std::filesystem::path& file) {
    std::string word;
    std::ifstream(file) >> word;
    return word;
  };
  for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/usb/devices"))
    if (first_word(entry.path() / "idVendor") == "1209" && first_word(entry.path() / "bConfigurationValue") == "1") return entry.path();
  return {};
}

/// Devices attached by the kernel, one at a time.
class OverKernel {
 public:
  ~OverKernel() { unplug(); }

  std::unique_ptr<Transport> open(std::shared_ptr<UsbDevice> device) {
    attach(std::move(device));
    return open_usb(std::make_shared<UsbContext>(), kCounter);
  }
  void attach(std::shared_ptr<UsbDevice> device) {
    server_.add("1-1", std::move(device), std::make_shared<WallClock>());
    const std::string command = "usbip --tcp-port " + std::to_string(server_.port()) + " attach -r 127.0.0.1 -b 1-1";
    EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(cert-env33-c): a fixed command
    EXPECT_TRUE(comes_true([] { return !folder_of_device().empty(); })) << "the kernel has no such device";
  }
  /// Ends when the kernel has noticed, so that the next device is not taken for this one.
  void unplug() {
    if (!server_.remove("1-1")) return;
    EXPECT_TRUE(comes_true([] { return folder_of_device().empty(); })) << "the kernel still has the device";
  }
  UsbipServerCounts counts() const { return server_.counts(); }

 private:
  UsbipServer server_{{.port = 0}};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Kernel, TransportContract, OverKernel);

class KernelUsb : public testing::Test {
 protected:
  void open() { transport_ = way_.open(std::make_shared<CounterDevice>(CounterDevice::Options{.waits = true})); }
  void start(const StreamOptions& options) {
    transport_->start_stream(options);
    transport_->control_out({CounterDevice::kStart}, {}, kWatchdog);
  }
  /// Reads at least that many bytes, and all that had arrived when the stream was stopped.
  void stream(const StreamOptions& options, std::uint64_t bytes) {
    start(options);
    EXPECT_GE(read_counters(*transport_, check_, bytes), bytes);
    transport_->control_out({CounterDevice::kStop}, {}, kWatchdog);
    transport_->stop_stream();
    read_counters(*transport_, check_, kEverything);
    EXPECT_TRUE(check_.in_order());
    EXPECT_EQ(check_.missing(), 0U) << options.transfers << " transfers of " << options.transfer_bytes << " bytes";
  }

  static constexpr std::uint64_t kEverything = 1'000'000'000;
  OverKernel way_;
  std::unique_ptr<Transport> transport_;
  CounterCheck check_;
};

// The kernel copies up to 16 KiB in one piece, up to 512 KiB (32 pieces) as a list of pieces, and more in one piece again.
TEST_F(KernelUsb, StreamsComeWholeWithTransfersOfEverySize) {
  open();
  for (const auto& [transfers, bytes] :
       {std::pair<std::size_t, std::size_t>{1, 512}, {512, 512}, {64, 16'384}, {8, 65'536}, {4, 524'288}, {3, 1'048'576}})
    stream({.transfers = transfers, .transfer_bytes = bytes}, 100'000);
}

// All transfers of all programs together get 16 MiB of the kernel's memory.
TEST_F(KernelUsb, MoreThanTheKernelHasMemoryForIsRefusedWithAdviceAndTheBoardGoesOn) {
  open();
  try {
    transport_->start_stream({.transfers = 16, .transfer_bytes = kMaxTransferBytes});
    ADD_FAILURE() << "the kernel took them all";
  } catch (const DeviceLost& fault) {
    ADD_FAILURE() << fault.what();
  } catch (const DeviceFault& fault) {
    EXPECT_NE(fault.advice().find("usbfs_memory_mb"), std::string::npos) << fault.what() << ": " << fault.advice();
  }
  stream({}, 100'000);
}

TEST_F(KernelUsb, ADeviceUnpluggedInMidStreamIsLost) {
  open();
  start({});
  EXPECT_GE(read_counters(*transport_, check_, 10'000), 10'000U);
  std::thread puller([&] { way_.unplug(); });
  EXPECT_THROW(read_counters(*transport_, check_, kEverything), DeviceLost);
  puller.join();  // no word of the order: an answer cut in the middle came out of the kernel with bytes that were never sent (once seen)
  EXPECT_THROW(transport_->control_out({CounterDevice::kStop}, {}, kWatchdog), DeviceLost);
}

TEST_F(KernelUsb, ADeviceIsFoundAgainEachTimeItIsPluggedIn) {
  for (int i = 0; i < 3; ++i) {
    open();
    stream({}, 10'000);
    check_ = {};
    transport_.reset();
    way_.unplug();
  }
}

/// Has the longest strings that there are.
class LongNames : public CounterDevice {
 public:
  explicit LongNames(const std::string& serial) : named_(CounterDevice::descriptors()) {
    named_.strings = {std::string(126, 'm'), "", serial};
  }
  const UsbDescriptors& descriptors() const override { return named_; }

 private:
  UsbDescriptors named_;
};

TEST_F(KernelUsb, TheLongestStringsAndEmptyOnesAreReadByTheKernelAndByUs) {
  const std::string serial = "S" + std::string(124, '0') + "9";
  way_.attach(std::make_shared<LongNames>(serial));
  std::string kernels;
  std::getline(std::ifstream(folder_of_device() + "/serial"), kernels);
  EXPECT_EQ(kernels, serial);
  transport_ = open_usb(std::make_shared<UsbContext>(), {kCounter.vendor, kCounter.product, serial});
  EXPECT_EQ(transport_->identity().serial, serial);
  EXPECT_EQ(transport_->identity().manufacturer, std::string(126, 'm'));
  EXPECT_EQ(transport_->identity().product_name, "");
}

// A transfer that only a second would fill is taken back half full: what it has comes with the kernel's word that it was cancelled.
TEST_F(KernelUsb, WhatATransferHadWhenItWasTakenBackIsNotLost) {
  open();
  start({.transfers = 1, .transfer_bytes = kMaxTransferBytes});
  std::this_thread::sleep_for(Milliseconds(20));
  transport_->stop_stream();
  EXPECT_GE(read_counters(*transport_, check_, kEverything), 512U);
  stream({}, 10'000);
}

TEST_F(KernelUsb, TransfersThatAreTakenBackAreAnswered) {
  open();
  for (int i = 0; i < 10; ++i) {
    transport_->start_stream({.transfers = 32});
    transport_->stop_stream();
  }
  EXPECT_GE(way_.counts().unlinks, 320U);
  EXPECT_EQ(way_.counts().bad_peers, 0U);
  stream({}, 10'000);
}

}  // namespace
}  // namespace spikeloop::firmware
