// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

/// Calling the program, in this process and as one of its own, on files that take milliseconds.
namespace spikeloop::cli::test {

namespace fs = std::filesystem;

inline const std::string kNetworks = SPIKELOOP_SOURCE_DIR "/examples/networks/";

/// A folder that goes when the test ends.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  fs::path path() const { return path_; }
  /// The full name of something in it.
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view bytes) const;
  /// Replaces one piece of text of a file, which must be there.
  void replace(const std::string& name, const std::string& old_text, const std::string& new_text) const;
  /// Writes digits.csv (60 samples), split.txt (40 train, 20 test), net.txtpb and exp.txtpb (2 seeds and controls, 3 epochs, a warm-up).
  void write_experiment() const;
  /// Writes random.txtpb: 3,000 neurons driven by Poisson spikes, enough for several threads.
  void write_random_network() const;

 private:
  fs::path path_;
};

std::string read(const fs::path& file);
/// Every regular file below a folder with its bytes.
std::map<std::string, std::string> files_of(const fs::path& folder);
nlohmann::json json_of(const fs::path& file);
/// What must be equal for a resumed and an uninterrupted training: report.json without times, command and place; weights; spikes.
nlohmann::json essence(const fs::path& run_directory);
/// A failure that shows where two of them differ.
void expect_same(const nlohmann::json& a, const nlohmann::json& b);

/// A failure that names the files that differ.
void expect_same_files(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b);

/// What the program did.
struct Outcome {
  int code = -1;  ///< 128 + signal if a signal ended it
  std::string out, err;
};

/// In this process; `stopped` as if Ctrl-C had been pressed before.
Outcome call(const std::vector<std::string>& arguments, bool stopped = false, std::size_t columns = 100);
/// With --json: the one object on stdout; a failure if there is anything else.
nlohmann::json call_json(std::vector<std::string> arguments, int expected_code);

/// How a process of its own is started.
struct Start {
  std::map<std::string, std::string> environment = {};
  std::size_t largest_file = 0;  ///< RLIMIT_FSIZE in bytes; 0 = none
  unsigned short columns = 0;    ///< > 0: stdout and stderr are a terminal this wide (all of it in `err`)
  std::string out_file = "";     ///< stdout goes there
};

/// The program as a process of its own.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const Start& start = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Reads stderr until `text` is in it; false if the process ended before.
  bool wait_for_text(const std::string& text);
  /// Looks at `condition` until it holds; false if the process ended before.
  bool wait_until(const std::function<bool()>& condition);
  /// What has been read of stderr.
  const std::string& err() const { return outcome_.err; }
  void send(int signal) const;
  /// Waits for the end.
  Outcome finish();

 private:
  bool read_some();
  bool ended();

  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  int status_ = 0;
  bool reaped_ = false;
  Outcome outcome_;
};

inline Outcome execute(const std::vector<std::string>& arguments, const Start& start = {}) { return Process(arguments, start).finish(); }

/// Whether `part` is in `text`; a failure that shows both if not.
bool contains(const std::string& text, std::string_view part);

}  // namespace spikeloop::cli::test
