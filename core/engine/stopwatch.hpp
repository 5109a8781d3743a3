// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "core/profile.hpp"

namespace spikeloop::engine {

/// Measures the phases of one lane, lap by lap, if somebody wants to know; else costs one question a lap.
class Stopwatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// From now on; `populations` many, and one for what belongs to none.
  void start(std::size_t populations, std::uint32_t lane, Clock::time_point zero) {
    on_ = true, zero_ = last_ = zero, lane_ = lane;
    profile_ = {};
    profile_.populations.resize(populations + 1);
  }
  void stop() { on_ = false; }

  /// The next lap begins here.
  void begin() {
    if (on_) last_ = Clock::now();
  }
  /// A lap is over, and the next begins.
  void lap(Phase phase, std::size_t population, std::uint64_t operations) {
    if (!on_) return;
    const Clock::time_point now = Clock::now();
    Profile::Cell& cell = profile_.populations[population][static_cast<std::size_t>(phase)];
    const double seconds = std::chrono::duration<double>(now - last_).count();
    cell.seconds += seconds, cell.operations += operations;
    span_.phases[static_cast<std::size_t>(phase)] += seconds;
    last_ = now;
  }
  void lap_of_none(Phase phase, std::uint64_t operations) {
    if (on_) lap(phase, profile_.populations.size() - 1, operations);
  }

  void begin_span() {
    if (!on_) return;
    span_ = {lane_, std::chrono::duration<double>(Clock::now() - zero_).count(), 0, {}};
    begin();
  }
  void end_span() {
    if (!on_) return;
    span_.seconds = std::chrono::duration<double>(Clock::now() - zero_).count() - span_.start_s;
    if (profile_.spans.size() < Profile::kMostSpans)
      profile_.spans.push_back(span_);
    else
      ++profile_.left_out;
  }
  const Profile& profile() const { return profile_; }

 private:
  bool on_ = false;
  std::uint32_t lane_ = 0;
  Clock::time_point zero_, last_;
  Profile::Span span_;
  Profile profile_;
};

}  // namespace spikeloop::engine
