// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace spikeloop {

/// One fault of a description: where it is, what is wrong, and what would mend it.
struct Diagnostic {
  std::string path;        ///< the field, as in the schema: "populations[2].neuron.lif.tau_m_ms"
  std::string what;        ///< what is wrong and why, without the place
  std::string suggestion;  ///< what to do; may be empty
  std::string file;        ///< empty when the description did not come from a file
  int line = 0;            ///< counted from 1; 0 = unknown
  int column = 0;          ///< counted from 1; 0 = unknown
};

/// "file:line:column: path: what (suggestion)", leaving out what is unknown.
std::string to_string(const Diagnostic& diagnostic);

/// Base of the four errors, which are told apart by who must act.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// The exit code of the command line program for this error.
  virtual int exit_code() const noexcept = 0;
};

/// The author of the description or the data must act. Carries every fault found, not only the first.
class DescriptionError : public Error {
 public:
  explicit DescriptionError(const std::string& what) : Error(what), diagnostics_{{"", what, "", "", 0, 0}} {}
  explicit DescriptionError(std::vector<Diagnostic> diagnostics);
  const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }
  int exit_code() const noexcept override { return 2; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

/// The machine cannot run it: choose a larger machine or a smaller network.
class CapacityError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 3; }
};

/// A device or the disk failed.
class DeviceError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 4; }
};

/// We must act: an invariant of the program does not hold.
class BugError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 5; }
};

}  // namespace spikeloop
