// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware_usb/usbfs_node.hpp"

#include <fmt/format.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace spikeloop::firmware {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPacket = 512;  // of a high-speed bulk endpoint

void check(bool ok, GError* error) {
  if (!ok) throw std::runtime_error(error != nullptr ? error->message : "umockdev failed");
}

std::uint8_t endpoint_of(const usbdevfs_urb& urb) { return urb.type == USBDEVFS_URB_TYPE_CONTROL ? 0 : urb.endpoint; }

}  // namespace

UsbfsPort::Node::Node(const UsbfsBed& bed, std::shared_ptr<Shared> shared, int number)
    : bed_(bed),
      shared_(std::move(shared)),
      number_(number),
      name_(fmt::format("{}-{}", shared_->options.bus, shared_->options.port)),
      file_(fmt::format("/dev/bus/usb/{:03}/{:03}", shared_->options.bus, number)),
      handler_(umockdev_ioctl_base_new()),
      configuration_(shared_->options.configuration) {}

UsbfsPort::Node::~Node() {
  if (terminal_ >= 0) ::close(terminal_);
  if (file_end_ >= 0) ::close(file_end_);
}

std::string UsbfsPort::Node::sysfs() const { return fmt::format("/sys/devices/usb{}/{}", shared_->options.bus, name_); }

std::string UsbfsPort::Node::description() const {
  const UsbDescriptors& d = shared_->device.descriptors();
  const auto word = [&](std::size_t at) { return std::to_integer<int>(d.device[at]) | std::to_integer<int>(d.device[at + 1]) << 8; };
  const UsbfsOptions& o = shared_->options;
  // No line "N:": the file is there already, and the event "add", sent last, cannot overtake it.
  std::string text = fmt::format(
      "P: /devices/usb{0}/{1}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\nE: DEVNAME={2}\nE: BUSNUM={0:03}\nE: DEVNUM={3:03}\n"
      "E: PRODUCT={4:x}/{5:x}/{6:x}\nA: busnum={0}\\n\nA: devnum={3}\\n\nA: speed=480\\n\nA: dev=189:{7}\\n\nA: idVendor={4:04x}\\n\n"
      "A: idProduct={5:04x}\\n\nA: bConfigurationValue={8}\n",
      o.bus, name_, file_, number_, word(8), word(10), word(12), (o.bus - 1) * 128 + number_ - 1,
      configuration_ == 0 ? "" : fmt::format("{}\\n", configuration_));  // empty where no configuration is active
  const auto attribute = [&](const char* key, std::size_t at) {
    const auto index = std::to_integer<std::size_t>(d.device[at]);
    if (index != 0 && o.kernel_strings) text += fmt::format("A: {}={}\\n\n", key, d.strings.at(index - 1));
  };
  attribute("manufacturer", 14);
  attribute("product", 15);
  attribute("serial", 16);
  text += "H: descriptors=";
  const auto hex = [&](const std::vector<std::byte>& bytes) {
    for (const std::byte b : bytes) text += fmt::format("{:02X}", std::to_integer<unsigned>(b));
  };
  hex(d.device);
  for (const auto& configuration : d.configurations) hex(configuration);
  return text + "\n";
}

void UsbfsPort::Node::make_file() {
  const fs::path real = bed_.root() + file_;
  fs::create_directories(real.parent_path());
  fs::remove(real);
  char name[64];
  if (::openpty(&terminal_, &file_end_, name, nullptr, nullptr) != 0) throw std::runtime_error("no pseudo-terminal to be had");
  fs::create_symlink(name, real);
  set_ready(false);
}

void UsbfsPort::Node::set_ready(bool ready) {
  if (ready != ready_ && terminal_ >= 0) ::tcflow(file_end_, ready ? TCOON : TCOOFF);
  ready_ = ready;
}

void UsbfsPort::Node::plug() {
  // Callbacks come from umockdev's thread, also late ones of a file that is being closed: they share this object.
  g_signal_connect_data(
      handler_, "handle-ioctl", G_CALLBACK(&Node::on_ioctl), new std::shared_ptr<Node>(shared_from_this()),
      [](gpointer self, GClosure*) { delete static_cast<std::shared_ptr<Node>*>(self); }, GConnectFlags(0));
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->device.reset();
    make_file();
  }
  GError* error = nullptr;
  check(umockdev_testbed_attach_ioctl(bed_.native(), file_.c_str(), handler_, &error), error);
  check(umockdev_testbed_add_from_string(bed_.native(), description().c_str(), &error), error);
}

