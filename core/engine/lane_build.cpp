// SPDX-License-Identifier: Apache-2.0
// Building a lane from a network, and bringing it to the start of a trial.
#include <algorithm>
#include <cmath>

#include "core/engine/lane.hpp"
#include "core/random.hpp"

namespace spikeloop::engine {
namespace {

void resize_state(Block& b, const Network& network, const Population& population) {
  const std::size_t n = b.slice.size();
  b.dynamics = Dynamics(population.neuron(), network.resolution());
  for (auto* x : {&b.v, &b.theta}) x->assign(n, 0.0);
  if (b.dynamics.synaptic) b.excitatory.assign(n, 0.0);
  if (b.kinds.inhibitory) b.inhibitory.assign(n, 0.0);
  if (b.kinds.apical) b.apical.assign(n, 0.0);
  if (b.kinds.modulator) b.modulator.assign(n, 0.0);
  if (b.dynamics.adaptive) b.adaptation.assign(n, 0.0);
  for (auto* x : {&b.last, &b.hold, &b.check}) x->assign(n, 0);
  b.visit.assign(n, kNever);
  b.hold_low.assign(n, 0);
  b.fired.assign(n, 0);
  b.theta.assign(n, b.dynamics.threshold);
  if (population.homeostasis) b.free_spikes.assign(n, 0), b.theta_changes.assign(n, 0.0);
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

Lane::Lane(const Network& network, const Layout& layout, std::size_t index, const Modes& modes)
    : network_(&network), layout_(&layout), mine_(&layout.lanes[index]), modes_(&modes) {
  inputs_.assign(mine_->slots, 0.0f);
  marked_.assign(mine_->slots, 0);
  touched_.resize(mine_->slots + 1);
  owner_.resize(mine_->slots / 16);
  build_blocks(network);
  build_rows(network);
  clear_counts();
  reset(0);
}

void Lane::build_blocks(const Network& network) {
  blocks_.resize(network.populations().size());
  for (std::uint32_t p = 0; p < blocks_.size(); ++p) {
    const Population& population = network.populations()[p];
    Block& b = blocks_[p];
    b.slice = mine_->slices[p];
    b.inputs = mine_->inputs[p];
    b.kinds = layout_->kinds[p];
    if (population.is_source()) continue;
    b.used = b.slice.size() > 0;
    if (b.used) used_.push_back(p), prompt_ |= modes_->prompt(p);
    for (std::uint32_t slot = b.inputs.begin; slot < b.inputs.end(); slot += 16) owner_[slot / 16] = p;
    resize_state(b, network, population);
  }
}

void Lane::build_rows(const Network& network) {
  rows_.resize(layout_->groups.size());
  outgoing_.resize(blocks_.size());
  for (std::uint32_t g = 0; g < rows_.size(); ++g) {
    const Group& group = layout_->groups[g];
    const Projection& projection = network.projections()[group.projections.front()];
    Rows& r = rows_[g];
    r.group = &group;
    r.source = group.source;
    r.target = static_cast<std::uint32_t>(network.population_index(projection.target));
    r.port = projection.port;
    Block& b = blocks_[r.target];
    if (r.port == Port::kBasal) r.inhibitory = b.kinds.inhibitory * b.inputs.stride;
    r.synapses = build_synapses(network, group, *mine_);
    if (const Rule* rule = network.rule_of(projection)) plastic_.push_back(g), build_plasticity(network, r, *rule);
    if (group.current) r.current = std::get_if<CurrentSource>(&network.populations()[group.source].source());
    if (r.current && r.port != Port::kModulator) b.extra.resize(b.slice.size());
    if (r.current && r.port == Port::kApical) b.extra_apical.resize(b.slice.size());
    if (r.current && r.port == Port::kModulator) b.extra_modulator.resize(b.slice.size());
    if (group.drive)
      build_drive(network, g);
    else if (!group.current && (r.synapses.size() > 0 || keeps_traces(r)))
      outgoing_[group.source].push_back(g);
  }
  for (Block& b : blocks_) b.plain = b.is_plain();
}

void Lane::build_drive(const Network& network, std::uint32_t g) {
  Rows& r = rows_[g];
  const Population& source = network.populations()[r.source];
  const double per_tick = std::get<PoissonSource>(source.source()).rate_hz * static_cast<double>(network.resolution()) * 1e-9;
  r.poisson = PoissonCounts(per_tick, network.seed(), stream_of(source.name, "source"));
  r.counts_spikes = std::none_of(rows_.begin(), rows_.begin() + g, [&](const Rows& q) { return q.group->drive && q.source == r.source; });
  if (blocks_[r.target].used) drives_.push_back(g);
}

void Lane::build_plasticity(const Network& network, Rows& r, const Rule& rule) {
  Block& b = blocks_[r.target];
  r.plasticity = std::make_unique<Plasticity>(rule, r.synapses, network.populations()[r.source].size(), network.resolution());
  r.trace = trace_index(b, r.plasticity->trace_tau_ms(), network.resolution());
  b.watched_gate |= r.plasticity->needs_gate_mask();
  if (!r.plasticity->is_stdp() || b.log) return;
  b.log = std::make_unique<PostLog>(b.slice.size());
}

void Lane::reset(std::uint64_t trial) {
  flush();
  settle();
  for (Block& b : blocks_) {
    if (!b.used) continue;
    if (b.v_initials.empty())
      std::fill(b.v.begin(), b.v.end(), b.v_initial);
    else
      b.v = b.v_initials;
    for (auto* x : {&b.excitatory, &b.inhibitory, &b.apical, &b.modulator, &b.adaptation, &b.extra, &b.extra_apical, &b.extra_modulator})
      std::fill(x->begin(), x->end(), 0.0);
    std::fill(b.last.begin(), b.last.end(), Tick{0});
    std::fill(b.hold.begin(), b.hold.end(), Tick{-1});
    std::fill(b.free_spikes.begin(), b.free_spikes.end(), 0u);
    for (Trace& trace : b.traces) trace.clear();
    if (b.log) b.log->reset();
    b.feedback_tick = -1;
    b.gate = kNever;
    b.gate_seen = false;
  }
  for (const std::uint32_t g : plastic_) rows_[g].plasticity->reset();
  start_neurons();
  resume(trial, 0);
}

/// Neurons that would spike without any input: at tick 0 if they start at threshold, else where the search says.
void Lane::start_neurons() {
  for (const std::uint32_t p : used_) {
    Block& b = blocks_[p];
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
      const bool at_once = b.dynamics.spiking && b.v[j] >= b.theta[j];
      b.check[j] = at_once ? 0 : b.dynamics_of(j).look_again(b.load(j), b.theta[j], 0);
    }
  }
}

void Lane::resume(std::uint64_t trial, Tick now) {
  trial_ = trial;
  spikes_.clear();
  now_ = now - 1;
  uncount(counts_);
  arrivals_.clear(now);
  visits_.clear(now);
  window_begin_ = window_end_ = 0;
  for (const std::uint32_t p : used_) {
    std::fill(blocks_[p].visit.begin(), blocks_[p].visit.end(), kNever);
    for (std::uint32_t j = 0; j < blocks_[p].check.size(); ++j)
      if (blocks_[p].check[j] >= now) plan_visit(p, j, now);
  }
  queue_current_steps(now);
}

void Lane::queue_current_steps(Tick now) {
  for (std::uint32_t g = 0; g < rows_.size(); ++g) {
    const Rows& r = rows_[g];
    if (!r.current || !blocks_[r.target].used) continue;
    for (std::uint32_t i = 0; i < r.current->steps.size(); ++i) {
      const Tick due = (r.current->steps[i].time + network_->resolution() / 2) / network_->resolution() + r.synapses.delay;
      if (due >= now) arrivals_.put(due, {g, 0, i});
    }
  }
}

}  // namespace spikeloop::engine
