// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

namespace spikeloop {

/// Threads that run the same function side by side, again and again, each with its own index; the caller is index 0. Spins for a while,
/// then sleeps.
class Team {
 public:
  explicit Team(std::size_t size);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  std::size_t size() const { return threads_.size() + 1; }
  /// Returns when all have returned; rethrows the first exception.
  void run(const std::function<void(std::size_t)>& work);

 private:
  void loop(std::size_t index);
  void call(std::size_t index);

  std::vector<std::thread> threads_;
  const std::function<void(std::size_t)>* work_ = nullptr;
  std::vector<std::exception_ptr> failures_;
  int spins_;  ///< 0 where there are fewer cores than threads: to spin would keep others from running
  alignas(64) std::atomic<std::uint64_t> round_{0};
  alignas(64) std::atomic<std::size_t> running_{0};
  std::atomic<bool> stop_{false};
};

}  // namespace spikeloop
