// SPDX-License-Identifier: Apache-2.0
// Every kind of fault of a description is found, with the path of its field; all faults come at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/network.hpp"

namespace spikeloop {
namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

Population shaped(const char* name, std::vector<std::uint64_t> shape, const NeuronModel& model) {
  return {name, std::move(shape), model, {}, {}};
}
Population source(const char* name, std::vector<std::uint64_t> shape, const SourceModel& model) {
  return {name, std::move(shape), model, {}, {}};
}

Projection projection(const char* name, const char* from, const char* to) {
  Projection p;
  p.name = name, p.source = from, p.target = to;
  return p;
}

std::shared_ptr<const std::vector<double>> values(std::vector<double> x) {
  return std::make_shared<const std::vector<double>>(std::move(x));
}
std::shared_ptr<const std::vector<std::uint32_t>> ids(std::vector<std::uint32_t> x) {
  return std::make_shared<const std::vector<std::uint32_t>>(std::move(x));
}

/// Populations 0 in, 1 hidden (lif_exp), 2 out (lif), 3 image, 4 map, 5 drive (poisson), 6 clock (regular), 7 list, 8 dc, 9 alif, 10
/// readout (li).
NetworkDescription valid() {
  NetworkDescription d;
  d.populations = {source("in", {4}, ExternalSource{}),
                   shaped("hidden", {6}, LifExp{}),
                   shaped("out", {3}, Lif{}),
                   source("image", {2, 6, 8}, ExternalSource{}),
                   shaped("map", {3, 4, 6}, Lif{}),
                   source("drive", {6}, PoissonSource{100}),
                   source("clock", {2}, RegularSource{10, 0, false}),
                   source("list", {2}, SpikeListSource{{{kMillisecond, 1}}}),
                   source("dc", {1}, CurrentSource{{{0, 1}, {kMillisecond, 2}}}),
                   shaped("alif", {3}, Alif{}),
                   shaped("readout", {2}, Li{})};
  d.projections = {projection("a", "in", "hidden"), projection("b", "hidden", "out"), projection("conv", "image", "map"),
                   projection("rec", "hidden", "hidden"), projection("dc", "dc", "out")};
  d.projections[2].connect = Convolution{{3, 3}, {1, 1}, {0, 0}};
  d.projections[1].rule = "learn";
  d.rules = {{"learn", FeedbackCurrent{}, Commit::kTrial, -1.0, 1.0},
             {"pair", Stdp{}, Commit::kImmediate, {}, {}},
             {"gated", StdpFeedback{}, Commit::kImmediate, {}, {}}};
  Controller c;
  c.population = "out";
  Feedback f;
  f.to = "hidden", f.weights.kind = Normal{0, 1};
  c.feedback = {f};
  d.controllers = {c};
  Probe p;
  p.population = "out";
  d.probes = {p};
  return d;
}

template <class Model>
Model& model(NetworkDescription& d, std::size_t i) {
  return std::get<Model>(std::get<NeuronModel>(d.populations[i].kind));
}
template <class Model>
Model& source_model(NetworkDescription& d, std::size_t i) {
  return std::get<Model>(std::get<SourceModel>(d.populations[i].kind));
}

struct Case {
  const char* path;
  const char* says;  ///< part of what, or of the suggestion
  std::function<void(NetworkDescription&)> damage;
};

using D = NetworkDescription;

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"resolution_ms", "between 1 ns", [](D& d) { d.resolution = 0; }},
      {"resolution_ms", "between 1 ns", [](D& d) { d.resolution = 2 * kMillisecond; }},
      {"populations", "empty", [](D& d) { d = {}; }},
      {"populations[0].name", "missing", [](D& d) { d.populations.push_back(d.populations[0]), d.populations[0].name = ""; }},
      {"populations[11].name", "already the name of populations[2]", [](D& d) { d.populations.push_back(d.populations[2]); }},
      {"populations[11].name", "reserved", [](D& d) { d.populations.push_back(shaped("ctrl.x", {1}, Lif{})); }},
      {"populations[2].shape", "missing", [](D& d) { d.populations[2].shape.clear(); }},
      {"populations[2].shape[1]", "is 0",
       [](D& d) {
         d.populations[2].shape = {3, 0};
       }},
      {"populations[2].shape", "at most 100000000",
       [](D& d) {
         d.populations[2].shape = {1'000'000, 1'000'000, 1'000'000};
       }},
      {"populations", "together",
       [](D& d) { d.populations.push_back(shaped("x", {60'000'000}, Lif{})), d.populations.push_back(shaped("y", {60'000'000}, Lif{})); }},
      {"populations[2].neuron.lif.tau_m_ms", "greater than 0", [](D& d) { model<Lif>(d, 2).tau_m_ms = 0; }},
      {"populations[2].neuron.lif.tau_m_ms", "not a finite number", [](D& d) { model<Lif>(d, 2).tau_m_ms = kNan; }},
      {"populations[2].neuron.lif.tau_apical_ms", "greater than 0", [](D& d) { model<Lif>(d, 2).tau_apical_ms = -1; }},
      {"populations[2].neuron.lif.v_rest_mv", "not a finite number", [](D& d) { model<Lif>(d, 2).v_rest_mv = kInfinity; }},
      {"populations[2].neuron.lif.bias_mv", "not a finite number", [](D& d) { model<Lif>(d, 2).bias_mv = kNan; }},
      {"populations[2].neuron.lif.v_threshold_mv", "not a finite number", [](D& d) { model<Lif>(d, 2).v_threshold_mv = kNan; }},
      {"populations[2].neuron.lif.v_reset_mv", "not below v_threshold_mv", [](D& d) { model<Lif>(d, 2).v_reset_mv = 1; }},
      {"populations[2].neuron.lif.refractory_ms", "must not be negative", [](D& d) { model<Lif>(d, 2).refractory_ms = -1; }},
      {"populations[2].neuron.lif.refractory_ms", "between", [](D& d) { model<Lif>(d, 2).refractory_ms = 1e12; }},
      {"populations[2].neuron.lif.v_floor_mv", "not below v_threshold_mv", [](D& d) { model<Lif>(d, 2).v_floor_mv = 1; }},
      {"populations[1].neuron.lif_exp.tau_syn_ms", "greater than 0", [](D& d) { model<LifExp>(d, 1).tau_syn_ms = 0; }},
      {"populations[1].neuron.lif_exp.tau_syn_inhibitory_ms", "greater than 0",
       [](D& d) { model<LifExp>(d, 1).tau_syn_inhibitory_ms = -2; }},
      {"populations[9].neuron.alif.tau_adaptation_ms", "greater than 0", [](D& d) { model<Alif>(d, 9).tau_adaptation_ms = 0; }},
      {"populations[9].neuron.alif.adaptation_mv", "must not be negative", [](D& d) { model<Alif>(d, 9).adaptation_mv = -1; }},
      {"populations[5].source.poisson.rate_hz", "between 0 and", [](D& d) { source_model<PoissonSource>(d, 5).rate_hz = -1; }},
      {"populations[5].source.poisson.rate_hz", "between 0 and", [](D& d) { source_model<PoissonSource>(d, 5).rate_hz = 2e6; }},
      {"populations[6].source.regular.rate_hz", "greater than 0", [](D& d) { source_model<RegularSource>(d, 6).rate_hz = 0; }},
      {"populations[6].source.regular.rate_hz", "more than one spike a tick",
       [](D& d) { source_model<RegularSource>(d, 6).rate_hz = 10'001; }},
      {"populations[6].source.regular.phase", "[0, 1)", [](D& d) { source_model<RegularSource>(d, 6).phase = 1; }},
      {"populations[6].source.regular.phase", "[0, 1)", [](D& d) { source_model<RegularSource>(d, 6).phase = kNan; }},
      {"populations[7].source.spike_list.spikes[0]", "is at -1 ms",
       [](D& d) { source_model<SpikeListSource>(d, 7).events[0].time = -kMillisecond; }},
      {"populations[7].source.spike_list.spikes[0].neuron", "is 2, but the population has 2",
       [](D& d) { source_model<SpikeListSource>(d, 7).events[0].neuron = 2; }},
      {"populations[8].source.current.steps[1].time_ms", "not later", [](D& d) { source_model<CurrentSource>(d, 8).steps[1].time = 0; }},
      {"populations[8].source.current.steps[0].value_mv", "not a finite",
       [](D& d) { source_model<CurrentSource>(d, 8).steps[0].value_mv = kNan; }},
      {"populations[0].homeostasis", "is a source", [](D& d) { d.populations[0].homeostasis = Homeostasis{}; }},
      {"populations[10].homeostasis", "never spikes", [](D& d) { d.populations[10].homeostasis = Homeostasis{}; }},
      {"populations[2].homeostasis.target_hz", "negative",
       [](D& d) {
         d.populations[2].homeostasis = Homeostasis{-1, 0, 0};
       }},
      {"populations[2].homeostasis.rate", "negative",
       [](D& d) {
         d.populations[2].homeostasis = Homeostasis{1, -1, 0};
       }},
      {"populations[0].v_initial_mv", "is a source", [](D& d) { d.populations[0].v_initial_mv = Value{}; }},
      {"populations[2].v_initial_mv.listed", "has 2 values, but needs 3",
       [](D& d) {
         d.populations[2].v_initial_mv = Value{Listed{values({1, 2})}, {}};
       }},
      {"populations[2].v_initial_mv.normal.std", "negative",
       [](D& d) {
         d.populations[2].v_initial_mv = Value{Normal{0, -1}, {}};
       }},
      {"projections[0].source", "did you mean \"in\"", [](D& d) { d.projections[0].source = "im"; }},
      {"projections[0].source", "is missing", [](D& d) { d.projections[0].source = ""; }},
      {"projections[0].target", "did you mean \"hidden\"", [](D& d) { d.projections[0].target = "hiden"; }},
      {"projections[0].target", "is a source and cannot receive", [](D& d) { d.projections[0].target = "drive"; }},
      {"projections[1].rule", "did you mean \"learn\"", [](D& d) { d.projections[1].rule = "lern"; }},
      {"projections[5].name", "already the name of projections[0]", [](D& d) { d.projections.push_back(d.projections[0]); }},
      {"projections[4].rule", "emits a current", [](D& d) { d.projections[4].rule = "learn"; }},
      {"projections[4].delays_ms", "emits a current",
       [](D& d) {
         d.projections[4].delay_ms = {Uniform{0.1, 1}, {}};
       }},
      {"projections[0].weight_scale", "not a finite", [](D& d) { d.projections[0].weight_scale = kNan; }},
      {"projections[0].weight.constant", "not a finite", [](D& d) { d.projections[0].weight.kind = Constant{kNan}; }},
      {"projections[0].weight.uniform", "low 2 above high 1",
       [](D& d) {
         d.projections[0].weight.kind = Uniform{2, 1};
       }},
      {"projections[0].weight.log_normal.std_log", "negative",
       [](D& d) {
         d.projections[0].weight.kind = LogNormal{0, -1};
       }},
      {"projections[0].weight.exponential.mean", "greater than 0", [](D& d) { d.projections[0].weight.kind = Exponential{0}; }},
      {"projections[0].weight.clip", "min 2 above max 1",
       [](D& d) {
         d.projections[0].weight.bounds = {2, 1, false};
       }},
      {"projections[0].weight.truncate", "min 2 above max 1",
       [](D& d) {
         d.projections[0].weight.bounds = {2, 1, true};
       }},
      {"projections[0].weight.truncate.min", "not a finite",
       [](D& d) {
         d.projections[0].weight.bounds = {kNan, 1, true};
       }},
      {"projections[0].weight.listed", "has 3 values, but needs 24",
       [](D& d) {
         d.projections[0].weight.kind = Listed{values({1, 2, 3})};
       }},
      {"projections[0].weight.listed", "not a finite",
       [](D& d) { d.projections[0].weight.kind = Listed{values(std::vector<double>(24, kNan))}; }},
      {"projections[3].weight.listed", "not known before they are drawn",
       [](D& d) { d.projections[3].connect = FixedProbability{0.5}, d.projections[3].weight.kind = Listed{values({1})}; }},
      {"projections[0].weight.identity", "only for feedback", [](D& d) { d.projections[0].weight.kind = Identity{}; }},
      {"projections[0].delay_ms", "less than one tick", [](D& d) { d.projections[0].delay_ms.kind = Constant{0.05}; }},
      {"projections[0].delay_ms", "not a whole number of ticks", [](D& d) { d.projections[0].delay_ms.kind = Constant{0.15}; }},
      {"projections[0].delay_ms", "at most 1e6", [](D& d) { d.projections[0].delay_ms.kind = Constant{2e6}; }},
      {"projections[0].delay_ms", "not a finite", [](D& d) { d.projections[0].delay_ms.kind = Constant{kNan}; }},
      {"projections[0].delays_ms.listed", "at least one tick",
       [](D& d) { d.projections[0].delay_ms.kind = Listed{values(std::vector<double>(24, 0.01))}; }},
      {"projections[0].delays_ms.uniform", "low 2 above high 1",
       [](D& d) {
         d.projections[0].delay_ms.kind = Uniform{2, 1};
       }},
      {"projections[0].connect.one_to_one", "one size", [](D& d) { d.projections[0].connect = OneToOne{}; }},
      {"projections[0].connect.fixed_probability.probability", "between 0 and 1",
       [](D& d) { d.projections[0].connect = FixedProbability{1.5}; }},
      {"projections[0].connect.fixed_probability.probability", "not a finite",
       [](D& d) { d.projections[0].connect = FixedProbability{kNan}; }},
      {"projections[0].connect.fixed_in_degree.count", "at most 4 sources",
       [](D& d) {
         d.projections[0].connect = FixedInDegree{5, false, true};
       }},
      {"projections[3].connect.fixed_in_degree.count", "at most 5 sources",
       [](D& d) {
         d.projections[3].connect = FixedInDegree{6, false, false};
       }},
      {"projections[0].connect.fixed_total_number.count", "at most half",
       [](D& d) {
         d.projections[0].connect = FixedTotalNumber{13, false, true};
       }},
      {"projections[0].connect.fixed_total_number.count", "can be described",
       [](D& d) {
         d.projections[0].connect = FixedTotalNumber{30'000'000'000, true, true};
       }},
      {"projections[0].connect.pairs", "2 sources but 1 targets",
       [](D& d) {
         d.projections[0].connect = Pairs{ids({0, 1}), ids({0})};
       }},
      {"projections[0].connect.pairs.sources[1]", "is 4, but \"in\" has 4",
       [](D& d) {
         d.projections[0].connect = Pairs{ids({0, 4}), ids({0, 0})};
       }},
      {"projections[0].connect.pairs.targets[0]", "is 6, but \"hidden\" has 6",
       [](D& d) {
         d.projections[0].connect = Pairs{ids({0}), ids({6})};
       }},
      {"projections[0].connect.tensor", "has 2 values, but 4 x 6 = 24",
       [](D& d) {
         d.projections[0].connect = Tensor{std::make_shared<const std::vector<float>>(2), "w.npy"};
       }},
      {"projections[0].connect.tensor", "not a finite",
       [](D& d) {
         d.projections[0].connect = Tensor{std::make_shared<const std::vector<float>>(24, std::numeric_limits<float>::infinity()), "w.npy"};
       }},
      {"projections[0].connect.convolution", "shape [height, width]", [](D& d) { d.projections[0].connect = Convolution{}; }},
      {"projections[2].connect.convolution.kernel", "holds a 0",
       [](D& d) {
         d.projections[2].connect = Convolution{{0, 3}, {1, 1}, {0, 0}};
       }},
      {"projections[2].connect.convolution.stride", "holds a 0",
       [](D& d) {
         d.projections[2].connect = Convolution{{3, 3}, {1, 0}, {0, 0}};
       }},
      {"projections[2].connect.convolution.kernel", "larger than the padded source",
       [](D& d) {
         d.projections[2].connect = Convolution{{9, 3}, {1, 1}, {1, 1}};
       }},
      {"projections[2].connect.convolution", "gives 6 rows",
       [](D& d) {
         d.projections[2].connect = Convolution{{3, 3}, {1, 1}, {1, 0}};
       }},
      {"projections[2].connect.pooling", "keeps channels",
       [](D& d) {
         d.projections[2].connect = Pooling{{3, 3}, {1, 1}};
       }},
      {"projections", "synapses together",
       [](D& d) { d.populations.push_back(shaped("x", {1'000'000}, Lif{})), d.projections.push_back(projection("big", "x", "x")); }},
      {"rules[3].name", "already the name of rules[0]", [](D& d) { d.rules.push_back(d.rules[0]); }},
      {"rules[1].name", "missing", [](D& d) { d.rules[1].name = ""; }},
      {"rules[1].stdp.tau_plus_ms", "greater than 0", [](D& d) { std::get<Stdp>(d.rules[1].kind).tau_plus_ms = 0; }},
      {"rules[1].stdp.tau_minus_ms", "greater than 0", [](D& d) { std::get<Stdp>(d.rules[1].kind).tau_minus_ms = 0; }},
      {"rules[1].stdp.a_plus", "not a finite", [](D& d) { std::get<Stdp>(d.rules[1].kind).a_plus = kNan; }},
      {"rules[1].stdp.a_minus", "not a finite", [](D& d) { std::get<Stdp>(d.rules[1].kind).a_minus = kNan; }},
      {"rules[1].stdp.lag_ms", "negative", [](D& d) { std::get<Stdp>(d.rules[1].kind).lag_ms = -1; }},
      {"rules[1].stdp.ltd_excess", "negative", [](D& d) { std::get<Stdp>(d.rules[1].kind).ltd_excess = -1; }},
      {"rules[1].stdp.decay", "negative", [](D& d) { std::get<Stdp>(d.rules[1].kind).decay = -1; }},
      {"rules[2].stdp_feedback.active_trace", "negative", [](D& d) { std::get<StdpFeedback>(d.rules[2].kind).active_trace = -1; }},
      {"rules[2].stdp_feedback.latest_ms", "negative", [](D& d) { std::get<StdpFeedback>(d.rules[2].kind).latest_ms = -1; }},
      {"rules[0].feedback_current.eta", "not a finite", [](D& d) { std::get<FeedbackCurrent>(d.rules[0].kind).eta = kNan; }},
      {"rules[0].feedback_current.tau_trace_ms", "greater than 0",
       [](D& d) { std::get<FeedbackCurrent>(d.rules[0].kind).tau_trace_ms = 0; }},
      {"rules[0].feedback_current.weight_min", "above weight_max", [](D& d) { d.rules[0].weight_min = 2; }},
      {"rules[0].feedback_current.weight_max", "not a finite", [](D& d) { d.rules[0].weight_max = kNan; }},
      {"controllers[0].population", "did you mean \"out\"", [](D& d) { d.controllers[0].population = "oud"; }},
      {"controllers[0].population", "is a source", [](D& d) { d.controllers[0].population = "drive"; }},
      {"controllers[0].population", "never spikes", [](D& d) { d.controllers[0].population = "readout"; }},
      {"controllers[1].population", "has a controller already", [](D& d) { d.controllers.push_back(d.controllers[0]); }},
      {"controllers[0].target.true_hz", "negative", [](D& d) { d.controllers[0].true_hz = -1; }},
      {"controllers[0].target.other_hz", "negative", [](D& d) { d.controllers[0].other_hz = -1; }},
      {"controllers[0].target.dead_zone_hz", "greater than 0", [](D& d) { d.controllers[0].dead_zone_hz = 0; }},
      {"controllers[0].target.excess_dead_zone_hz", "greater than 0", [](D& d) { d.controllers[0].excess_dead_zone_hz = 0; }},
      {"controllers[0].target.target_spikes", "between", [](D& d) { d.controllers[0].target_spikes = 0; }},
      {"controllers[0].target.headroom", "between", [](D& d) { d.controllers[0].headroom = 0.5; }},
      {"controllers[0].feedback[0].rule", "\"non\"", [](D& d) { d.controllers[0].feedback[0].rule = "non"; }},
      {"controllers[0].feedback[0].weights.forward_product.rms", "greater than 0",
       [](D& d) { d.controllers[0].feedback[0].weights.kind = ForwardProduct{0}; }},
      {"controllers[0].feedback[0].weights.forward_product", "there is none",
       [](D& d) { d.controllers[0].feedback[0].to = "readout", d.controllers[0].feedback[0].weights.kind = ForwardProduct{}; }},
      {"projections[0].weight.forward_product", "only for feedback", [](D& d) { d.projections[0].weight.kind = ForwardProduct{}; }},
      {"controllers[0].neuron.lif.tau_m_ms", "greater than 0", [](D& d) { d.controllers[0].tau_m_ms = 0; }},
      {"controllers[0]", "no feedback", [](D& d) { d.controllers[0].feedback.clear(); }},
      {"controllers[0].feedback[0].to", "did you mean \"hidden\"", [](D& d) { d.controllers[0].feedback[0].to = "hidde"; }},
      {"controllers[0].feedback[0].to", "is a source", [](D& d) { d.controllers[0].feedback[0].to = "in"; }},
      {"controllers[0].feedback[0].amplitude", "not a finite", [](D& d) { d.controllers[0].feedback[0].amplitude = kNan; }},
      {"controllers[0].feedback[0].weights.identity", "one size", [](D& d) { d.controllers[0].feedback[0].weights.kind = Identity{}; }},
      {"controllers[0].feedback[0].weights.listed", "has 2 values, but needs 18",
       [](D& d) { d.controllers[0].feedback[0].weights.kind = Listed{values({1, 2})}; }},
      {"probes[0].population", "did you mean \"out\"", [](D& d) { d.probes[0].population = "ot"; }},
      {"probes[0].population", "did you mean \"ctrl.out.plus\"", [](D& d) { d.probes[0].population = "ctrl.out.pluss"; }},
      {"probes[0].population", "has no potential",
       [](D& d) { d.probes[0].population = "in", d.probes[0].variable = Probe::Variable::kPotential; }},
      {"probes[0].population", "no threshold",
       [](D& d) { d.probes[0].population = "readout", d.probes[0].variable = Probe::Variable::kThreshold; }},
      {"probes[0].projection", "not plastic", [](D& d) { d.probes[0] = {"p", "", "a", Probe::Variable::kPreTrace, 0, 1}; }},
      {"probes[0].projection", "is missing", [](D& d) { d.probes[0] = {"p", "out", "", Probe::Variable::kWeights, 0, 1}; }},
      {"probes[0].every_ms", "less than one tick",
       [](D& d) { d.probes[0].variable = Probe::Variable::kPotential, d.probes[0].every_ms = 0.01; }},
      {"probes[0].every_ms", "greater than 0", [](D& d) { d.probes[0].variable = Probe::Variable::kPotential, d.probes[0].every_ms = 0; }},
      {"probes[0].start_ms", "between", [](D& d) { d.probes[0].variable = Probe::Variable::kPotential, d.probes[0].start_ms = -1; }},
      {"probes[1].name", "already the name of probes[0]", [](D& d) { d.probes[0].name = "x", d.probes.push_back(d.probes[0]); }},
  };
  return all;
}

std::string all_of(const std::vector<Diagnostic>& faults) {
  std::string text;
  for (const Diagnostic& f : faults) text += to_string(f) + "\n";
  return text;
}

TEST(Validate, AValidDescriptionHasNoFault) { EXPECT_EQ(all_of(validate(valid())), ""); }

TEST(Validate, FindsEveryKindOfFaultAtItsPath) {
  for (const Case& c : cases()) {
    NetworkDescription d = valid();
    c.damage(d);
    const auto faults = validate(d);
    const bool found = std::any_of(faults.begin(), faults.end(), [&](const Diagnostic& f) {
      return f.path == c.path && (f.what + " " + f.suggestion).find(c.says) != std::string::npos;
    });
    EXPECT_TRUE(found) << c.path << " ... " << c.says << "; found:\n" << all_of(faults);
    EXPECT_THROW(Network{d}, DescriptionError) << c.path;
  }
}

TEST(Validate, ReportsEveryFaultAtOnce) {
  NetworkDescription d = valid();
  model<Lif>(d, 2).tau_m_ms = 0;
  d.projections[0].source = "nobody";
  std::get<Stdp>(d.rules[1].kind).tau_plus_ms = -1;
  d.controllers[0].dead_zone_hz = 0;
  d.probes[0].population = "nowhere";
  try {
    Network{d};
    FAIL() << "accepted";
  } catch (const DescriptionError& e) {
    EXPECT_EQ(e.diagnostics().size(), 5u) << e.what();
    EXPECT_EQ(e.exit_code(), 2);
  }
}

TEST(DidYouMean, FindsASlipOfThePenAndNothingFarther) {
  const std::vector<std::string> names = {"hidden", "out", "input"};
  EXPECT_EQ(did_you_mean("hiden", names), "hidden");
  EXPECT_EQ(did_you_mean("inptu", names), "");  // two changes in five letters
  EXPECT_EQ(did_you_mean("imput", names), "input");
  EXPECT_EQ(did_you_mean("oot", names), "out");
  EXPECT_EQ(did_you_mean("controller", names), "");
  EXPECT_EQ(did_you_mean("", names), "");
  EXPECT_EQ(did_you_mean(std::string(1'000'000, 'a'), names), "");
}

}  // namespace
}  // namespace spikeloop
