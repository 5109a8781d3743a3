// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware_usb/usbfs.hpp"

#include <stdexcept>

#include "tests/firmware_usb/usbfs_node.hpp"

namespace spikeloop::firmware {

UsbfsBed::UsbfsBed() : bed_(umockdev_testbed_new()) {
  if (!umockdev_in_mock_environment())  // true only once there is a bed; the first answer is kept for ever
    throw std::runtime_error("this program must run under umockdev-wrapper");
  char* root = umockdev_testbed_get_root_dir(bed_);
  root_ = root;
  g_free(root);
}

UsbfsBed::~UsbfsBed() { g_object_unref(bed_); }

UsbfsPort::UsbfsPort(UsbfsBed& bed, UsbDevice& device, UsbfsOptions options)
    : bed_(bed), shared_(std::make_shared<Shared>(device, std::move(options))) {}

UsbfsPort::~UsbfsPort() {
  unplug();
  for (const auto& node : nodes_) node->dispose();
}

void UsbfsPort::plug() {
  unplug();
  auto node = std::make_shared<Node>(bed_, shared_, bed_.next_number());
  node->plug();
  const std::lock_guard lock(shared_->mutex);
  nodes_.push_back(std::move(node));
}

void UsbfsPort::unplug() {
  if (!nodes_.empty()) nodes_.back()->unplug();
}

void UsbfsPort::with_device(const std::function<void()>& use) {
  const std::lock_guard lock(shared_->mutex);
  use();
  if (!nodes_.empty() && !nodes_.back()->gone()) nodes_.back()->serve();
}

void UsbfsPort::fail_next(std::uint8_t endpoint, int error, std::size_t bytes) {
  with_device([&] { shared_->faults[endpoint].push_back({error, bytes}); });
}

void UsbfsPort::hold(std::uint8_t endpoint, bool held) {
  with_device([&] { shared_->held[endpoint] = held; });
}

void UsbfsPort::ignore_cancels(bool ignored) {
  const std::lock_guard lock(shared_->mutex);
  shared_->cancels_ignored = ignored;
  if (!ignored && !nodes_.empty()) nodes_.back()->finish_cancelled();
}

const std::string& UsbfsPort::node() const { return nodes_.back()->file(); }

UsbfsCounts UsbfsPort::counts() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->counts;
}

std::size_t UsbfsPort::waiting(std::uint8_t endpoint) const {
  const std::lock_guard lock(shared_->mutex);
  return nodes_.empty() ? 0 : nodes_.back()->waiting(endpoint);
}

}  // namespace spikeloop::firmware
