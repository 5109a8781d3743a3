// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/determinism_networks.hpp"

#include <algorithm>
#include <cmath>

#include "core/controller.hpp"
#include "core/random.hpp"

namespace spikeloop::testing {
namespace {

Value uniform(double low, double high) { return {Uniform{low, high}, {}}; }

Projection drawn(Projection p, const Value& weight, double low_ms = 0, double high_ms = 0) {
  p.weight = weight;
  if (high_ms > 0) p.delay_ms = uniform(low_ms, high_ms);
  return p;
}

/// Recurrent lif with distributed delays and weights, strong Poisson drive (counts) and weak (gaps), a current, random initial potentials.
SampleNetwork recurrent_lif() {
  NetworkDescription d;
  Lif lif;
  lif.v_threshold_mv = 20, lif.v_reset_mv = 10, lif.refractory_ms = 1, lif.tau_m_ms = 20;
  Population e = neurons("e", 300, lif);
  e.v_initial_mv = uniform(0, 20);
  lif.reset = Reset::kSubtract, lif.v_floor_mv = -5;
  d.populations = {e,
                   neurons("i", 100, lif),
                   source("drive", 300, PoissonSource{9000}),
                   source("weak", 50, PoissonSource{200}),
                   source("dc", 1, CurrentSource{{{from_ms(5), 4}, {from_ms(31.3), 1.7}}}),
                   source("clock", 20, RegularSource{90, 0, true})};
  d.projections = {connect("drive", "e", OneToOne{}, 0.13, 1.5),
                   drawn(connect("weak", "i", FixedProbability{0.3}, 0), uniform(0, 3), 0.1, 4),
                   drawn(connect("e", "e", FixedProbability{0.1}, 0), normal(0.3, 0.1), 0.3, 6),
                   drawn(connect("e", "i", FixedInDegree{40}, 0), normal(0.3, 0.1), 0.2, 3),
                   drawn(connect("i", "e", FixedTotalNumber{4000}, 0), normal(-0.9, 0.3), 0.2, 3),
                   connect("dc", "i", AllToAll{}, 3, 0.2),
                   drawn(connect("clock", "i", AllToAll{}, 0), normal(0.5, 1)),
                   drawn(connect("weak", "e", FixedProbability{0.1}, 0, 0.5, Port::kApical), normal(0.2, 0.5), 0.4, 5)};
  d.probes = {spikes_of("e"), spikes_of("i"), probe_of("i", Probe::Variable::kPotential, 3.3, 7)};
  return {"recurrent lif", d};
}

/// Plastic rows of which the first lane has no synapse, and weights that start outside their bounds.
SampleNetwork scattered() {
  NetworkDescription d;
  StdpFeedback rule;
  rule.a_plus = 0.02, rule.a_minus = 0.01, rule.active_trace = 0;
  Lif n;
  n.v_threshold_mv = 1;
  std::vector<std::uint32_t> from, to, far;
  for (std::uint32_t i = 0; i < 60; ++i) from.push_back(i % 4), far.push_back(330 + i), to.push_back(i % 4 < 2 ? 330 + i : 6 * i);
  d.populations = {source("in", 4, PoissonSource{400}), source("other", 4, PoissonSource{200}), neurons("n", 390, n),
                   source("teach", 1, spike_list({15, 40}))};
  d.rules = {{"rule", rule, Commit::kTrial, -0.1, 0.45}};
  d.projections = {plastic(connect("in", "n", pairs(from, to), 0.1, 0.3), "rule"),
                   plastic(connect("other", "n", pairs(from, far), 0.3, 0.2), "rule"),
                   connect("teach", "n", AllToAll{}, 0.01, 0.1, Port::kModulator)};
  d.projections[0].weight = normal(0.4, 0.1);
  d.probes = {spikes_of("n"), probe_of_projection("in->n", Probe::Variable::kPreTrace, 5, 5),
              probe_of_projection("other->n", Probe::Variable::kPreTrace, 5, 5),
              probe_of_projection("in->n", Probe::Variable::kPostTrace, 5, 5)};
  return {"scattered rows", d, 3};
}

SampleNetwork two_time_constants() {
  NetworkDescription d;
  LifExp n;
  n.v_threshold_mv = 15, n.refractory_ms = 2, n.tau_syn_ms = 5, n.tau_syn_inhibitory_ms = 10, n.bias_mv = 22;
  d.populations = {neurons("n", 400, n), source("in", 100, PoissonSource{40})};
  d.populations[0].v_initial_mv = uniform(0, 15);
  d.projections = {drawn(connect("n", "n", FixedProbability{0.05, false}, 0), normal(0, 2), 0.1, 2),
                   drawn(connect("in", "n", AllToAll{}, 0), normal(0, 1.5))};
  d.probes = {spikes_of("n"), probe_of("n", Probe::Variable::kBasalCurrent, 10, 25)};
  return {"lif_exp with two time constants", d};
}

SampleNetwork adaptive() {
  NetworkDescription d;
  d.resolution = 10 * kMicrosecond;
  Alif n;
  n.bias_mv = 2, n.adaptation_mv = 0.2, n.tau_adaptation_ms = 100;
  If pool;
  pool.bias_mv = 0.2, pool.reset = Reset::kSubtract;
  d.populations = {neurons("n", 200, n), neurons("pool", 70, pool), neurons("readout", 3, Li{})};
  d.populations[0].v_initial_mv = uniform(-1, 1);
  d.projections = {drawn(connect("n", "n", FixedProbability{0.1}, 0), normal(0, 0.05), 0.01, 3),
                   drawn(connect("n", "pool", FixedInDegree{30, false}, 0), normal(0.05, 0.02), 0.5, 1),
                   drawn(connect("pool", "readout", AllToAll{}, 0), normal(0, 1)),
                   drawn(connect("pool", "n", AllToAll{}, 0, 0.7, Port::kApical), normal(0, 0.1))};
  d.probes = {spikes_of("n"), spikes_of("pool"), probe_of("readout", Probe::Variable::kPotential, 1, 10)};
  return {"alif, if and li", d, 1, 40};
}

/// Inputs, a hidden layer, outputs, one rule everywhere, homeostasis, a controller over several trials.
SampleNetwork plastic_network(const std::string& name, const decltype(Rule::kind)& kind, Commit commit) {
  NetworkDescription d;
  Lif lif;
  lif.reset = Reset::kSubtract, lif.tau_apical_ms = 15;
  Population hidden = neurons("hidden", 150, lif), out = neurons("out", 5, lif);
  hidden.homeostasis = Homeostasis{30, 0.01, 0.1};
  d.populations = {source("in", 100, PoissonSource{60}), hidden, out};
  d.rules = {{"learn", kind, commit, -0.5, 1.5}};
  d.projections = {plastic(drawn(connect("in", "hidden", AllToAll{}, 0), normal(0.05, 0.12)), "learn"),
                   plastic(drawn(connect("hidden", "out", FixedProbability{0.6}, 0), normal(0.03, 0.1)), "learn"),
                   plastic(drawn(connect("hidden", "hidden", FixedProbability{0.1, false}, 0, 1.3), normal(0, 0.1)), "learn")};
  Controller c;
  c.population = "out", c.true_hz = 120, c.other_hz = 5;
  Feedback to_hidden, to_out;
  to_hidden.to = "hidden", to_hidden.weights = normal(0, 0.3), to_hidden.amplitude = 0.5;
  to_out.to = "out", to_out.weights.kind = Identity{}, to_out.amplitude = 0.3;
  c.feedback = {to_hidden, to_out};
  d.controllers = {c};
  d.probes = {spikes_of("hidden"), spikes_of("out"), spikes_of("ctrl.out.plus"), spikes_of("ctrl.out.minus"),
              probe_of_projection("hidden->out", Probe::Variable::kWeights, 11, 17)};
  SampleNetwork n{name, d, 3, 50};
  n.input = [d](std::uint64_t trial) {
    const auto target = static_cast<std::uint32_t>(Network(d).population_index(controller_target("out")));
    std::vector<Spike> in = {at_ms(20, target, 5)};
    for (int k = 0; k < 4; ++k) in.push_back(at_ms(20 + 8 * k, target, static_cast<std::uint32_t>(trial % 5)));
    return in;
  };
  return n;
}

/// A few projections of each source share rows: one weight and delay, one weight and drawn delays, drawn weights; also onto two time
/// constants.
SampleNetwork merged_rows() {
  NetworkDescription d;
  LifExp two;
  two.v_threshold_mv = 15, two.refractory_ms = 2, two.tau_syn_inhibitory_ms = 10, two.bias_mv = 17;
  Lif lif;
  lif.v_threshold_mv = 15, lif.refractory_ms = 1, lif.bias_mv = 16;
  d.populations = {neurons("e", 260, two), neurons("i", 130, lif), neurons("x", 90, lif), source("in", 60, PoissonSource{30})};
  for (std::size_t p = 0; p < 3; ++p) d.populations[p].v_initial_mv = uniform(0, 15);
  const auto drawn_delays = [](Projection p) { return p.delay_ms = uniform(0.2, 4), p; };
  for (const char* to : {"e", "i", "x"}) {
    d.projections.push_back(connect("e", to, FixedInDegree{60}, 0.4, 1.1));
    d.projections.push_back(drawn_delays(connect("i", to, FixedInDegree{20}, -0.8)));
    d.projections.push_back(drawn(connect("in", to, FixedProbability{0.4}, 0), normal(0, 1), 0.3, 2));
  }
  d.projections.push_back(connect("e", "x", FixedInDegree{40}, 0.4, 1.1, Port::kApical));
  d.probes = {spikes_of("e"), spikes_of("i"), spikes_of("x"), probe_of("e", Probe::Variable::kBasalCurrent, 10, 25)};
  return {"merged rows", d};
}

/// Quiet, but for bursts of input: populations change over from lazy to swept and back, at other times than each other.
SampleNetwork bursts() {
  NetworkDescription d;
  LifExp exponential;
  exponential.tau_syn_inhibitory_ms = 9, exponential.refractory_ms = 0.5;
  Alif alif;
  alif.refractory_ms = 1, alif.v_floor_mv = -0.3, alif.reset = Reset::kSubtract;
  CurrentSource steps{{{from_ms(30.7), 0.4}, {from_ms(63), 0}}};
  d.populations = {source("in", 30), neurons("first", 200, exponential), neurons("second", 150, alif), neurons("never", 2000, Lif{}),
                   source("dc", 1, steps)};
  d.populations[1].v_initial_mv = uniform(-0.5, 0.9);
  d.projections = {drawn(connect("in", "first", FixedProbability{0.4}, 0), normal(0.15, 0.3), 0.2, 3),
                   drawn(connect("first", "second", FixedProbability{0.2}, 0), normal(0.06, 0.1), 5, 9),
                   drawn(connect("second", "first", FixedProbability{0.1}, 0, 0.3, Port::kApical), normal(0, 0.1)),
                   drawn(connect("second", "never", FixedTotalNumber{300}, 0), uniform(0, 0.2)),
                   connect("dc", "first", AllToAll{}, 0.5),
                   connect("dc", "second", AllToAll{}, 0.7, 0.1, Port::kModulator)};
  d.probes = {spikes_of("first"), spikes_of("second"), spikes_of("never"), probe_of("first", Probe::Variable::kPotential, 0.3, 9),
              probe_of("second", Probe::Variable::kThreshold, 4, 9)};
  SampleNetwork n{"bursts", d, 2, 90};
  n.input = [](std::uint64_t trial) {
    std::vector<Spike> in;
    for (int t = 0; t < 850; ++t)
      for (std::uint32_t i = 0; i < 30; ++i)
        if (random_unit(11, trial, static_cast<std::uint64_t>(t) * 30 + i) < (t > 200 && t < 480 ? 0.03 : 2e-4))
          in.push_back({t * 100 * kMicrosecond, 0, i});
    return in;
  };
  return n;
}

/// Probes of everything that there is.
void add_probes(NetworkDescription& d) {
  using Variable = Probe::Variable;
  for (const Population& p : d.populations) {
    const auto add = [&](Variable v, double start, double every) {
      Probe probe = probe_of(p.name, v, start, every);
      probe.name = p.name + " more " + variable_name(v);
      d.probes.push_back(probe);
    };
    add(Variable::kSpikes, 0, 1);
    if (p.is_source()) continue;
    add(Variable::kPotential, 0.7, 1.1);
    add(Variable::kBasalCurrent, 0.2, 2.3);
    add(Variable::kApicalCurrent, 0, 3.1);
    if (spiking_of(p.neuron())) add(Variable::kThreshold, 0.5, 4.9);
  }
  for (const Projection& p : with_names(d).projections) {
    const std::string& name = p.name;
    for (const Variable v : {Variable::kPreTrace, Variable::kPostTrace, Variable::kWeights}) {
      if (v != Variable::kWeights && p.rule.empty()) continue;
      Probe probe = probe_of_projection(name, v, 0.9, 3.7);
      probe.name = name + " more " + variable_name(v);
      d.probes.push_back(probe);
    }
  }
}

/// Hashes only what the network's own probes see.
class OwnProbes final : public Sink {
 public:
  OwnProbes(const NetworkDescription& own, const Network& network) {
    for (const Probe& p : own.probes) {
      names_.push_back(p.population);
      if (p.variable == Probe::Variable::kSpikes) own_spikes_.push_back(network.population_index(p.population));
    }
  }
  void spike(const Spike& s) override {
    if (std::count(own_spikes_.begin(), own_spikes_.end(), s.population)) recording.spike(s);
  }
  void sample(Time time, std::uint32_t probe, std::span<const double> values) override {
    if (probe < names_.size()) recording.sample(time, probe, values);
  }
  Recording recording;

