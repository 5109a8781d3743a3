// SPDX-License-Identifier: Apache-2.0
#include "core/engine/engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace spikeloop::engine {
namespace {

bool spikes_observed(const Network& network, const Population& population) {
  return std::any_of(network.probes().begin(), network.probes().end(),
                     [&](const Probe& p) { return p.variable == Probe::Variable::kSpikes && p.population == population.name; });
}

/// Populations that the sources need not draw: each lane draws its share itself, and nobody looks.
std::vector<bool> not_emitted(const Network& network) {
  std::vector<bool> skip;
  for (std::size_t p = 0; p < network.populations().size(); ++p)
    skip.push_back(drawn_at_arrival(network, p) && !spikes_observed(network, network.populations()[p]));
  return skip;
}

/// More lanes than this, and spikes are handed only to those that they reach.
constexpr std::size_t kManyLanes = 4;
/// So few spikes are handed out at once; more by each lane for itself when it goes on.
constexpr std::size_t kFewSpikes = 64;

std::uint64_t bit_of(std::size_t lane, std::size_t lanes) { return std::uint64_t{1} << (lanes <= 64 ? lane : lane * 64 / lanes); }

Tick ceil_tick(Time t, Time resolution) { return t <= 0 ? 0 : (t - 1) / resolution + 1; }

/// When a probe samples, in ticks.
struct Sampling {
  Tick start = 0, every = 1;
};

Sampling sampling_of(const Probe& p, Time resolution) {
  const double tick_ms = to_ms(resolution);
  return {static_cast<Tick>(std::llround(p.start_ms / tick_ms)), std::max(Tick{1}, static_cast<Tick>(std::llround(p.every_ms / tick_ms)))};
}

}  // namespace

Engine::Engine(std::shared_ptr<const Network> network, std::size_t threads, Update update, std::span<const InitialWeights> initial)
    : network_(std::move(network)), layout_(layout_of(*network_, threads)), sources_(*network_, not_emitted(*network_)) {
  modes_ = std::make_unique<Modes>(*network_, update);
  lanes_.resize(layout_.lanes.size());
  team_ = std::make_unique<Team>(std::max<std::size_t>(1, threads));
  for_lanes([&](std::size_t l) { lanes_[l] = std::make_unique<Lane>(*network_, layout_, l, *modes_); });
  const std::size_t populations = network_->populations().size(), projections = network_->projections().size();
  clear_counts();
  gates_.resize(populations);
  for (std::size_t p = 0; p < populations; ++p) {
    observed_.push_back(spikes_observed(*network_, network_->populations()[p]));
    counted_by_lanes_.push_back(drawn_at_arrival(*network_, p));
  }
  least_delay_ = kNever;
  for (std::size_t k = 0; k < projections; ++k) {
    const Projection& p = network_->projections()[k];
    const Group& group = layout_.groups[layout_.group_of[k]];
    if (group.drive || group.current) continue;  // nothing of them is exchanged
    for (auto& lane : lanes_) {
      least_delay_ = std::min(least_delay_, lane->synapses(k).least_delay);
      largest_delay_ = std::max(largest_delay_, lane->synapses(k).largest_delay);
    }
    if (p.port != Port::kBasal) gates_[network_->population_index(p.source)].push_back(gate_of(k));
  }
  if (least_delay_ == kNever) least_delay_ = std::max<Tick>(1, kMillisecond / network_->resolution());
  lane_next_.assign(lanes_.size(), 0);
  modes_->begin(least_delay_);
  if (lanes_.size() > kManyLanes) find_reach();
  for (const InitialWeights& w : initial) set_weights(w.projection, w.weights);
}

/// Of many lanes most neurons reach only a few: the others need not look at their spikes.
void Engine::find_reach() {
  for (std::uint32_t p = 0; p < network_->populations().size(); ++p) {
    reach_.emplace_back(network_->populations()[p].size());
    for (std::size_t l = 0; l < lanes_.size(); ++l)
      for (std::uint32_t i = 0; i < reach_[p].size(); ++i)
        if (lanes_[l]->reached_by(p, i)) reach_[p][i] |= bit_of(l, lanes_.size());
  }
}

