// SPDX-License-Identifier: Apache-2.0
#include "cli/side_by_side.hpp"

#include <algorithm>
#include <thread>
#include <vector>

#include "cli/cli.hpp"

namespace spikeloop::cli {

std::exception_ptr run_side_by_side(std::size_t threads, const std::function<void()>& work) {
  std::vector<std::exception_ptr> failures(threads);
  std::vector<std::thread> team;
  for (std::size_t i = 0; i < threads; ++i)
    team.emplace_back([&, i] {
      try {
        work();
      } catch (...) {
        failures[i] = std::current_exception();
        interrupted() = true;
      }
    });
  for (std::thread& thread : team) thread.join();
  const auto first = std::find_if(failures.begin(), failures.end(), [](const std::exception_ptr& f) { return f != nullptr; });
  return first == failures.end() ? nullptr : *first;
}

}  // namespace spikeloop::cli
