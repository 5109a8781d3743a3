// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/frame_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace spikeloop::firmware {

namespace asio = boost::asio;
using Error = boost::system::error_code;

FrameSocket::FrameSocket(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void FrameSocket::start(OnBytes on_bytes, OnEnd on_end) {
  on_bytes_ = std::move(on_bytes);
  on_end_ = std::move(on_end);
  read();
}

void FrameSocket::read() {
  if (!open_ || held_ || reading_) return;
  reading_ = true;
  socket_.async_read_some(asio::buffer(chunk_), [self = shared_from_this()](const Error& error, std::size_t n) {
    self->reading_ = false;
    if (!self->open_) return;
    if (error) return self->end(error == asio::error::eof ? "the other end closed the connection" : error.message());
    self->received_.push(std::span(self->chunk_).first(n));
    self->hand_over();
    self->read();
  });
}

void FrameSocket::hand_over() {
  if (finishing_) return received_.drop(received_.size());
  const OnBytes handler = on_bytes_;  // `close` lets go of the member, perhaps while it runs
  const std::size_t used = handler(received_.view());
  if (open_) received_.drop(used);
}

void FrameSocket::resume() {
  held_ = false;
  read();
}

void FrameSocket::send(std::span<const std::byte> head, std::span<const std::byte> body) {
  waiting_.insert(waiting_.end(), head.begin(), head.end());
  waiting_.insert(waiting_.end(), body.begin(), body.end());
}

void FrameSocket::flush() {
  if (!open_ || !sending_.empty()) return;
  if (waiting_.empty()) {
    if (finishing_) end("all is sent");
    return;
  }
  sending_.swap(waiting_);
  asio::async_write(socket_, asio::buffer(sending_), [self = shared_from_this()](const Error& error, std::size_t) {
    self->sending_.clear();
    if (!self->open_) return;
    if (error) return self->end(error.message());
    self->flush();
  });
}

void FrameSocket::end(const std::string& why) {
  const OnEnd handler = on_end_;
  close();
  if (handler) handler(why);
}

void FrameSocket::finish() {
  finishing_ = true;
  flush();
}

void FrameSocket::close() {
  if (!open_) return;
  open_ = false;
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  on_bytes_ = nullptr;
  on_end_ = nullptr;
}

}  // namespace spikeloop::firmware