 private:
  std::vector<std::string> names_;
  std::vector<std::size_t> own_spikes_;
};

/// Without spikes, without a controller that fires and without weights that move, a hash would be worth nothing.
bool something_happened(const Network& network, const Session& session, const Recording& recording) {
  if (recording.spikes.size() < 100) return false;
  const auto fired = [&](const std::string& population) {
    return std::any_of(recording.spikes.begin(), recording.spikes.end(),
                       [&](const Spike& s) { return s.population == network.population_index(population); });
  };
  for (const Controller& c : network.controllers())
    if (!fired(controller_plus(c.population)) || !fired(controller_minus(c.population))) return false;
  const auto fresh = make_simulator()->compile(network)->start();
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    if (network.projections()[k].rule.empty()) continue;
    const auto before = fresh->weights(k), after = session.weights(k);
    std::size_t moved = 0;
    for (std::size_t i = 0; i < after.size(); ++i) moved += before[i] != after[i];
    if (moved * 10 < after.size()) return false;
  }
  for (std::size_t p = 0; p < network.populations().size(); ++p)
    if (network.populations()[p].homeostasis && session.thresholds(p) == fresh->thresholds(p)) return false;
  return true;
}

void look_at(Session& session, const Network& network) {
  for (std::size_t k = 0; k < network.projections().size(); ++k) session.weights(k);
  for (std::size_t p = 0; p < network.populations().size(); ++p) session.thresholds(p);
  session.counts();
  session.save();
}

}  // namespace

