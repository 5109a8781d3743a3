// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/usbip_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "firmware-interface/transport/errors.hpp"
#include "firmware-interface/virtual_board/usbip_session.hpp"

namespace spikeloop::firmware {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr std::size_t kMaxSessions = 64;
constexpr std::uint32_t kBusNumber = 1;

/// The device's record, as a server on a real machine would make it from sysfs.
usbip::Device record_of(const std::string& bus_id, const UsbDescriptors& d, std::uint32_t number) {
  const auto octet = [](std::span<const std::byte> bytes, std::size_t at) {
    return at < bytes.size() ? std::to_integer<std::uint8_t>(bytes[at]) : std::uint8_t{0};
  };
  const auto word = [&](std::size_t at) { return static_cast<std::uint16_t>(octet(d.device, at) | octet(d.device, at + 1) << 8); };
  usbip::Device r;
  r.path = "/sys/devices/virtual/spikeloop/" + bus_id;
  r.bus_id = bus_id;
  r.bus_number = kBusNumber;
  r.device_number = number;
  r.speed = static_cast<std::uint32_t>(usbip::Speed::kHigh);
  r.vendor = word(8);
  r.product = word(10);
  r.version = word(12);
  r.device_class = octet(d.device, 4);
  r.subclass = octet(d.device, 5);
  r.protocol = octet(d.device, 6);
  r.configurations = octet(d.device, 17);
  if (d.configurations.empty()) return r;
  const std::span<const std::byte> c = d.configurations.front();
  r.configuration = octet(c, 5);
  for (std::size_t at = 0; octet(c, at) >= 2; at += octet(c, at))
    if (octet(c, at + 1) == static_cast<std::uint8_t>(DescriptorType::kInterface) && octet(c, at + 3) == 0)
      r.interfaces.push_back({octet(c, at + 5), octet(c, at + 6), octet(c, at + 7)});
  r.interface_count = static_cast<std::uint8_t>(r.interfaces.size());
  return r;
}

}  // namespace

class UsbipServer::Impl {
 public:
  explicit Impl(const UsbipServerOptions& options) : work_(asio::make_work_guard(io_)), acceptor_(io_) {
    listen(options);
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  /// Does something on the server's thread, and waits for it; after `stop` here.
  template <class Act>
  auto on_thread(Act act) -> decltype(act()) {
    const std::scoped_lock lock(calling_);
    if (stopped_) return act();
    const auto task = std::make_shared<std::packaged_task<decltype(act())()>>(std::move(act));
    auto result = task->get_future();
    asio::post(io_, [task] { (*task)(); });
    return result.get();
  }

  void add(const std::string& bus_id, std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock) {
    usbip::encode_import_request(bus_id);  // throws if it is no bus id
    auto board = std::make_shared<ExportedBoard>(std::move(device), std::move(clock));
    if (boards_.contains(bus_id)) throw std::invalid_argument(fmt::format("there is a device {} already", bus_id));
    board->record = record_of(bus_id, board->run.device().descriptors(), ++devices_);
    boards_.emplace(bus_id, std::move(board));
  }

  bool remove(const std::string& bus_id) {
    const auto found = boards_.find(bus_id);
    if (found == boards_.end()) return false;
    const auto board = found->second;
    boards_.erase(found);
    if (board->importer != nullptr) board->importer->close();
    return true;
  }

  void stop() noexcept {
    const std::scoped_lock lock(calling_);
    if (std::exchange(stopped_, true)) return;
    asio::post(io_, [this] {
      Error ignored;
      acceptor_.close(ignored);
      retry_.cancel();
      const auto sessions = sessions_;
      for (const auto& session : sessions) session->close();
    });
    work_.reset();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  UsbipServerCounts counts() { return counts_; }

 private:
  void listen(const UsbipServerOptions& options) {
    Error error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) throw std::invalid_argument(fmt::format("{}: no address in numbers; write one like 127.0.0.1", options.address));
    if (!address.is_loopback() && !options.allow_remote)
      throw WouldExpose(fmt::format("{}: others could reach the boards there, and USB/IP asks nobody who he is", options.address),
                        "keep to 127.0.0.1 and an SSH tunnel, or allow remote clients explicitly");
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    const std::string place = fmt::format("{}:{}", options.address, options.port);
    if (error == asio::error::address_in_use)
      throw Busy(place + ": the port is in use", "end the other server, or name another port (0 = any that is free)");
    if (error == asio::error::access_denied) throw NoPermission(place + ": " + error.message(), "use a port from 1024 on");
    if (error)
      throw NotFound(fmt::format("{}: cannot listen there: {}", place, error.message()),
                     "`ip address` lists the addresses of this machine.");
    port_ = acceptor_.local_endpoint().port();
  }

  void accept() {
    acceptor_.async_accept([this](const Error& error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) return accept_later();
      open_session(std::move(socket));
      accept();
    });
  }

  /// There are too many open files, say: that may pass.
  void accept_later() {
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([this](const Error& error) {
      if (!error && acceptor_.is_open()) accept();
    });
  }

  void open_session(tcp::socket socket) {
    ++counts_.connections;
    if (sessions_.size() >= kMaxSessions && !end_an_idle_session()) return;  // the socket closes
    SessionHost host;
    host.list = [this] {
      std::vector<usbip::Device> all;
      for (const auto& [bus_id, board] : boards_) all.push_back(board->record);
      return all;
    };
    host.find = [this](const std::string& bus_id) -> std::shared_ptr<ExportedBoard> {
      const auto found = boards_.find(bus_id);
      return found == boards_.end() ? nullptr : found->second;
    };
    host.ended = [this](UsbipSession& ended) {
      std::erase_if(sessions_, [&](const std::shared_ptr<UsbipSession>& one) { return one.get() == &ended; });
    };
    host.counts = &counts_;
    sessions_.push_back(std::make_shared<UsbipSession>(io_, std::move(socket), std::move(host)));
    sessions_.back()->start();
  }

  /// The oldest one that uses no board has had its time to ask for something. False if all use one.
  bool end_an_idle_session() {
    const auto idle = std::find_if(sessions_.begin(), sessions_.end(), [](const auto& one) { return one->is_idle(); });
    if (idle == sessions_.end()) return false;
    const std::shared_ptr<UsbipSession> ended = *idle;
    ended->close();
    return true;
  }

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_{io_};
  std::uint16_t port_ = 0;
  std::mutex calling_;  ///< guards `stopped_`
  bool stopped_ = false;
  // On the thread, or after it has ended:
  std::map<std::string, std::shared_ptr<ExportedBoard>> boards_;
  std::vector<std::shared_ptr<UsbipSession>> sessions_;
  UsbipServerCounts counts_;
  std::uint32_t devices_ = 1;
  std::thread thread_;
};

UsbipServer::UsbipServer(const UsbipServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}

UsbipServer::~UsbipServer() { stop(); }

void UsbipServer::add(const std::string& bus_id, std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock) {
  impl_->on_thread([&] { impl_->add(bus_id, std::move(device), std::move(clock)); });
}

bool UsbipServer::remove(const std::string& bus_id) {
  return impl_->on_thread([&] { return impl_->remove(bus_id); });
}

std::uint16_t UsbipServer::port() const { return impl_->port(); }

UsbipServerCounts UsbipServer::counts() const {
  return impl_->on_thread([&] { return impl_->counts(); });
}

void UsbipServer::stop() noexcept { impl_->stop(); }

}  // namespace spikeloop::firmware