void UsbfsPort::Node::unplug() {
  {
    const std::lock_guard lock(shared_->mutex);
    if (gone_) return;
    gone_ = true;
    while (!pending_.empty()) finish(pending_.begin(), -ESHUTDOWN);
    ::close(terminal_);
    terminal_ = -1;
    release(claimed_by_);
  }
  umockdev_testbed_uevent(bed_.native(), sysfs().c_str(), "remove");
  umockdev_testbed_remove_device(bed_.native(), sysfs().c_str());
  fs::remove(bed_.root() + file_);
  umockdev_testbed_detach_ioctl(bed_.native(), file_.c_str(), nullptr);
}

void UsbfsPort::Node::dispose() { g_clear_object(&handler_); }

gboolean UsbfsPort::Node::on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, std::shared_ptr<Node>* self) {
  int error = 0;
  {
    const std::lock_guard lock((*self)->shared_->mutex);
    ++(*self)->shared_->counts.ioctls;
    (*self)->watch(client);
    error = (*self)->answer(client, umockdev_ioctl_client_get_request(client), umockdev_ioctl_client_get_arg(client));
  }
  umockdev_ioctl_client_complete(client, error == 0 ? 0 : -1, error);
  return TRUE;
}

// umockdev has a signal "client-vanished", but in the versions looked at nothing sends it; yet it frees what stands for an open file when
// that is closed, or when the process that had it open has ended.
void UsbfsPort::Node::watch(UMockdevIoctlClient* client) {
  if (clients_.insert(client).second) g_object_weak_ref(G_OBJECT(client), &Node::on_closed, new std::shared_ptr<Node>(shared_from_this()));
}

void UsbfsPort::Node::on_closed(gpointer data, GObject* gone) {
  const std::unique_ptr<std::shared_ptr<Node>> self(static_cast<std::shared_ptr<Node>*>(data));
  Node& node = **self;
  const auto* client = reinterpret_cast<const UMockdevIoctlClient*>(gone);
  const std::lock_guard lock(node.shared_->mutex);
  node.clients_.erase(gone);
  for (Urbs* urbs : {&node.pending_, &node.finished_}) {
    urbs->remove_if([&](const Urb& u) {
      if (u.owner == client && u.copy != nullptr) g_object_unref(u.copy);
      return u.owner == client;
    });
  }
  if (node.claimed_by_ == client) node.release(client);
  if (node.finished_.empty()) node.set_ready(false);
}

int UsbfsPort::Node::answer(UMockdevIoctlClient* client, unsigned long request, UMockdevIoctlData* argument) {
  if (request == USBDEVFS_REAPURB || request == USBDEVFS_REAPURBNDELAY) return reap(client, argument);
  if (gone_) return ENODEV;
  switch (request) {
    case USBDEVFS_GET_CAPABILITIES: {
      const std::uint32_t can = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                                USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
      UMockdevIoctlData* into = umockdev_ioctl_data_resolve(argument, 0, sizeof can, nullptr);
      if (into == nullptr) return EFAULT;  // the process has ended
      std::memcpy(into->data, &can, sizeof can);
      g_object_unref(into);
      return 0;
    }
    case USBDEVFS_SUBMITURB:
      return submit(client, argument);
    case USBDEVFS_DISCARDURB:
      return discard(client, argument);
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_DISCONNECT_CLAIM:
      return claim(client);
    case USBDEVFS_RELEASEINTERFACE:
      if (claimed_by_ != client) return EINVAL;
      release(client);
      return 0;
    case USBDEVFS_SETCONFIGURATION:
      return configure(client, argument);
    case USBDEVFS_CLEAR_HALT:
      ++shared_->counts.clear_halts;
      return 0;
    case USBDEVFS_RESET:
      shared_->device.reset();
      return 0;
    case USBDEVFS_RESETEP:
    case USBDEVFS_SETINTERFACE:
      return 0;
    case USBDEVFS_GETDRIVER:
      return ENODATA;
    default:
      return ENOTTY;
  }
}

