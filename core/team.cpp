// SPDX-License-Identifier: Apache-2.0
#include "core/team.hpp"

#include <utility>

namespace spikeloop {
namespace {

/// Others are waited for as long as an epoch may take before the thread goes to sleep: to be woken takes longer than most epochs.
constexpr int kSpins = 20'000;

inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits until `value` is no longer `old`.
template <class T>
void wait_while(const std::atomic<T>& value, T old, int spins) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(std::size_t size) : failures_(size), spins_(size <= std::thread::hardware_concurrency() ? kSpins : 0) {
  for (std::size_t i = 1; i < size; ++i) threads_.emplace_back([this, i] { loop(i); });
}

Team::~Team() {
  stop_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::call(std::size_t index) {
  try {
    (*work_)(index);
  } catch (...) {
    failures_[index] = std::current_exception();
  }
}

void Team::loop(std::size_t index) {
  for (std::uint64_t round = 0;;) {
    wait_while(round_, round, spins_);
    ++round;
    if (stop_) return;
    call(index);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_all();
  }
}

void Team::run(const std::function<void(std::size_t)>& work) {
  work_ = &work;
  running_.store(threads_.size(), std::memory_order_release);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(0);
  for (std::size_t left = running_.load(std::memory_order_acquire); left != 0; left = running_.load(std::memory_order_acquire))
    wait_while(running_, left, spins_);
  for (std::exception_ptr& failure : failures_)
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
}

}  // namespace spikeloop
