// SPDX-License-Identifier: Apache-2.0
#include "report/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

double share_done(const Progress& p) {
  if (p.samples_total == 0) return 0;
  return std::min(1.0, static_cast<double>(p.samples_done) / static_cast<double>(p.samples_total));
}

/// What is known, the most wanted first; a narrow terminal loses the last ones.
std::vector<std::string> figures(const ProgressView& view) {
  const Progress& p = view.progress;
  const bool known = std::isfinite(view.samples_per_second) && view.samples_per_second > 0;
  const double left = static_cast<double>(p.samples_total - std::min(p.samples_done, p.samples_total));
  std::vector<std::string> out;
  // 100 % stands for the end only, so it is rounded down.
  out.push_back(fmt::format("{} %", static_cast<int>(std::floor(100 * share_done(p)))));
  out.push_back(known ? fmt::format("{} samples/s", count_text(std::round(view.samples_per_second))) : std::string("- samples/s"));
  out.push_back("ETA " + clock_text(known ? left / view.samples_per_second : NAN));
  if (p.warm_up) {
    out.push_back("warm-up");
  } else {
    out.push_back(std::isfinite(p.running_accuracy) ? fmt::format("accuracy {} %", percent(p.running_accuracy))
                                                    : std::string("accuracy -"));
  }
  if (p.epochs > 0 && !p.warm_up) out.push_back(fmt::format("epoch {}/{}", std::min(p.epoch + 1, p.epochs), p.epochs));
  if (std::isfinite(p.spikes_per_sample)) out.push_back(fmt::format("spikes/sample {}", count_text(std::round(p.spikes_per_sample))));
  if (std::isfinite(p.help) && !p.warm_up) out.push_back(fmt::format("help {:.1f}", p.help));
  return out;
}

}  // namespace

std::string clock_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e9) return "-:--";
  const auto s = static_cast<long long>(std::ceil(seconds));
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string progress_line(const ProgressView& view, std::size_t width, bool terminal) {
  std::string label = view.label;
  if (view.progress.control) label += label.empty() ? "control" : ", control";
  const std::vector<std::string> parts = figures(view);
  if (!terminal) return fmt::format("{}{}{}", label, label.empty() ? "" : ": ", fmt::join(parts, "  "));

  const std::string front = label.empty() ? "" : label + " ";
  const std::size_t used = display_width(front) + 3 + parts[0].size();  // [] and a blank
  std::size_t all = used;
  for (std::size_t i = 1; i < parts.size(); ++i) all += 2 + parts[i].size();
  const std::size_t room = width > all ? width - all : 0;
  const std::size_t bar = room >= 40 ? 30 : room >= 25 ? 20 : 10;  // few sizes, so that it does not tremble with the figures
  const auto filled = static_cast<std::size_t>(share_done(view.progress) * static_cast<double>(bar));
  std::string line = fmt::format("{}[{}{}] {}", front, std::string(filled, '#'), std::string(bar - filled, '-'), parts[0]);
  for (std::size_t i = 1; i < parts.size() && display_width(line) + 2 + parts[i].size() <= width; ++i) line += "  " + parts[i];
  if (display_width(line) > width) line = parts[0];
  return line;
}

}  // namespace spikeloop::report
