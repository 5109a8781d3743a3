// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_fifo.hpp"

#include <algorithm>

namespace spikeloop::firmware {
namespace {

constexpr std::int64_t kUs = 1000, kWrapNs = 32'768 * kUs;
constexpr std::size_t kPacketBytes = 512;

std::size_t key_of(const MonitoredEvent& e) { return std::size_t{e.core} << 12 | std::size_t{e.field} << 8 | e.neuron; }

bool is_spike_word(std::byte high) {
  const unsigned code = std::to_integer<unsigned>(high) >> 4;
  return code == 1 || code == 2 || code == 5 || code == 6;
}

}  // namespace

DynapSe1Output::DynapSe1Output(std::size_t usb_fifo_bytes, std::size_t aer_fifo_events, DynapSe1Statistics& statistics)
    : aer_capacity_(aer_fifo_events), usb_capacity_(usb_fifo_bytes), statistics_(statistics) {}

std::int64_t DynapSe1Output::time_us(std::int64_t now_ns) const {
  return (elapsed_ns_ + (settings_.timestamp_run ? now_ns - since_ns_ : 0)) / kUs;
}

void DynapSe1Output::plan_wrap(std::int64_t now_ns) {
  const std::int64_t elapsed = elapsed_ns_ + (now_ns - since_ns_);
  next_wrap_ns_ = settings_.timestamp_run ? now_ns + kWrapNs - elapsed % kWrapNs : kNever;
}

void DynapSe1Output::configure(const Settings& settings, std::int64_t now_ns) {
  if (settings_.timestamp_run) elapsed_ns_ += now_ns - since_ns_;
  since_ns_ = now_ns;
  if (settings.usb_run && !settings_.usb_run) last_packet_ns_ = now_ns;
  settings_ = settings;
  plan_wrap(now_ns);
  pump(now_ns);
}

void DynapSe1Output::receive(const MonitoredEvent& event, std::int64_t now_ns) {
  if (!settings_.aer_run) {
    ++statistics_.lost_not_running;
    return;
  }
  if (!neurons_.empty() || (aer_.size() >= aer_capacity_ && settings_.wait_on_stall)) {
    if (waits_[key_of(event)]) {
      ++statistics_.merged_in_neuron;
      return;
    }
    waits_.set(key_of(event));
    neurons_.push_back(event);
  } else {
    accept(event);
  }
  pump(now_ns);
}

void DynapSe1Output::accept(const MonitoredEvent& event) {
  ++events_;
  if (aer_.size() < aer_capacity_)
    aer_.push_back(event);
  else
    ++statistics_.lost_stalled_aer;
}

void DynapSe1Output::let_neurons_in() {
  while (!neurons_.empty() && settings_.aer_run && (aer_.size() < aer_capacity_ || !settings_.wait_on_stall)) {
    waits_.reset(key_of(neurons_.front()));
    accept(neurons_.front());
    neurons_.pop_front();
  }
}

void DynapSe1Output::reset_timestamps(std::int64_t now_ns) {
  elapsed_ns_ = 0;
  since_ns_ = now_ns;
  reset_due_ = true;
  plan_wrap(now_ns);
  pump(now_ns);
}

void DynapSe1Output::wrap(std::int64_t now_ns) {
  plan_wrap(now_ns);
  pump(now_ns);
}

/// What the encoder has just written on trial goes to the USB FIFO, or nothing does.
bool DynapSe1Output::put() {
  const bool fits = words_.size() <= usb_capacity_ - usb_.size();
  if (fits) {
    usb_.push(words_);
    encoder_ = trial_;
    for (std::size_t high = 1; high < words_.size(); high += 2) usb_events_ += is_spike_word(words_[high]) ? 1 : 0;
  }
  words_.clear();
  trial_ = encoder_;
  return fits;
}

/// A reset and wraps, where due.
bool DynapSe1Output::put_time(std::int64_t now_ns) {
  if (reset_due_) {
    trial_.reset(words_);
    if (!put()) return false;
    reset_due_ = false;
  }
  trial_.advance(time_us(now_ns), words_);
  return put();
}

void DynapSe1Output::stop_mux() {
  do {
    statistics_.lost_mux_stopped += aer_.size();
    aer_.clear();
    let_neurons_in();
  } while (!aer_.empty());
}

void DynapSe1Output::pump(std::int64_t now_ns) {
  if (!settings_.mux_run) {
    stop_mux();
    return;
  }
  bool room = put_time(now_ns);
  for (;; let_neurons_in()) {
    while (room && !aer_.empty()) {
      const MonitoredEvent& e = aer_.front();
      trial_.spike(time_us(now_ns), e.core, e.neuron, e.field, words_);
      room = put();
      if (room) aer_.pop_front();
    }
    if (!room && settings_.drop_on_stall) {
      statistics_.lost_stalled_mux += aer_.size();
      aer_.clear();
    }
    const bool more_can_come = !neurons_.empty() && settings_.aer_run && aer_.size() < aer_capacity_;
    if (!more_can_come) return;
  }
}

bool DynapSe1Output::ready(std::int64_t now_ns) const {
  if (!settings_.usb_run || usb_.empty()) return false;
  return usb_.size() >= kPacketBytes || now_ns - last_packet_ns_ >= settings_.early_packet_ns;
}

std::size_t DynapSe1Output::take(std::span<std::byte> into, std::int64_t now_ns) {
  if (!ready(now_ns)) return 0;
  const std::size_t n = usb_.pop(into.first(std::min(into.size(), kPacketBytes)));
  for (std::size_t high = 1; high < n; high += 2) usb_events_ -= is_spike_word(into[high]) ? 1 : 0;
  last_packet_ns_ = now_ns;
  pump(now_ns);
  return n;
}

void DynapSe1Output::clear_usb_fifo() {
  statistics_.lost_by_reset += usb_events_;
  usb_events_ = 0;
  usb_.drop(usb_.size());
}

}  // namespace spikeloop::firmware
