// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/experiment.hpp"

/// Tables, pictures and pages made from core values. Pure: no clock, no files; equal values give equal text.
namespace spikeloop::report {

/// Text for XML and HTML, in elements and in attributes: & < > " ' are escaped, control characters become U+FFFD.
std::string escape(std::string_view text);

/// Three significant digits and an SI prefix, y .. T: "1.23 nJ", "12.3 ms", "0 J"; "n/a" for NaN and infinity.
std::string si(double value, std::string_view unit);

/// A count: whole numbers in groups of three digits, "1,234"; below 1,000 three significant digits, "12.3"; "n/a" for NaN and infinity.
std::string count_text(double value);

/// A share as a percentage without its sign: 0.9514 -> "95.1"; "n/a" for NaN and infinity.
std::string percent(double share);

/// "95.1 ± 0.3 %", or "95.1 %" where there is but one run.
std::string percent_spread(const MeanSpread& value, std::size_t runs);

/// All spikes of a test, those of sources included, per inference.
double spikes_per_inference(const Evaluation& test);

/// All (spike, synapse) pairs delivered, per inference.
double synaptic_operations_per_inference(const Evaluation& test);

/// Mean of a figure over runs; NaN for none.
template <typename Figure>
double mean_over(const std::vector<TrainingResult>& runs, Figure figure) {
  double sum = 0;
  for (const TrainingResult& run : runs) sum += figure(run);
  return sum / static_cast<double>(runs.size());
}

}  // namespace spikeloop::report
