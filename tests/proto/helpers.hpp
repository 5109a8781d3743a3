// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "proto/load.hpp"

namespace spikeloop::testing {

/// The bytes of a file of tests/proto/golden.
std::string golden(const std::string& name);

/// A reader of tensor files that makes a (6, 6) matrix of 0.5 whatever the path.
LoadOptions with_six_by_six();

/// The two descriptions printed in the design.
extern const char* const kDesignNetwork;
extern const char* const kDesignExperiment;

/// The faults of a call that must throw a DescriptionError; fails the test if it does not.
template <class Call>
std::vector<Diagnostic> faults_of(const Call& call) {
  try {
    call();
  } catch (const DescriptionError& error) {
    return error.diagnostics();
  }
  ADD_FAILURE() << "no DescriptionError was thrown";
  return {};
}

/// The faults of a network text.
std::vector<Diagnostic> faults_of_network(const std::string& text);

/// A folder for one test that disappears with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string content_of(const std::string& path);
void put(const std::string& path, const std::string& content);

}  // namespace spikeloop::testing