int UsbfsPort::Node::submit(UMockdevIoctlClient* client, UMockdevIoctlData* argument) {
  ++shared_->counts.submits;
  Urb u{client, *reinterpret_cast<unsigned long*>(argument->data), nullptr, nullptr, nullptr};
  if (shared_->options.memory == UsbfsMemory::in_place) {
    u.urb = reinterpret_cast<usbdevfs_urb*>(u.address);
    u.buffer = static_cast<std::byte*>(u.urb->buffer);
  } else {
    u.copy = umockdev_ioctl_data_resolve(argument, 0, sizeof(usbdevfs_urb), nullptr);
    if (u.copy == nullptr) return EFAULT;
    u.urb = reinterpret_cast<usbdevfs_urb*>(u.copy->data);
    UMockdevIoctlData* buffer =
        umockdev_ioctl_data_resolve(u.copy, offsetof(usbdevfs_urb, buffer), static_cast<std::size_t>(u.urb->buffer_length), nullptr);
    u.buffer = buffer == nullptr ? nullptr : reinterpret_cast<std::byte*>(buffer->data);
    if (buffer != nullptr) g_object_unref(buffer);  // the URB's copy keeps it
  }
  // Nothing else is served; and what is read from a process that has just ended is all zeros.
  const bool is_control = u.urb->type == USBDEVFS_URB_TYPE_CONTROL && u.urb->buffer_length >= 8;
  if (u.buffer == nullptr || (u.urb->type != USBDEVFS_URB_TYPE_BULK && !is_control)) {
    if (u.copy != nullptr) g_object_unref(u.copy);
    return EINVAL;
  }
  pending_.push_back(u);
  serve();
  return 0;
}

int UsbfsPort::Node::reap(UMockdevIoctlClient* client, UMockdevIoctlData* argument) {
  const auto at = std::find_if(finished_.begin(), finished_.end(), [&](const Urb& u) { return u.owner == client; });
  if (at == finished_.end()) {
    if (!gone_) ++shared_->counts.idle_reaps;
    return gone_ ? ENODEV : EAGAIN;
  }
  UMockdevIoctlData* into = at->copy == nullptr ? nullptr : umockdev_ioctl_data_resolve(argument, 0, sizeof(void*), nullptr);
  if (at->copy != nullptr && into == nullptr) return EFAULT;
  const Urb u = *at;
  finished_.erase(at);
  if (finished_.empty()) set_ready(false);
  if (u.copy == nullptr) {
    **reinterpret_cast<unsigned long**>(argument->data) = u.address;
    return 0;
  }
  umockdev_ioctl_data_set_ptr(into, 0, u.copy);
  g_object_unref(into);
  g_object_unref(u.copy);
  return 0;
}

int UsbfsPort::Node::discard(UMockdevIoctlClient* client, UMockdevIoctlData* argument) {
  ++shared_->counts.discards;
  const auto address = *reinterpret_cast<unsigned long*>(argument->data);
  const auto at = std::find_if(pending_.begin(), pending_.end(), [&](const Urb& u) { return u.owner == client && u.address == address; });
  if (at == pending_.end()) return EINVAL;
  at->cancelled = true;
  if (!shared_->cancels_ignored) finish(at, -ENOENT);
  return 0;
}

void UsbfsPort::Node::finish_cancelled() {
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto urb = at++;
    if (urb->cancelled) finish(urb, -ENOENT);
  }
}

int UsbfsPort::Node::claim(UMockdevIoctlClient* client) {
  if (claimed_by_ != nullptr) return claimed_by_ == client ? 0 : EBUSY;
  claimed_by_ = client;
  const fs::path interface = fmt::format("{}{}/{}:{}.0", bed_.root(), sysfs(), name_, configuration_);
  fs::create_directories(interface);
  fs::create_symlink("../../../../bus/usb/drivers/usbfs", interface / "driver");
  return 0;
}