template <class F>
void Engine::for_lanes(const F& f) {
  const std::size_t threads = team_->size(), lanes = lanes_.size();
  if (threads == 1) {
    for (std::size_t l = 0; l < lanes; ++l) f(l);
    return;
  }
  team_->run([&](std::size_t t) {
    for (std::size_t l = lanes * t / threads; l < lanes * (t + 1) / threads; ++l) f(l);
  });
}

/// When a spike of each source neuron first reaches the target population.
Engine::Gate Engine::gate_of(std::size_t k) const {
  const Projection& p = network_->projections()[k];
  const std::size_t sources = network_->populations()[network_->population_index(p.source)].size();
  Gate gate{static_cast<std::uint32_t>(network_->population_index(p.target)), std::vector<Tick>(sources, kNever)};
  for_each_synapse(
      k, [&](std::size_t, std::uint64_t, std::size_t source, Tick delay) { gate.after[source] = std::min(gate.after[source], delay); });
  return gate;
}

void Engine::advance(Time until_time, std::span<const Spike> spikes_in, Sink& sink) {
  const Tick until = ceil_tick(until_time, network_->resolution());
  accept(spikes_in, until_time);
  for (std::size_t l = 0; l < lanes_.size(); ++l) lane_next_[l] = lanes_[l]->next(now_);  // thresholds and the like may have changed
  while (now_ < until) {
    const Tick from = handed_out_ ? std::max(now_, next_activity()) : now_;
    if (from >= until) {
      counts_.simulated += (until - now_) * network_->resolution();
      now_ = until;
      break;
    }
    const Tick sampled = next_sample(from);
    Tick end = from > until - least_delay_ ? until : from + least_delay_;
    if (sampled < end) end = sampled + 1;
    counts_.simulated += (end - now_) * network_->resolution();
    epoch(from, end, sink);
    now_ = end;
    if (sampled == end - 1) {
      stopwatch_.begin();
      sample(sampled, sink);
      stopwatch_.lap_of_none(Phase::kRecord, 1);
    }
  }
  hand_out();
}

/// All or none: a fault is found before the first spike is taken.
void Engine::accept(std::span<const Spike> spikes_in, Time until) {
  for (const Spike& s : spikes_in) {
    if (s.population >= network_->populations().size())
      throw DescriptionError(
          fmt::format("an input spike names population {}, but there are {}", s.population, network_->populations().size()));
    const Population& p = network_->populations()[s.population];
    if (!p.is_source() || !std::holds_alternative<ExternalSource>(p.source()))
      throw DescriptionError(fmt::format(
          "an input spike names population \"{}\", which is not an external source (declare it with `source {{ external {{}} }}`)",
          p.name));
    if (s.neuron >= p.size())
      throw DescriptionError(fmt::format("an input spike names neuron {} of \"{}\", which has {}", s.neuron, p.name, p.size()));
    if (s.time >= until)
      throw DescriptionError(
          fmt::format("an input spike of \"{}\" at {} ms is not before the end of this slice, {} ms", p.name, to_ms(s.time), to_ms(until)));
  }
  for (const Spike& s : spikes_in) {
    const Tick tick = ceil_tick(s.time, network_->resolution());  // at or after its time, so that no slice is too early or too late for it
    if (s.time < 0 || tick < now_)
      ++counts_.late;
    else
      sources_.add({tick, s.population, s.neuron});
  }
}

Tick Engine::next_activity() const {
  Tick next = std::min(sources_.next(now_), next_sample(now_));
  for (std::size_t p = 0; p < network_->populations().size(); ++p) next = std::min(next, modes_->next(p, now_));
  for (const Tick lane : lane_next_) next = std::min(next, lane);
  return std::max(next, now_);
}

