// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli.hpp"
#include "core/experiment.hpp"
#include "core/time.hpp"

/// What a person sees while something is going on: one line that changes on a terminal, a plain line now and then elsewhere.
namespace spikeloop::cli {

/// The line itself.
class StatusLine {
 public:
  explicit StatusLine(Terminal& terminal) : terminal_(&terminal), start_(std::chrono::steady_clock::now()) {}
  ~StatusLine() { clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Whether it is time for another line: five a second on a terminal, from 1 s on; else one every 10 s.
  bool due() const { return !terminal_->quiet && seconds() >= next_; }
  void show(const std::string& text);
  /// Takes the line from a terminal.
  void clear();
  /// Since construction.
  double seconds() const;
  /// Columns that a line may have: the last one is left free, where the cursor rests.
  std::size_t width() const { return terminal_->width > 1 ? terminal_->width - 1 : 1; }
  bool on_terminal() const { return terminal_->err_is_terminal; }

 private:
  Terminal* terminal_;
  std::chrono::steady_clock::time_point start_;
  double next_ = 1;
  bool shown_ = false;
};

/// One line for all runs of a training together.
class TrainingDisplay {
 public:
  TrainingDisplay(Terminal& terminal, std::size_t runs) : line_(terminal), runs_(runs) {}
  /// Of each run: samples_total 0 = not begun; samples_done == samples_total: finished.
  void show(const std::vector<Progress>& all);
  void end() { line_.clear(); }

 private:
  double rate(double now, std::size_t done);

  StatusLine line_;
  std::size_t runs_;
  std::deque<std::pair<double, std::size_t>> history_;  ///< seconds, samples done; the last quarter of a minute
};

/// Simulated time and speed.
class RunDisplay {
 public:
  RunDisplay(Terminal& terminal, Time until) : line_(terminal), until_(until) {}
  void show(Time now);
  void end() { line_.clear(); }
  double seconds() const { return line_.seconds(); }

 private:
  StatusLine line_;
  Time until_;
};

}  // namespace spikeloop::cli
