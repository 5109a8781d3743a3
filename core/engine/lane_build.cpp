// SPDX-License-Identifier: Apache-2.0
// Building a lane from a network, and bringing it to the start of a trial.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/engine/lane.hpp"
#include "core/random.hpp"

namespace spikeloop::engine {
namespace {

void resize_state(Block& b, const Network& network, const Population& population) {
  const std::size_t n = b.slice.size();
  b.dynamics = Dynamics(population.neuron(), network.resolution());
  for (auto* x : {&b.v, &b.theta}) x->assign(n, 0.0);
  if (b.dynamics.synaptic)
    for (auto* x : {&b.excitatory, &b.inhibitory}) x->assign(n, 0.0);
  if (b.dynamics.adaptive) b.adaptation.assign(n, 0.0);
  for (auto* x : {&b.last, &b.hold, &b.check}) x->assign(n, 0);
  b.basal.assign(n, 0.0f);
  if (b.dynamics.synaptic) b.basal_inhibitory.assign(n, 0.0f);
  b.marked.assign(n, 0);
  b.theta.assign(n, b.dynamics.threshold);
  if (population.homeostasis) b.free_spikes.assign(n, 0);
  b.v_initial = membrane_of(population.neuron()).v_rest_mv;
  if (!population.v_initial_mv) return;
  if (is_constant(*population.v_initial_mv)) {
    b.v_initial = draw(*population.v_initial_mv, 0, 0, 0);
    return;
  }
  const std::uint64_t stream = stream_of(population.name, "v_initial");
  for (std::uint32_t j = 0; j < n; ++j) b.v_initials.push_back(draw(*population.v_initial_mv, network.seed(), stream, j + b.slice.begin));
}

std::size_t trace_index(Block& b, double tau_ms, Time resolution) {
  for (std::size_t i = 0; i < b.traces.size(); ++i)
    if (b.traces[i].tau_ms == tau_ms) return i;
  Trace trace;
  trace.tau_ms = tau_ms;
  trace.decay = Decay(tau_ms, resolution);
  trace.value.assign(b.slice.size(), 0.0);
  trace.last.assign(b.slice.size(), 0);
  b.traces.push_back(std::move(trace));
  return b.traces.size() - 1;
}

}  // namespace

bool drawn_at_arrival(const Network& network, std::size_t population) {
  const Population& p = network.populations()[population];
  const auto* poisson = p.is_source() ? std::get_if<PoissonSource>(&p.source()) : nullptr;
  if (!poisson || poisson->rate_hz * static_cast<double>(network.resolution()) * 1e-9 < kCountsFrom) return false;
  const auto leaves = [&](const Projection& k) { return k.source == p.name; };
  if (std::none_of(network.projections().begin(), network.projections().end(), leaves)) return false;
  return std::all_of(network.projections().begin(), network.projections().end(), [&](const Projection& k) {
    return !leaves(k) || (std::holds_alternative<OneToOne>(k.connect) && is_constant(k.delay_ms) && k.rule.empty() && k.port == Port::kBasal);
  });
}

Lane::Lane(const Network& network, std::vector<Slice> slices) : network_(&network), slices_(std::move(slices)) {
  build_blocks(network);
  build_projections(network);
  clear_counts();
  allocate_ports();
  reset(0);
}

void Lane::build_blocks(const Network& network) {
  blocks_.resize(network.populations().size());
  for (std::size_t p = 0; p < blocks_.size(); ++p) {
    const Population& population = network.populations()[p];
    blocks_[p].slice = slices_[p];
    if (population.is_source()) continue;
    blocks_[p].used = blocks_[p].slice.size() > 0;
    resize_state(blocks_[p], network, population);
  }
}

void Lane::build_projections(const Network& network) {
  projections_.resize(network.projections().size());
  outgoing_.resize(blocks_.size());
  for (std::uint32_t k = 0; k < projections_.size(); ++k) {
    const Projection& projection = network.projections()[k];
    ProjectionState& p = projections_[k];
    p.source = static_cast<std::uint32_t>(network.population_index(projection.source));
    p.target = static_cast<std::uint32_t>(network.population_index(projection.target));
    p.port = projection.port;
    p.synapses = build_synapses(network, projection, slices_[p.target], !projection.rule.empty());
    if (const Rule* rule = network.rule_of(projection)) build_plasticity(network, p, *rule);
    const Population& source = network.populations()[p.source];
    if (source.is_source()) p.current = std::get_if<CurrentSource>(&source.source());
    p.drive = drawn_at_arrival(network, p.source);
    if (p.drive) {
      const double per_tick = std::get<PoissonSource>(source.source()).rate_hz * static_cast<double>(network.resolution()) * 1e-9;
      p.poisson = PoissonCounts(per_tick, network.seed(), stream_of(source.name, "source"));
      p.counts_spikes = std::none_of(projections_.begin(), projections_.begin() + k, [&](const ProjectionState& q) { return q.drive && q.source == p.source; });
      if (blocks_[p.target].used) drives_.push_back(k);
    } else if (!p.current && blocks_[p.target].used) {
      outgoing_[p.source].push_back(k);
    }
  }
}

void Lane::build_plasticity(const Network& network, ProjectionState& p, const Rule& rule) {
  Block& b = blocks_[p.target];
  p.plasticity = std::make_unique<Plasticity>(rule, p.synapses, network.populations()[p.source].size(), network.resolution());
  p.trace = trace_index(b, p.plasticity->trace_tau_ms(), network.resolution());
  b.watched_gate |= p.plasticity->needs_gate_mask();
  if (!p.plasticity->is_stdp() || b.log) return;
  b.log = std::make_unique<PostLog>();
  b.log->newest.assign(b.slice.size(), -1);
}

/// Only populations that something reaches through a port pay for its currents.
void Lane::allocate_ports() {
  for (const ProjectionState& p : projections_) {
    Block& b = blocks_[p.target];
    const std::size_t n = b.slice.size();
    if (p.current) {
      if (p.port != Port::kModulator) b.extra.assign(n, 0.0);
      if (p.port == Port::kApical) b.extra_apical.assign(n, 0.0);
      if (p.port == Port::kModulator) b.extra_modulator.assign(n, 0.0);
    } else if (p.port == Port::kApical) {
      b.apical.assign(n, 0.0), b.apical_in.assign(n, 0.0f);
    } else if (p.port == Port::kModulator) {
      b.modulator.assign(n, 0.0), b.modulator_in.assign(n, 0.0f);
    }
  }
  for (Block& b : blocks_) {
    const Dynamics& d = b.dynamics;
    const bool lif = d.spiking && d.leaky && !d.synaptic && !d.adaptive && d.v_floor == -std::numeric_limits<double>::infinity();
    b.plain = lif && b.apical.empty() && b.modulator.empty() && b.extra.empty() && b.free_spikes.empty();
  }
}

void Lane::reset(std::uint64_t trial) {
  flush();
  for (Block& b : blocks_) {
    if (!b.used) continue;
    if (b.v_initials.empty()) std::fill(b.v.begin(), b.v.end(), b.v_initial);
    else b.v = b.v_initials;
    for (auto* x : {&b.excitatory, &b.inhibitory, &b.apical, &b.modulator, &b.adaptation, &b.extra, &b.extra_apical, &b.extra_modulator}) std::fill(x->begin(), x->end(), 0.0);
    std::fill(b.last.begin(), b.last.end(), Tick{0});
    std::fill(b.hold.begin(), b.hold.end(), Tick{-1});
    std::fill(b.free_spikes.begin(), b.free_spikes.end(), 0u);
    for (Trace& trace : b.traces) trace.clear();
    b.feedback_tick = -1;
    b.gate = kNever;
    b.gate_seen = false;
  }
  for (ProjectionState& p : projections_)
    if (p.plasticity) p.plasticity->reset();
  start_neurons();
  resume(trial, 0);
}

/// Neurons that would spike without any input: at tick 0 if they start at threshold, else where the search says.
void Lane::start_neurons() {
  for (Block& b : blocks_) {
    if (!b.used) continue;
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
      const bool at_once = b.dynamics.spiking && b.v[j] >= b.theta[j];
      b.check[j] = at_once ? 0 : b.dynamics.look_again(b.load(j), b.theta[j], 0);
    }
  }
}

void Lane::resume(std::uint64_t trial, Tick now) {
  trial_ = trial;
  spikes_.clear();
  arrivals_.clear(now);
  visits_.clear(now);
  for (std::uint32_t p = 0; p < blocks_.size(); ++p)
    for (std::uint32_t j = 0; j < blocks_[p].check.size(); ++j)
      if (blocks_[p].used && blocks_[p].check[j] != kNever && blocks_[p].check[j] >= now) visits_.put(blocks_[p].check[j], {p, j});
  queue_current_steps(now);
}

void Lane::queue_current_steps(Tick now) {
  for (std::uint32_t k = 0; k < projections_.size(); ++k) {
    const ProjectionState& p = projections_[k];
    if (!p.current || !blocks_[p.target].used) continue;
    for (std::uint32_t i = 0; i < p.current->steps.size(); ++i) {
      const Tick due = (p.current->steps[i].time + network_->resolution() / 2) / network_->resolution() + p.synapses.delay;
      if (due >= now) arrivals_.put(due, {k, i});
    }
  }
}

}  // namespace spikeloop::engine