/// Lanes that have nothing to do are left alone; a single one that has is run by this thread.
void Engine::epoch(Tick from, Tick until, Sink& sink) {
  const auto run = [&](std::size_t l) {
    lanes_[l]->stopwatch().begin_span();
    if (!handed_out_) receive(l);
    lanes_[l]->run(from, until);
    lane_next_[l] = lanes_[l]->next(until);
    lanes_[l]->stopwatch().end_span();
  };
  Tick sweep = kNever;
  for (std::size_t p = 0; p < network_->populations().size(); ++p) sweep = std::min(sweep, modes_->next(p, from));
  const auto busy = [&](std::size_t l) { return !handed_out_ || sweep < until || lane_next_[l] < until; };
  std::size_t busy_lanes = 0, last = 0;
  for (std::size_t l = 0; l < lanes_.size(); ++l)
    if (busy(l)) ++busy_lanes, last = l;
  if (busy_lanes == 1)
    run(last);
  else if (busy_lanes > 1)
    for_lanes([&](std::size_t l) {
      if (busy(l)) run(l);
    });
  handed_out_ = true;
  stopwatch_.begin_span();
  gather(from, until);
  stopwatch_.lap_of_none(Phase::kExchange, spikes_.size());
  exchange(until, sink);
  stopwatch_.end_span();
}

/// What sources and lanes emitted, in the order (tick, population, neuron).
void Engine::gather(Tick from, Tick until) {
  spikes_.clear();
  sources_.emit(from, until, spikes_);
  for (const TickSpike& s : spikes_) counts_.populations[s.population].spikes += !counted_by_lanes_[s.population];
  if (!std::is_sorted(spikes_.begin(), spikes_.end())) std::sort(spikes_.begin(), spikes_.end());
  for (auto& lane : lanes_) {
    const auto middle = static_cast<std::ptrdiff_t>(spikes_.size());
    spikes_.insert(spikes_.end(), lane->spikes().begin(), lane->spikes().end());
    lane->spikes().clear();
    std::inplace_merge(spikes_.begin(), spikes_.begin() + middle, spikes_.end());
  }
}

void Engine::exchange(Tick until, Sink& sink) {
  for (const TickSpike& s : spikes_) {
    if (observed_[s.population]) sink.spike({s.tick * network_->resolution(), s.population, s.neuron});
    for (const Gate& gate : gates_[s.population])
      if (gate.after[s.neuron] != kNever)
        for (std::size_t l = 0; l < lanes_.size(); ++l) {
          lanes_[l]->open_gate(gate.target, s.tick + gate.after[s.neuron]);
          lane_next_[l] = std::min(lane_next_[l], s.tick + gate.after[s.neuron]);
        }
  }
  stopwatch_.lap_of_none(Phase::kRecord, spikes_.size());
  modes_->count(spikes_);
  received_until_ = until;
  handed_out_ = false;
  if (team_->size() == 1 || spikes_.size() < kFewSpikes) hand_out();
  const auto arrived =
      std::partition_point(in_flight_.begin(), in_flight_.end(), [&](const TickSpike& s) { return s.tick + largest_delay_ < until; });
  if (arrived - in_flight_.begin() > in_flight_.end() - arrived)
    in_flight_.erase(in_flight_.begin(), arrived);  // seldom, for it moves the rest
  in_flight_.insert(in_flight_.end(), spikes_.begin(), spikes_.end());
  stopwatch_.lap_of_none(Phase::kExchange, 0);
}

void Engine::hand_out() {
  if (handed_out_) return;
  if (reach_.empty()) {
    for (std::size_t l = 0; l < lanes_.size(); ++l) receive(l);
  } else {
    std::uint64_t reached = 0;
    for (const TickSpike& s : spikes_) reached |= reach_[s.population][s.neuron];
    for (std::size_t l = 0; l < lanes_.size(); ++l)
      if (reached & bit_of(l, lanes_.size())) receive(l);
  }
  handed_out_ = true;
  stopwatch_.begin();  // the lanes have measured it
}

void Engine::receive(std::size_t l) {
  const std::uint64_t bit = bit_of(l, lanes_.size());
  lanes_[l]->stopwatch().begin();
  for (std::size_t i = 0; i < spikes_.size(); ++i) {
    lanes_[l]->fetch_ahead(spikes_, i);
    const TickSpike& s = spikes_[i];
    if (reach_.empty() || (reach_[s.population][s.neuron] & bit)) lanes_[l]->receive(s, received_until_);
  }
  lane_next_[l] = std::min(lane_next_[l], lanes_[l]->next(received_until_));
  lanes_[l]->stopwatch().lap_of_none(Phase::kExchange, 0);
}

