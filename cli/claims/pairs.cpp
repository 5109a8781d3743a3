// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/pairs.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "backends/simulator/simulator.hpp"
#include "cli/claims/claim.hpp"

namespace spikeloop::cli {
PairBench::PairBench(const NetworkDescription& description, std::uint64_t seed)
    : network_(with_seed(description, seed)),
      plastic_(network_.projection_index("plastic")),
      session_(make_simulator()->compile(network_)->start()) {}

void PairBench::add(std::vector<Spike>& spikes, const std::string& population, const std::vector<double>& arrivals_ms) const {
  if (arrivals_ms.empty()) return;
  const auto index = static_cast<std::uint32_t>(network_.population_index(population));
  for (const double t : arrivals_ms) spikes.push_back({from_ms(t) - network_.resolution(), index, 0});
}

void PairBench::run(const PairTrial& trial) {
  std::vector<Spike> spikes;
  add(spikes, "pre", trial.pre_ms);
  add(spikes, "force", trial.post_ms);
  add(spikes, "feedback", trial.feedback_ms);
  Recording recording;
  session_->reset(trial_++);
  session_->advance(from_ms(trial.until_ms), spikes, recording);
  session_->commit();
  std::vector<Time> wanted, seen, stray;
  for (const double t : trial.post_ms) wanted.push_back(from_ms(t));
  const std::size_t post = network_.population_index("post");
  for (const Spike& s : recording.spikes)
    if (s.population == post) seen.push_back(s.time);
  std::sort(wanted.begin(), wanted.end());
  std::set_symmetric_difference(wanted.begin(), wanted.end(), seen.begin(), seen.end(), std::back_inserter(stray));
  stray_ += stray.size();
}

void PairBench::set_weight(double weight_mv) { session_->set_weights(plastic_, std::array{static_cast<float>(weight_mv)}); }

double PairBench::weight() const { return static_cast<double>(session_->weights(plastic_).at(0)); }

}  // namespace spikeloop::cli
