// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"
#include "firmware-interface/transport/byte_queue.hpp"
#include "firmware-interface/virtual_board/dynapse1_fabric.hpp"

namespace spikeloop::firmware {

/// The FPGA from the chips' output to the USB chip: AER receiver, its FIFO, multiplexer with time stamps, USB FIFO. An event is stamped
/// when it passes the multiplexer, so late when that had to wait. Depths, and the order in which stages stall, are INFERRED.
class DynapSe1Output {
 public:
  struct Settings {
    bool aer_run = false;              ///< else nothing is received
    bool wait_on_stall = false;        ///< a full receiver does not acknowledge, and neurons wait; else it drops
    bool mux_run = false;              ///< else what was received is drained
    bool drop_on_stall = false;        ///< the multiplexer drops events while the USB FIFO is full; else it stalls the receiver
    bool timestamp_run = false;        ///< else the time of stamps stands still
    bool usb_run = false;              ///< else the host gets nothing
    std::int64_t early_packet_ns = 0;  ///< so long after a packet a short one is sent
  };

  DynapSe1Output(std::size_t usb_fifo_bytes, std::size_t aer_fifo_events, DynapSe1Statistics& statistics);

  void configure(const Settings& settings, std::int64_t now_ns);
  void receive(const MonitoredEvent& event, std::int64_t now_ns);
  /// Time of stamps is 0 again, and the host is told.
  void reset_timestamps(std::int64_t now_ns);
  /// When time next passes a multiple of 32,768 us; `wrap` is to be called then.
  std::int64_t next_wrap_ns() const { return next_wrap_ns_; }
  void wrap(std::int64_t now_ns);

  bool ready(std::int64_t now_ns) const;
  std::size_t take(std::span<std::byte> into, std::int64_t now_ns);
  /// The bus was reset: what the USB FIFO holds is gone.
  void clear_usb_fifo();

  std::uint64_t events() const { return events_; }  ///< AER.EVENTS: acknowledged, whether dropped later or not
  /// Events on their way: in the receiver, or waiting in neurons.
  std::size_t waiting() const { return aer_.size() + neurons_.size(); }

 private:
  std::int64_t time_us(std::int64_t now_ns) const;
  void plan_wrap(std::int64_t now_ns);
  bool put();
  bool put_time(std::int64_t now_ns);
  void pump(std::int64_t now_ns);
  void accept(const MonitoredEvent& event);
  void let_neurons_in();
  void stop_mux();

  Settings settings_;
  std::size_t aer_capacity_, usb_capacity_;
  DynapSe1Statistics& statistics_;
  std::deque<MonitoredEvent> aer_, neurons_;
  std::bitset<1U << 14> waits_;  ///< a neuron (of a route) waits to be acknowledged
  ByteQueue usb_;
  std::uint64_t usb_events_ = 0;  ///< spikes in it
  StreamEncoder encoder_, trial_;
  std::vector<std::byte> words_;
  std::uint64_t events_ = 0;
  std::int64_t elapsed_ns_ = 0, since_ns_ = 0;  ///< time of stamps: what had passed at `since_ns_`
  std::int64_t next_wrap_ns_ = kNever, last_packet_ns_ = 0;
  bool reset_due_ = false;
};

}  // namespace spikeloop::firmware