Tick Engine::next_sample(Tick from) const {
  Tick next = kNever;
  for (const Probe& p : network_->probes()) {
    if (p.variable == Probe::Variable::kSpikes) continue;
    const auto [start, every] = sampling_of(p, network_->resolution());
    next = std::min(next, from <= start ? start : start + (from - start + every - 1) / every * every);
  }
  return next;
}

void Engine::sample(Tick tick, Sink& sink) {
  for (std::uint32_t i = 0; i < network_->probes().size(); ++i) {
    const Probe& p = network_->probes()[i];
    if (p.variable == Probe::Variable::kSpikes) continue;
    const auto [start, every] = sampling_of(p, network_->resolution());
    if (tick < start || (tick - start) % every != 0) continue;
    sink.sample(tick * network_->resolution(), i, observe(p, tick));
  }
}

std::vector<double> Engine::observe(const Probe& probe, Tick tick) const {
  return probe.population.empty() ? observe_projection(probe, tick) : observe_neurons(probe, tick);
}

std::vector<double> Engine::observe_neurons(const Probe& probe, Tick tick) const {
  const std::size_t p = network_->population_index(probe.population);
  std::vector<double> values;
  for (const auto& lane : lanes_) {
    const Block& b = lane->block(p);
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
      const NeuronState s = lane->state_at(p, j, tick);
      switch (probe.variable) {
        case Probe::Variable::kPotential:
          values.push_back(s.v);
          break;
        case Probe::Variable::kBasalCurrent:
          values.push_back(s.excitatory + s.inhibitory + b.extra_basal_of(j));
          break;
        case Probe::Variable::kApicalCurrent:
          values.push_back(s.apical + s.modulator + b.extra_feedback_of(j));
          break;
        case Probe::Variable::kThreshold:
          values.push_back(b.theta[j] + s.adaptation);
          break;
        default:
          throw BugError("a probe of a population asks for a projection's variable");
      }
    }
  }
  return values;
}

std::vector<double> Engine::observe_projection(const Probe& probe, Tick tick) const {
  const std::size_t k = network_->projection_index(probe.projection);
  const Projection& p = network_->projections()[k];
  std::vector<double> values;
  if (probe.variable == Probe::Variable::kWeights) {
    for (const float w : weights(k)) values.push_back(static_cast<double>(w));
  } else if (probe.variable == Probe::Variable::kPreTrace) {
    const std::size_t n = network_->populations()[network_->population_index(p.source)].size();
    for (std::size_t i = 0; i < n; ++i) values.push_back(lanes_[0]->plasticity(k)->pre_trace(i, tick));
  } else {
    for (const auto& lane : lanes_)
      if (const Trace* trace = lane->post_trace(k))
        for (std::uint32_t j = 0; j < trace->value.size(); ++j) values.push_back(trace->at(j, tick));
  }
  return values;
}

void Engine::reset(std::uint64_t trial) {
  trial_ = trial;
  now_ = 0;
  sources_.reset(trial);
  modes_->reset();
  in_flight_.clear();
  handed_out_ = true;
  for (auto& lane : lanes_) lane->reset(trial);
}

std::vector<TickSpike> Engine::in_flight() const {
  std::vector<TickSpike> spikes;
  for (const TickSpike& s : in_flight_)
    if (s.tick + largest_delay_ >= now_) spikes.push_back(s);
  return spikes;
}

void Engine::clear_counts() {
  counts_ = {};
  counts_.populations.resize(network_->populations().size());
  counts_.projections.resize(network_->projections().size());
  for (const auto& lane : lanes_) lane->clear_counts();
}

OperationCounts Engine::counts() const {
  OperationCounts counts = counts_;
  for (const auto& lane : lanes_) counts += lane->counts();
  return counts;
}

}  // namespace spikeloop::engine
