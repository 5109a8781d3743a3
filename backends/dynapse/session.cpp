// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "backends/compose/chip_network.hpp"
#include "core/bytes.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr std::uint64_t kStateMagic = 0x31'70'61'6e'79'64'6c'73;  // "sldynap1"

}  // namespace

std::vector<InitialWeights> as_initial(const std::map<std::size_t, std::vector<float>>& weights) {
  std::vector<InitialWeights> list;
  for (const auto& [projection, values] : weights) list.push_back({projection, values});
  return list;
}

void check_size(const Network& network, const Circuit& circuit, std::size_t projection, std::size_t weights) {
  const std::size_t wires = circuit.bundles.at(projection).wires.size();
  if (weights == wires) return;
  throw DescriptionError(fmt::format("projection \"{}\" has {} synapses on the chip, but {} weights are given",
                                     network.projections()[projection].name, wires, weights));
}

std::uint64_t Deployment::lost() const {
  const bool counted = board.missing().has_value();  // words that the decoder lost are among those that are missing
  return board.dropped_at_aer.value_or(0) + board.dropped_at_mux.value_or(0) + (counted ? missing : board.stream.words_lost());
}

BoardSession::BoardSession(std::shared_ptr<const ChipProgram> program, std::span<const InitialWeights> initial)
    : program_(std::move(program)),
      compiled_(program_->compiled),
      index_(mapping_of(*program_->network, program_->chip, compiled_, program_->options)) {
  for (const InitialWeights& given : initial)
    if (!compiled_.circuit.bundles.at(given.projection).wires.empty()) pending_[given.projection] = given.weights;
  if (!pending_.empty()) {
    compiled_ = recompile(network(), program_->chip, std::move(compiled_), as_initial(pending_), program_->options);
    pending_.clear();
  }
  for (const Population& p : network().populations()) probed_.push_back(compose::probes_spikes(network(), p.name));
  per_spike_ = operations_per_spike(compiled_, program_->chip);
  board_ = program_->use.open();
  program_board();
  player_ = std::make_unique<Player>(*board_);
  verify();
  settle(settle_time());
  strays_of_start_ = player_->strays();
  forget_counts();
}

void BoardSession::program_board() {
  board_->initialise();
  for (unsigned chip = 0; chip < firmware::kChips; ++chip) {
    const std::vector<std::uint32_t> words = complete_words(compiled_.configuration, chip);
    board_->program(chip, words);
    deployment_.words += words.size();
  }
  board_->start();
}

void BoardSession::verify() {
  deployment_.verification = dynapse::verify(compiled_, *player_, program_->use.verified_neurons);
  const Verification& v = deployment_.verification;
  if (v.silent.empty()) return;
  throw DeviceError(fmt::format(
      "{} was programmed, but nothing of {} was seen when neurons there were driven by their own inputs ({} of {} neurons of the board "
      "fired); words for biases, synapses or routes to the host did not arrive, that part of the chip is broken, or its neurons are too "
      "far from what they should be (mismatch)\nrun `spikeloop board probe`, which looks at the chips without a network",
      board_->info().usb.location, Verification::text_of(v.silent), v.seen(), v.neurons.size()));
}

Time BoardSession::settle_time() const {
  double slowest = 0;
  for (const ParameterSet& set : compiled_.circuit.parameters)
    for (const double tau : {set.tau_m_s, set.tau_s[0], set.tau_s[1], set.tau_s[2], set.tau_s[3]}) slowest = std::max(slowest, tau);
  return from_ms(program_->use.settle_time_constants * slowest * 1e3);
}

void BoardSession::write_weights() {
  if (pending_.empty()) return;
  const Configuration before = compiled_.configuration;
  compiled_ = recompile(network(), program_->chip, std::move(compiled_), as_initial(pending_), program_->options);
  pending_.clear();
  ++deployment_.weight_commits;
  for (unsigned chip = 0; chip < firmware::kChips; ++chip) {
    const std::vector<std::uint32_t> words = changed_words(before, compiled_.configuration, chip);
    if (words.empty()) continue;
    board_->program(chip, words);
    deployment_.words_changed += words.size();
  }
  per_spike_ = operations_per_spike(compiled_, program_->chip);
}

void BoardSession::reset(std::uint64_t) {
  write_weights();
  settle(settle_time());
  now_ = 0;
}

/// Silence; and what was lost before it. Of the events that the board had sent until then all that come have come in it, and perhaps some
/// that it has sent since: fewer may seem to be missing than are, but never more. Asking the board takes time, in which it goes on.
void BoardSession::settle(Time length) {
  firmware::BoardStatistics then = board_->statistics();
  player_->settle(length);
  then.stream = board_->stream();
  deployment_.board = then;
  deployment_.missing = std::max(deployment_.missing, then.missing().value_or(0));
  counts_.dropped = deployment_.lost() - lost_before_;
}

void BoardSession::take_input(Time until, std::span<const Spike> spikes_in, std::vector<Spike>& out) {
  const Circuit& c = compiled_.circuit;
  for (const Spike& s : spikes_in) {
    if (s.population >= c.homes.size() || s.neuron >= network().populations()[s.population].size())
      throw DescriptionError(fmt::format("a spike of neuron {} of population {} was handed over; there is none", s.neuron, s.population));
    if (c.homes[s.population] == Home::kChip)
      throw DescriptionError(
          fmt::format("a spike of \"{}\" was handed over, which is on the chip", network().populations()[s.population].name));
    if (s.time >= until)
      throw DescriptionError(fmt::format("a spike at {} ms was handed over for a run until {} ms", to_ms(s.time), to_ms(until)));
    if (s.time < now_)
      ++counts_.late;
    else
      out.push_back(s);
  }
}

