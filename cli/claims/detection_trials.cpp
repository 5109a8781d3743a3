// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/detection_trials.hpp"

#include <algorithm>
#include <cmath>

#include "backends/simulator/simulator.hpp"
#include "cli/claims/claim.hpp"
#include "core/random.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kMeanSpikes = 1;  ///< of an input in 50 ms: 20 Hz
constexpr double kJitter = 2;      ///< ms, standard deviation of each spike of the pattern, drawn anew in each trial
/// When the neuron should spike, from the start of the pattern: twice, as one spike is within the dead zone; and so late that something
/// of the pattern comes before, and so early that something comes while feedback lasts, for that is what is learned from.
constexpr double kTargets[] = {25, 35};

/// The number of events of a Poisson process that a uniform variate stands for.
std::uint32_t poisson(double mean, double u) {
  std::uint32_t n = 0;
  for (double p = std::exp(-mean), sum = p; u >= sum && n < 100; sum += p) p *= mean / ++n;
  return n;
}

}  // namespace

bool Response::detected() const {
  return std::count_if(spikes_ms.begin(), spikes_ms.end(),
                       [](double t) { return t >= kPatternStart && t < kPatternStart + kPatternLength + 10; }) >= 2;
}

DetectionBench::DetectionBench(const NetworkDescription& description, std::uint64_t seed)
    : network_(with_seed(description, seed)),
      seed_(seed),
      in_(static_cast<std::uint32_t>(network_.population_index("in"))),
      out_(static_cast<std::uint32_t>(network_.population_index("out"))),
      target_(static_cast<std::uint32_t>(network_.population_index(controller_target("out")))),
      inputs_(static_cast<std::uint32_t>(network_.populations()[in_].size())),
      session_(make_simulator()->compile(network_)->start()) {
  if (network_.populations()[out_].size() != 1) throw DescriptionError("the claim is about one neuron; give \"out\" shape: [1]");
  constexpr std::uint64_t kCounts = stream_of("detection", "counts"), kTimes = stream_of("detection", "pattern");
  std::uint64_t index = 0;
  for (std::uint32_t i = 0; i < inputs_; ++i) {
    counts_.push_back(poisson(kMeanSpikes, random_unit(seed_, kCounts, i)));
    pattern_.emplace_back();
    for (std::uint32_t k = 0; k < counts_.back(); ++k) pattern_.back().push_back(kPatternLength * random_unit(seed_, kTimes, index++));
  }
}

void DetectionBench::add_stretch(std::vector<Spike>& spikes, const DetectionTrial& trial, double start, bool pattern) const {
  const std::uint64_t stream = stream_of_trial(stream_of("detection", "noise"), trial.number);
  auto index = static_cast<std::uint64_t>(start) << 32;
  for (std::uint32_t i = 0; i < inputs_; ++i)
    for (std::uint32_t k = 0; k < counts_[i]; ++k, ++index) {
      double t = kPatternLength * random_unit(seed_, stream, index);
      if (pattern) t = std::clamp(pattern_[i][k] + kJitter * random_normal(seed_, stream, index), 0.0, kPatternLength - 1e-3);
      spikes.push_back({from_ms(start + t), in_, i});
    }
}

std::vector<Spike> DetectionBench::input_of(const DetectionTrial& trial) const {
  std::vector<Spike> spikes;
  for (double start = 0; start < kTrialLength; start += kPatternLength)
    add_stretch(spikes, trial, start, trial.pattern && start == kPatternStart);
  return spikes;
}

Response DetectionBench::run(const DetectionTrial& trial) {
  std::vector<Spike> spikes = input_of(trial);
  if (trial.taught) {
    spikes.push_back({0, target_, 1});  // teaching is on
    if (trial.pattern)
      for (const double t : kTargets) spikes.push_back({from_ms(kPatternStart + t), target_, 0});
  }
  Recording recording;
  session_->set_learning(trial.taught ? trial.rate : 0, 0);
  session_->reset(trial.number);
  session_->advance(from_ms(kTrialLength), spikes, recording);
  session_->commit();
  Response response;
  for (const Spike& s : recording.spikes)
    if (s.population == out_) response.spikes_ms.push_back(to_ms(s.time));
  return response;
}

std::uint64_t DetectionBench::help() const {
  const OperationCounts counts = session_->counts();
  std::uint64_t sum = 0;
  for (const std::string& name : {controller_plus("out"), controller_minus("out")})
    sum += counts.populations[network_.population_index(name)].spikes;
  return sum;
}

}  // namespace spikeloop::cli
