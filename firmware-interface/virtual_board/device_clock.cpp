// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/device_clock.hpp"

#include <stdexcept>
#include <utility>

namespace spikeloop::firmware {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

nanoseconds DeviceClock::host_now() { return steady_clock::now().time_since_epoch(); }

WallClock::WallClock(double factor) : factor_(factor) {
  if (!(factor > 0 && factor <= 1e6)) throw std::invalid_argument("a wall clock runs 0 < factor <= 1e6 times as fast");
}

nanoseconds WallClock::take(bool) {
  const std::scoped_lock lock(mutex_);
  const auto now = steady_clock::now();
  const auto before = std::exchange(last_, now);
  if (!std::exchange(started_, true)) return {};
  return std::chrono::duration_cast<nanoseconds>((now - before) * factor_);
}

nanoseconds FreeClock::take(bool waiting) {
  const std::scoped_lock lock(mutex_);
  if (!waiting) return {};
  now_ += step_;
  return step_;
}

nanoseconds FreeClock::host_now() {
  const std::scoped_lock lock(mutex_);
  return now_;
}

void ManualClock::pass(nanoseconds time) {
  const std::scoped_lock lock(mutex_);
  untaken_ += time;
}

nanoseconds ManualClock::take(bool) {
  const std::scoped_lock lock(mutex_);
  return std::exchange(untaken_, nanoseconds{});
}

}  // namespace spikeloop::firmware
