// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"

namespace CLI {
class App;
}

/// The `spikeloop` program: a table of subcommands, each thin.
namespace spikeloop::cli {

/// Exit codes that no Error of the core stands for.
inline constexpr int kOk = 0;
inline constexpr int kUsage = 1;
inline constexpr int kBug = 5;
inline constexpr int kInterrupted = 130;

/// The command line is wrong: a value of an option, or options that do not go together.
class UsageError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return kUsage; }
};

/// Ctrl-C, where nothing is lost but the answer.
class InterruptedError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return kInterrupted; }
};

/// Where a verb writes: data to `out`, everything for people to `err`.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool json = false;             ///< one JSON object on `out` and nothing else there
  bool quiet = false;            ///< no progress
  bool err_is_terminal = false;  ///< takes carriage returns and erasing
  bool colour = false;           ///< `out` takes ANSI escapes
  std::size_t width = 80;        ///< columns of `err`
  std::size_t out_width = 100;   ///< columns of `out`
  std::string command = "";      ///< the command line, as one types it

  /// Prints the one JSON object.
  void print(const nlohmann::ordered_json& object) const;
};

/// One subcommand.
struct Verb {
  const char* name;
  const char* summary;   ///< one line
  const char* examples;  ///< shown first in its help
  /// Declares arguments and returns what to run once they are parsed; the returned function yields the exit code.
  std::function<int(Terminal&)> (*declare)(CLI::App& app);
};

/// Set by SIGINT, SIGTERM and SIGHUP; long work stops at the next safe point.
std::atomic<bool>& interrupted();

/// Lets SIGINT, SIGTERM and SIGHUP set `interrupted` (again after a second: the process ends at once), and turns writing to a closed pipe
/// or beyond the largest file size into errors.
void install_signal_handlers();

/// The table of subcommands.
const std::vector<Verb>& verbs();

/// Runs the program on its arguments (without its name); returns the exit code. Never throws.
int run(const std::vector<std::string>& arguments, Terminal terminal);

/// "1s", "250 ms", "20us", "5ns" to nanoseconds; throws UsageError with what is expected.
std::int64_t parse_duration(std::string_view text);

}  // namespace spikeloop::cli