void BoardSession::count(const Spike& s) {
  const std::uint32_t first = compiled_.circuit.first[s.population];
  ++counts_.populations[s.population].spikes;
  if (first == Circuit::kNone) return;
  counts_.chip->operations += per_spike_[first + s.neuron];
  ++spikes_of_source_[first + s.neuron];
}

void BoardSession::show(std::vector<Spike>& spikes, Sink& sink) {
  std::sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) {
    return std::tuple(a.time, a.population, a.neuron) < std::tuple(b.time, b.population, b.neuron);
  });
  for (const Spike& s : spikes) {
    count(s);
    if (probed_[s.population]) sink.spike(s);
  }
}

void BoardSession::advance(Time until, std::span<const Spike> spikes_in, Sink& sink) {
  if (until <= now_) return;
  write_weights();
  std::vector<Spike> spikes;
  take_input(until, spikes_in, spikes);
  std::stable_sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
  played_.clear(), seen_.clear();
  for (const Spike& s : spikes) {
    const std::uint32_t first = compiled_.circuit.first[s.population];
    if (first == Circuit::kNone) continue;
    for (const ChipRoute& r : compiled_.placement.routes[first + s.neuron]) played_.push_back({s.time - now_, r});
  }
  player_->play(until - now_, played_, seen_);
  for (const SeenSpike& s : seen_)
    if (const auto neuron = index_.find(s.place))
      spikes.push_back({now_ + s.time, neuron->population, neuron->neuron});
    else
      ++deployment_.strays;
  show(spikes, sink);
  counts_.simulated += until - now_;
  now_ = until;
}

std::vector<float> BoardSession::weights(std::size_t projection) const {
  if (const auto given = pending_.find(projection); given != pending_.end()) return given->second;
  std::vector<float> weights;
  for (const Circuit::Wire& wire : compiled_.circuit.bundles.at(projection).wires) weights.push_back(wire.weight_mv);
  return weights;
}

void BoardSession::set_weights(std::size_t projection, std::span<const float> weights) {
  check_size(network(), compiled_.circuit, projection, weights.size());
  pending_[projection].assign(weights.begin(), weights.end());
}

Connectivity BoardSession::connectivity(std::size_t projection) const {
  const Projection& p = network().projections().at(projection);
  const Circuit& c = compiled_.circuit;
  const std::uint32_t source = c.first[network().population_index(p.source)], target = c.first[network().population_index(p.target)];
  Connectivity all;
  for (const Circuit::Wire& wire : c.bundles[projection].wires) {
    all.sources.push_back(wire.source - source);
    all.targets.push_back(wire.target - target);
    all.delays.push_back(1);
  }
  return all;
}

std::vector<double> BoardSession::thresholds(std::size_t population) const {
  const Population& p = network().populations().at(population);
  const Spiking* spiking = p.is_source() ? nullptr : spiking_of(p.neuron());
  if (spiking == nullptr) throw DescriptionError(fmt::format("\"{}\" has no thresholds", p.name));
  return std::vector<double>(p.size(), spiking->v_threshold_mv);
}

void BoardSession::set_thresholds(std::size_t population, std::span<const double> given) {
  const std::vector<double> has = thresholds(population);
  if (!std::equal(has.begin(), has.end(), given.begin(), given.end()))
    throw DescriptionError(fmt::format("\"{}\" has learned thresholds; all neurons of the chip have one, train without homeostasis",
                                       network().populations()[population].name));
}

State BoardSession::save() const {
  StateWriter w;
  w.put(kStateMagic);
  w.put(network().fingerprint());
  for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) w.put_all(weights(k));
  w.put(now_);
  w.put(hash_bytes(kHashStart, w.bytes.data(), w.bytes.size()));
  return std::move(w.bytes);
}

void BoardSession::restore(const State& state) {
  StateReader r(state);
  r.check_sum();
  if (r.get<std::uint64_t>() != kStateMagic || r.get<std::uint64_t>() != network().fingerprint())
    throw DescriptionError("the saved state belongs to another network, or is none of a chip");
  for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) {
    const std::vector<float> saved = r.get_all<float>();
    if (saved != weights(k)) set_weights(k, saved);
  }
  now_ = r.get<Time>();
  forget_counts();
}

void BoardSession::forget_counts() {
  const auto& seen = compiled_.circuit.observed;
  counts_ = {};
  counts_.populations.resize(network().populations().size());
  counts_.projections.resize(network().projections().size());
  counts_.chip = ChipCounts{{},
                            static_cast<std::uint64_t>(program_->chip.limits.neurons_per_core.value),
                            static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), false))};
  spikes_of_source_.assign(compiled_.circuit.sources(), 0);
  lost_before_ = deployment_.lost();
}

OperationCounts BoardSession::counts() const {
  OperationCounts counts = counts_;
  const Circuit& c = compiled_.circuit;
  for (std::size_t k = 0; k < network().projections().size(); ++k)
    for (const Circuit::Wire& wire : c.bundles[k].wires) counts.projections[k].synaptic_events += spikes_of_source_[wire.source];
  return counts;
}

Deployment BoardSession::deployment() {
  settle(5 * kMillisecond);
  Deployment d = deployment_;
  d.strays += player_->strays() - strays_of_start_;
  return d;
}

}  // namespace spikeloop::dynapse
