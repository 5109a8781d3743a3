// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "core/backend.hpp"
#include "core/experiment.hpp"

/// What lies in a run directory, and where.
namespace spikeloop::cli {

/// A directory that did not exist, made now. `wanted` empty: runs/<name>, runs/<name>-2, ... Throws DescriptionError if it exists, which
/// tells how `verb` goes on with one, DeviceError if it cannot be made.
std::filesystem::path make_run_directory(const std::string& wanted, const std::string& name, const char* verb = "");

/// Calls `describe`, which writes the first files; if it throws, the directory goes.
void fill_run_directory(const std::filesystem::path& dir, const std::function<void()>& describe);

/// Writes run.json: how the verb that made the directory goes on with it.
void write_run_file(const std::filesystem::path& dir, const char* verb, nlohmann::ordered_json run);

/// Hands run.json over; throws DescriptionError if it is not one of this verb, or if `take` does not find in it what it looks for.
void read_run_file(const std::filesystem::path& dir, const char* verb, const std::function<void(const nlohmann::json&)>& take);

/// Tells how to go on with a directory after Ctrl-C; returns the exit code.
int tell_interrupted(const Terminal& terminal, const char* verb, const std::filesystem::path& dir);

/// Keeps a second program from training in the same run directory.
class DirectoryLock {
 public:
  /// Throws DescriptionError if somebody else has it. Where the file system knows no locks there is none.
  explicit DirectoryLock(const std::filesystem::path& dir);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int file_;
};

/// Takes away the half-written files that a program leaves which is killed while it writes. The directory must be locked.
void remove_leftovers(const std::filesystem::path& dir);

/// The name of a projection or population as a file name: "in->hidden" becomes "in_to_hidden".
std::string file_name(const std::string& name);

/// Throws DescriptionError if two things of the network would be written to one file of a run directory.
void check_file_names(const Network& network);

/// Writes the plastic weights (rows = sources where every pair is connected, else a line source, target, weight) and the adapted thresholds
/// of a session below `dir`; makes no directory where there is nothing to write.
void write_weights(const std::filesystem::path& dir, const Network& network, const Session& session);

/// The inverse; throws DescriptionError if a file is missing or does not fit.
void read_weights(const std::filesystem::path& dir, const Network& network, Session& session);

/// Where the weights of run number `index` lie: weights/ for the first, weights/seed_<seed>/ for the others.
std::filesystem::path weights_directory(const std::filesystem::path& run, std::size_t index, std::uint64_t seed);

}  // namespace spikeloop::cli
