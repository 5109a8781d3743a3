// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {

/// `board serve`: a virtual board in a process of its own, as fast as it can.
class Served {
 public:
  explicit Served(std::vector<std::string> more = {}) : process_(arguments(std::move(more))) {
    EXPECT_TRUE(process_.wait_for_text("Ctrl-C ends it.")) << process_.err();
    const std::string text = process_.err();
    const std::size_t at = text.find("usbip:");
    selector_ = at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n", at) - at);
  }
  const std::string& selector() const { return selector_; }
  /// "HOST:PORT".
  std::string server() const { return selector_.substr(6, selector_.find('/') - 6); }
  Process& process() { return process_; }

 private:
  static std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> all = {"board", "serve", "--chip", "dynapse1", "--port", "0", "--speed", "max"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Process process_;
  std::string selector_;
};

}  // namespace spikeloop::cli::test
