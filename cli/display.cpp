// SPDX-License-Identifier: Apache-2.0
#include "cli/display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "report/progress.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kRateOver_s = 15;

}  // namespace

double StatusLine::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

void StatusLine::show(const std::string& text) {
  next_ = seconds() + (terminal_->err_is_terminal ? 0.2 : 10);
  shown_ = true;
  if (terminal_->err_is_terminal)
    terminal_->err << '\r' << text << "\x1b[K" << std::flush;
  else
    terminal_->err << text << std::endl;
}

void StatusLine::clear() {
  if (shown_ && terminal_->err_is_terminal) terminal_->err << "\r\x1b[K" << std::flush;
  shown_ = false;
}

double TrainingDisplay::rate(double now, std::size_t done) {
  history_.emplace_back(now, done);
  while (history_.size() > 2 && now - history_.front().first > kRateOver_s) history_.pop_front();
  const auto [then, before] = history_.front();
  return now > then ? static_cast<double>(done - before) / (now - then) : 0;
}

void TrainingDisplay::show(const std::vector<Progress>& all) {
  if (!line_.due() && !history_.empty()) return;
  report::ProgressView view;
  std::size_t size = 0, done = 0, finished = 0;
  for (const Progress& p : all) size = std::max(size, p.samples_total);
  for (const Progress& p : all) {
    if (p.samples_total == 0) continue;
    const bool is_finished = p.samples_done == p.samples_total;
    finished += is_finished;
    done += is_finished ? size : p.samples_done;  // runs that were finished before a resume do not know their size
    if (!is_finished && view.progress.samples_total == 0) view.progress = p;
  }
  view.progress.samples_done = done;
  view.progress.samples_total = size * runs_;
  view.samples_per_second = rate(line_.seconds(), done);
  view.label = fmt::format("{}/{} runs", finished, runs_);
  if (line_.due()) line_.show(report::progress_line(view, line_.width(), line_.on_terminal()));
}

void RunDisplay::show(Time now) {
  if (!line_.due()) return;
  const double share = static_cast<double>(now) / static_cast<double>(until_), seconds = line_.seconds();
  std::string text = fmt::format("{:3.0f} %  {:.1f} of {:.1f} ms  {:.3g} x real time  ETA {}", 100 * share, to_ms(now), to_ms(until_),
                                 static_cast<double>(now) * 1e-9 / seconds, report::clock_text(share > 0 ? seconds / share - seconds : -1));
  if (line_.on_terminal() && text.size() > line_.width()) text.resize(line_.width());
  line_.show(text);
}

}  // namespace spikeloop::cli
