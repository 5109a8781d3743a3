// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

/// What a run costs, as this process sees it.
namespace spikeloop::bench {

/// Wall time, and processor time of all threads, since its construction.
class Stopwatch {
 public:
  double wall_s() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }
  double cpu_s() const { return process_cpu_s() - cpu_begin_; }

 private:
  static double process_cpu_s();
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double cpu_begin_ = process_cpu_s();
};

/// Memory of this process in bytes, from /proc/self/status; 0 where there is none.
std::uint64_t resident_bytes();
std::uint64_t peak_resident_bytes();

/// The middle value, or the mean of the two middle ones.
double median(std::vector<double> values);

/// Compiler, its version and the flags that this program was built with.
const char* build_flags();

}  // namespace spikeloop::bench
