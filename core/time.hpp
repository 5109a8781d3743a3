// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>

namespace spikeloop {

/// A point in simulated time or a span of it, in integer nanoseconds (int64 holds 292 years).
using Time = std::int64_t;

/// A time counted in whole ticks of a network's resolution.
using Tick = std::int64_t;

inline constexpr Time kNanosecond = 1;
inline constexpr Time kMicrosecond = 1'000;
inline constexpr Time kMillisecond = 1'000'000;
inline constexpr Time kSecond = 1'000'000'000;

/// "Never": later than every tick that a run can reach.
inline constexpr Tick kNever = INT64_MAX;

/// Milliseconds to the nearest nanosecond; the caller has checked that the value fits (|ms| < 9e12).
inline Time from_ms(double ms) { return static_cast<Time>(std::llround(ms * 1e6)); }

/// Nanoseconds to milliseconds.
inline double to_ms(Time t) { return static_cast<double>(t) / 1e6; }

}  // namespace spikeloop