void UsbfsPort::Node::release(const UMockdevIoctlClient* client) {
  if (client == nullptr) return;
  claimed_by_ = nullptr;
  std::error_code none;
  fs::remove_all(fmt::format("{}{}/{}:{}.0", bed_.root(), sysfs(), name_, configuration_), none);
}

int UsbfsPort::Node::configure(const UMockdevIoctlClient* client, UMockdevIoctlData* argument) {
  if (claimed_by_ != nullptr && claimed_by_ != client) return EBUSY;
  UMockdevIoctlData* value = umockdev_ioctl_data_resolve(argument, 0, sizeof(int), nullptr);
  if (value == nullptr) return EFAULT;
  configuration_ = value->data[0];
  g_object_unref(value);
  ++shared_->counts.configurations;
  shared_->device.configured(configuration_);
  std::ofstream(bed_.root() + sysfs() + "/bConfigurationValue") << int{configuration_} << '\n';
  return 0;
}

void UsbfsPort::Node::finish(Urbs::iterator at, int status) {
  at->urb->status = status;
  at->urb->actual_length = static_cast<int>(at->done);
  finished_.splice(finished_.end(), pending_, at);
  set_ready(true);
}

// True if an injected fault has ended the transfer.
bool UsbfsPort::Node::fail(Urbs::iterator at) {
  auto& faults = shared_->faults[endpoint_of(*at->urb)];
  if (faults.empty()) return false;
  const Shared::Fault fault = faults.front();
  faults.pop_front();
  at->done = std::min(fault.bytes, static_cast<std::size_t>(at->urb->buffer_length));
  finish(at, -fault.error);
  return true;
}

void UsbfsPort::Node::serve_control(Urbs::iterator at) {
  if (fail(at)) return;
  const UsbSetup setup = decode_setup(std::span<const std::byte, 8>(at->buffer, 8));
  const std::span<std::byte> payload(at->buffer + 8, setup.length);
  const auto result = answer_control(shared_->device, configuration_, setup, setup.is_in() ? std::span<std::byte>() : payload);
  if (!result) return finish(at, -EPIPE);
  if (setup.is_in()) std::copy_n(result->begin(), std::min(result->size(), payload.size()), payload.begin());
  at->done = setup.is_in() ? std::min(result->size(), payload.size()) : payload.size();  // of the data stage only
  finish(at, 0);
}

// A bulk transfer ends when it is full or after a packet that is not; until then what has come stays in it. False = the device has no more.
bool UsbfsPort::Node::serve_bulk_in(Urbs::iterator at) {
  if (fail(at)) return true;
  const auto length = static_cast<std::size_t>(at->urb->buffer_length);
  while (at->done < length) {
    const std::size_t room = std::min(kPacket, length - at->done);
    const std::size_t n = shared_->device.bulk_in(at->urb->endpoint, {at->buffer + at->done, room});
    if (n == 0) return false;
    at->done += n;
    if (n < kPacket) break;
  }
  finish(at, (at->urb->flags & USBDEVFS_URB_SHORT_NOT_OK) != 0 && at->done < length ? -EREMOTEIO : 0);
  return true;
}

void UsbfsPort::Node::serve() {
  std::map<std::uint8_t, bool> waits;  // an endpoint's first transfer that cannot be answered keeps those behind it waiting
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto urb = at++;
    const std::uint8_t endpoint = endpoint_of(*urb->urb);
    if (urb->cancelled || shared_->held[endpoint] || waits[endpoint]) continue;
    if (endpoint == 0) {
      serve_control(urb);
    } else if ((endpoint & 0x80) != 0) {
      waits[endpoint] = !serve_bulk_in(urb);
    } else if (!fail(urb)) {
      urb->done = static_cast<std::size_t>(urb->urb->buffer_length);
      finish(urb, shared_->device.bulk_out(endpoint, {urb->buffer, urb->done}) ? 0 : -EPIPE);
    }
  }
}

std::size_t UsbfsPort::Node::waiting(std::uint8_t endpoint) const {
  return static_cast<std::size_t>(
      std::count_if(pending_.begin(), pending_.end(), [&](const Urb& u) { return endpoint_of(*u.urb) == endpoint; }));
}

}  // namespace spikeloop::firmware
