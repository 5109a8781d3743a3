// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>

namespace spikeloop::firmware {

/// How a virtual board's time moves. Whoever serves a board asks before it touches it. Safe to call from several threads.
class DeviceClock {
 public:
  virtual ~DeviceClock() = default;
  /// Simulated time that has passed since the call before. `waiting`: nothing else will happen until the board does something.
  virtual std::chrono::nanoseconds take(bool waiting) = 0;
  /// The clock by which a host in the same process measures its timeouts; starts anywhere.
  virtual std::chrono::nanoseconds host_now();
  /// How long a host that waits may sleep before it asks again; 0 = time moves by asking.
  virtual std::chrono::nanoseconds pause() const { return std::chrono::milliseconds(1); }
};

/// Keeps the wall clock, or runs `factor` times as fast. Starts at the first `take`.
class WallClock : public DeviceClock {
 public:
  explicit WallClock(double factor = 1);
  std::chrono::nanoseconds take(bool waiting) override;

 private:
  const double factor_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_;
  bool started_ = false;
};

/// As fast as possible, and the same in each run: a step passes whenever somebody waits, and timeouts are measured in simulated time.
class FreeClock : public DeviceClock {
 public:
  explicit FreeClock(std::chrono::nanoseconds step = std::chrono::microseconds(100)) : step_(step) {}
  std::chrono::nanoseconds take(bool waiting) override;
  std::chrono::nanoseconds host_now() override;
  std::chrono::nanoseconds pause() const override { return {}; }

 private:
  const std::chrono::nanoseconds step_;
  std::mutex mutex_;
  std::chrono::nanoseconds now_{};
};

/// Moves when told: for tests.
class ManualClock : public DeviceClock {
 public:
  void pass(std::chrono::nanoseconds time);
  std::chrono::nanoseconds take(bool waiting) override;

 private:
  std::mutex mutex_;
  std::chrono::nanoseconds untaken_{};
};

}  // namespace spikeloop::firmware
