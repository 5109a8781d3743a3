// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <ctime>

#include "cli/cli.hpp"

namespace spikeloop::cli {
namespace {

volatile std::sig_atomic_t first_signal_s = 0;

/// One press may arrive twice (from the terminal and from a parent), so only a later one ends the process: for a step that does not listen.
void on_signal(int number) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto seconds = static_cast<std::sig_atomic_t>(now.tv_sec);
  if (!interrupted().exchange(true)) {
    first_signal_s = seconds;
  } else if (seconds - first_signal_s >= 2) {
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
}

}  // namespace

std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");
  return flag;
}

void install_signal_handlers() {
  interrupted() = false;  // made before any signal can come
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);  // nohup
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace spikeloop::cli