std::vector<SampleNetwork> sample_networks() {
  Stdp stdp;
  stdp.a_plus = 0.02, stdp.a_minus = 0.021, stdp.ltd_excess = 0.1, stdp.decay = 0.01;
  StdpFeedback gated;
  gated.a_plus = 0.02, gated.a_minus = 0.02, gated.lag_ms = 1.2, gated.active_trace = 0.1, gated.latest_ms = 45;
  FeedbackCurrent current;
  current.eta = 0.03, current.active_trace = 0.05;
  return {recurrent_lif(),
          two_time_constants(),
          adaptive(),
          merged_rows(),
          bursts(),
          plastic_network("stdp, immediate", stdp, Commit::kImmediate),
          plastic_network("stdp, trial", stdp, Commit::kTrial),
          plastic_network("stdp_feedback, immediate", gated, Commit::kImmediate),
          plastic_network("stdp_feedback, trial", gated, Commit::kTrial),
          plastic_network("feedback_current, immediate", current, Commit::kImmediate),
          plastic_network("feedback_current, trial", current, Commit::kTrial),
          scattered()};
}

std::uint64_t hash_of(const SampleNetwork& n, const Manner& how) {
  NetworkDescription description = n.description;
  if (how.more_probes) add_probes(description);
  const Network network(description);
  const auto program = make_simulator(how.threads, how.update)->compile(network),
             other = make_simulator(how.restored_threads, how.update)->compile(network);
  std::unique_ptr<Session> session = program->start();
  OwnProbes sink(n.description, network);
  for (std::uint64_t trial = 0; trial < n.trials; ++trial) {
    session->reset(trial);
    const std::vector<Spike> input = n.input(trial);
    Time at = 0;
    const Time end = from_ms(n.trial_ms);
    bool restored = !how.save_and_restore;
    while (at < end) {
      Time until = how.slice_ms > 0 ? std::min(end, at + from_ms(how.slice_ms)) : end;
      const auto save_at = static_cast<Time>(how.save_at * static_cast<double>(end));
      if (!restored) until = std::min(until, std::max(at + 1, save_at));
      std::vector<Spike> part;
      for (const Spike& s : input)
        if (s.time >= at && s.time < until) part.push_back(s);
      session->advance(until, part, sink);
      if (how.look) look_at(*session, network);
      at = std::max(until, session->now());
      if (restored || at < save_at) continue;
      const State state = session->save();
      session = other->start();
      session->restore(state);
      restored = true;
    }
    session->commit();
  }
  std::uint64_t hash = sink.recording.hash();
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const auto w = session->weights(k);
    hash = hash_bytes(hash, w.data(), w.size() * sizeof(float));
  }
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const auto theta = session->thresholds(p);
    hash = hash_bytes(hash, theta.data(), theta.size() * sizeof(double));
  }
  if (!something_happened(network, *session, sink.recording)) return 0;
  return hash;
}

}  // namespace spikeloop::testing
