// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "cli/claims/angles.hpp"
#include "cli/claims/stream.hpp"
#include "cli/inputs.hpp"

namespace spikeloop::cli::test {

inline NetworkDescription angles_as_described() {
  return load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/examples/claims/angles_network.txtpb");
}

inline ClaimResult run_angles(const NetworkDescription& network) {
  return angles(network, {1, true, std::string(SPIKELOOP_SOURCE_DIR) + "/examples/data"});
}

inline NetworkDescription stream_as_described() {
  return load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/examples/claims/stream_network.txtpb");
}

/// Skips, and says so, where the data are not.
class ClaimStream : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
    data_ = folder ? folder : "";
    for (const char* file : {"oxford_input.bs1", "oxford_output.bs1"})
      if (!folder || !std::filesystem::exists(data_ / "events" / file))
        GTEST_SKIP() << "SKIPPED: events/" << file << " is not in SPIKELOOP_DATA_DIR";
  }
  ClaimResult run(const NetworkDescription& network) const { return stream(network, {1, true, data_}); }

  std::filesystem::path data_;
};

/// The findings that do not hold.
inline std::string broken(const ClaimResult& result) {
  std::string names;
  for (const Finding& f : result.findings)
    if (!f.passes()) names += f.name + "\n";
  return names;
}

}  // namespace spikeloop::cli::test
