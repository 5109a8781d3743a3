// SPDX-License-Identifier: Apache-2.0
// Every fault of a description at once. Paths are those of the schema, so that a loader can turn them into lines and columns.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "core/network.hpp"

namespace spikeloop {
namespace {

/// Collects faults below a path.
class Faults {
 public:
  explicit Faults(std::vector<Diagnostic>& all, std::string path = "") : all_(&all), path_(std::move(path)) {}
  Faults at(const std::string& field) const { return Faults(*all_, path_.empty() ? field : path_ + "." + field); }
  Faults at(const char* field, std::size_t index) const { return at(fmt::format("{}[{}]", field, index)); }
  void add(std::string what, std::string suggestion = "") const { all_->push_back({path_, std::move(what), std::move(suggestion), "", 0, 0}); }

  bool finite(const char* field, double x) const {
    if (std::isfinite(x) && std::abs(x) <= 1e12) return true;
    at(field).add(fmt::format("is {}, which is not a finite number of reasonable size", x), "use a number between -1e12 and 1e12");
    return false;
  }
  bool positive(const char* field, double x) const {
    if (!finite(field, x)) return false;
    if (x > 0) return true;
    at(field).add(fmt::format("is {}, but must be greater than 0", x));
    return false;
  }
  bool not_negative(const char* field, double x) const {
    if (!finite(field, x)) return false;
    if (x >= 0) return true;
    at(field).add(fmt::format("is {}, but must not be negative", x));
    return false;
  }
  void between(const char* field, double x, double low, double high) const {
    if (finite(field, x) && (x < low || x > high)) at(field).add(fmt::format("is {}, but must be between {} and {}", x, low, high));
  }

 private:
  std::vector<Diagnostic>* all_;
  std::string path_;
};

constexpr double kMaxTimeMs = 1e11;  // 3 years: far from the end of int64 nanoseconds

/// Everything that a check of one part needs to know about the rest.
struct Context {
  const NetworkDescription& d;
  std::map<std::string, std::size_t> populations, rules, projections;

  std::uint64_t size_of(const std::string& population) const { return d.populations[populations.at(population)].size(); }
};

std::vector<std::string> names_of(const std::map<std::string, std::size_t>& index) {
  std::vector<std::string> names;
  for (const auto& [name, i] : index) names.push_back(name);
  return names;
}

bool refers(const Faults& f, const char* field, const std::string& name, const std::map<std::string, std::size_t>& index, const char* what) {
  if (index.contains(name)) return true;
  if (name.empty()) {
    f.at(field).add(fmt::format("is missing: it must name a {}", what));
    return false;
  }
  const std::string near = did_you_mean(name, names_of(index));
  f.at(field).add(fmt::format("names {} \"{}\", which does not exist", what, name), near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
  return false;
}

/// Product of the shape, saturated well above every limit, so that no count overflows.
double size_or_more(const std::vector<std::uint64_t>& shape) {
  double n = 1;
  for (const std::uint64_t s : shape) n *= static_cast<double>(s);
  return n;
}

void check_bounds(const Faults& f, const Bounds& b) {
  if (b.min) f.finite(b.redraw ? "truncate.min" : "clip.min", *b.min);
  if (b.max) f.finite(b.redraw ? "truncate.max" : "clip.max", *b.max);
  if (b.min && b.max && !(*b.min <= *b.max))
    f.at(b.redraw ? "truncate" : "clip").add(fmt::format("has min {} above max {}", *b.min, *b.max), "exchange them");
}

/// `expected` is the number of values that a list must have; 0 = a list cannot be used here.
void check_value(const Faults& f, const Value& value, double expected, const char* of_what, bool identity_allowed = false) {
  struct Visitor {
    const Faults& f;
    double expected;
    const char* of_what;
    bool identity_allowed;
    void operator()(const Constant& v) const { f.finite("constant", v.value); }
    void operator()(const Normal& v) const { f.finite("normal.mean", v.mean), f.not_negative("normal.std", v.std); }
    void operator()(const Uniform& v) const {
      if (f.finite("uniform.low", v.low) && f.finite("uniform.high", v.high) && v.high < v.low)
        f.at("uniform").add(fmt::format("has low {} above high {}", v.low, v.high), "exchange them");
    }
    void operator()(const LogNormal& v) const { f.finite("log_normal.mean_log", v.mean_log), f.not_negative("log_normal.std_log", v.std_log); }
    void operator()(const Exponential& v) const { f.positive("exponential.mean", v.mean); }
    void operator()(const Listed& v) const {
      const double n = v.values ? static_cast<double>(v.values->size()) : 0;
      if (expected == 0) return f.at("listed").add("cannot be used here: the number of synapses is not known before they are drawn");
      if (n != expected) return f.at("listed").add(fmt::format("has {} values, but needs {}: {}", n, expected, of_what));
      for (const double x : *v.values)
        if (!std::isfinite(x)) return f.at("listed").add("holds a value that is not a finite number");
    }
    void operator()(const Identity&) const {
      if (!identity_allowed) f.at("identity").add("is only for feedback weights", "use `connect { one_to_one {} }`");
    }
  };
  std::visit(Visitor{f, expected, of_what, identity_allowed}, value.kind);
  check_bounds(f, value.bounds);
}

void check_membrane(const Faults& f, const Membrane& m) {
  f.positive("tau_m_ms", m.tau_m_ms);
  f.positive("tau_apical_ms", m.tau_apical_ms);
  f.finite("v_rest_mv", m.v_rest_mv);
  f.finite("bias_mv", m.bias_mv);
}

void check_spiking(const Faults& f, const Spiking& s) {
  const bool both = f.finite("v_threshold_mv", s.v_threshold_mv) && f.finite("v_reset_mv", s.v_reset_mv);
  if (both && s.v_reset_mv >= s.v_threshold_mv)
    f.at("v_reset_mv").add(fmt::format("is {}, which is not below v_threshold_mv = {}: the neuron would spike at every tick", s.v_reset_mv, s.v_threshold_mv));
  if (f.not_negative("refractory_ms", s.refractory_ms)) f.between("refractory_ms", s.refractory_ms, 0, kMaxTimeMs);
  if (s.v_floor_mv && f.finite("v_floor_mv", *s.v_floor_mv) && *s.v_floor_mv >= s.v_threshold_mv)
    f.at("v_floor_mv").add("is not below v_threshold_mv");
}

void check_neuron(const Faults& f, const NeuronModel& model) {
  const Faults m = f.at("neuron").at(model_name(model));
  check_membrane(m, membrane_of(model));
  if (const Spiking* s = spiking_of(model)) check_spiking(m, *s);
  if (const auto* e = std::get_if<LifExp>(&model)) {
    m.positive("tau_syn_ms", e->tau_syn_ms);
    if (e->tau_syn_inhibitory_ms) m.positive("tau_syn_inhibitory_ms", *e->tau_syn_inhibitory_ms);
  }
  if (const auto* a = std::get_if<Alif>(&model)) m.positive("tau_adaptation_ms", a->tau_adaptation_ms), m.not_negative("adaptation_mv", a->adaptation_mv);
}

void check_time(const Faults& f, Time t) {
  if (t < 0 || t > from_ms(kMaxTimeMs)) f.add(fmt::format("is at {} ms; times must lie between 0 and {} ms", to_ms(t), kMaxTimeMs));
}

struct SourceCheck {
  Faults f;
  double size;
  double tick_s;
  void operator()(const ExternalSource&) const {}
  void operator()(const PoissonSource& s) const { f.between("rate_hz", s.rate_hz, 0, 1e6); }
  void operator()(const RegularSource& s) const {
    if (f.positive("rate_hz", s.rate_hz) && s.rate_hz * tick_s > 1)
      f.at("rate_hz").add(fmt::format("is {}: more than one spike a tick of {} s", s.rate_hz, tick_s), "lower the rate or the resolution");
    if (s.phase < 0 || !(s.phase < 1)) f.at("phase").add(fmt::format("is {}, but must be in [0, 1)", s.phase));
  }
  void operator()(const SpikeListSource& s) const {
    for (std::size_t i = 0; i < s.events.size(); ++i) {
      check_time(f.at("spikes", i), s.events[i].time);
      if (s.events[i].neuron >= size) f.at("spikes", i).at("neuron").add(fmt::format("is {}, but the population has {} neurons", s.events[i].neuron, size));
    }
  }
  void operator()(const CurrentSource& s) const {
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
      check_time(f.at("steps", i), s.steps[i].time);
      f.at("steps", i).finite("value_mv", s.steps[i].value_mv);
      if (i > 0 && s.steps[i].time <= s.steps[i - 1].time) f.at("steps", i).at("time_ms").add("is not later than the step before it", "sort the steps by time");
    }
  }
};

void check_shape(const Faults& f, const Population& p) {
  if (p.shape.empty()) return f.at("shape").add("is missing: it must say how many neurons there are");
  for (std::size_t i = 0; i < p.shape.size(); ++i)
    if (p.shape[i] == 0) f.at("shape", i).add("is 0, but must be at least 1");
  if (size_or_more(p.shape) > static_cast<double>(kMaxNeurons))
    f.at("shape").add(fmt::format("asks for {:.3g} neurons; at most {} can be described", size_or_more(p.shape), kMaxNeurons), "use a smaller shape");
}

void check_population(const Faults& f, const Population& p, Time resolution) {
  if (p.name.empty()) f.at("name").add("is missing");
  if (p.name.starts_with("ctrl.")) f.at("name").add(fmt::format("is \"{}\": the prefix ctrl. is reserved for controllers", p.name), "choose another name");
  check_shape(f, p);
  const double size = size_or_more(p.shape);
  if (p.is_source()) {
    std::visit(SourceCheck{f.at("source").at(source_name(p.source())), size, static_cast<double>(resolution) * 1e-9}, p.source());
    if (p.homeostasis) f.at("homeostasis").add("needs neurons with a threshold, but the population is a source");
    if (p.v_initial_mv) f.at("v_initial_mv").add("needs neurons, but the population is a source");
    return;
  }
  check_neuron(f, p.neuron());
  if (p.v_initial_mv) check_value(f.at("v_initial_mv"), *p.v_initial_mv, size, "one a neuron");
  if (!p.homeostasis) return;
  if (!spiking_of(p.neuron())) f.at("homeostasis").add("needs a spiking neuron model, but li never spikes");
  f.at("homeostasis").not_negative("target_hz", p.homeostasis->target_hz);
  f.at("homeostasis").not_negative("rate", p.homeostasis->rate);
  f.at("homeostasis").finite("threshold_min_mv", p.homeostasis->threshold_min_mv);
}

/// {channels, height, width}; a plain {height, width} has one channel.
std::optional<std::array<std::uint64_t, 3>> image_shape(const Population& p) {
  if (p.shape.size() == 2) return std::array<std::uint64_t, 3>{1, p.shape[0], p.shape[1]};
  if (p.shape.size() == 3) return std::array<std::uint64_t, 3>{p.shape[0], p.shape[1], p.shape[2]};
  return std::nullopt;
}

struct Window {
  std::array<std::uint32_t, 2> kernel, stride, padding;
};

void check_window(const Faults& f, const Window& w, const Population& source, const Population& target, bool same_channels) {
  const auto in = image_shape(source), out = image_shape(target);
  if (!in || !out) return f.add("needs populations of shape [height, width] or [channels, height, width]");
  if (same_channels && (*in)[0] != (*out)[0]) f.add(fmt::format("keeps channels, but the source has {} and the target {}", (*in)[0], (*out)[0]));
  for (std::size_t i = 0; i < 2; ++i) {
    if (w.kernel[i] == 0 || w.stride[i] == 0) return f.at(w.kernel[i] == 0 ? "kernel" : "stride").add("holds a 0, but must be at least 1");
    const double padded = static_cast<double>((*in)[i + 1]) + 2.0 * w.padding[i];
    if (padded < w.kernel[i]) return f.at("kernel").add(fmt::format("is larger than the padded source ({} > {})", w.kernel[i], padded));
    const double expected = std::floor((padded - w.kernel[i]) / w.stride[i]) + 1;
    if (expected != static_cast<double>((*out)[i + 1]))
      f.add(fmt::format("gives {} {}, but the target \"{}\" has {}", expected, i == 0 ? "rows" : "columns", target.name, (*out)[i + 1]),
            fmt::format("give the target {} {}", expected, i == 0 ? "rows" : "columns"));
  }
}

struct ConnectCheck {
  Faults f;
  const Population& source;
  const Population& target;

  void operator()(const OneToOne&) const {
    if (source.size() != target.size())
      f.at("one_to_one").add(fmt::format("needs populations of one size, but \"{}\" has {} and \"{}\" has {}", source.name, source.size(), target.name, target.size()));
  }
  void operator()(const AllToAll&) const {}
  void operator()(const FixedProbability& c) const { f.at("fixed_probability").between("probability", c.probability, 0, 1); }
  void operator()(const FixedInDegree& c) const {
    const double most = static_cast<double>(source.size()) - (!c.autapses && source.name == target.name ? 1 : 0);
    if (static_cast<double>(c.count) > (c.multapses ? 1e9 : most))
      f.at("fixed_in_degree").at("count").add(fmt::format("is {}, but at most {} sources can be drawn", c.count, c.multapses ? 1e9 : most), "allow multapses or lower it");
    if (c.count > 0 && most < 1) f.at("fixed_in_degree").add("has no source to draw without autapses");
  }
  void operator()(const FixedTotalNumber& c) const {
    if (static_cast<double>(c.count) > static_cast<double>(kMaxSynapses))
      f.at("fixed_total_number").at("count").add(fmt::format("is {}, but at most {} synapses can be described", c.count, kMaxSynapses));
    const double pairs = static_cast<double>(source.size()) * static_cast<double>(target.size());
    if (!c.multapses && static_cast<double>(c.count) > pairs / 2)
      f.at("fixed_total_number").at("count").add(fmt::format("is {}: without multapses at most half of the {} pairs can be drawn", c.count, pairs), "use fixed_probability");
    if (!c.autapses && source.name == target.name && source.size() < 2) f.at("fixed_total_number").add("has no pair to draw without autapses");
  }
  void operator()(const Pairs& c) const {
    const std::size_t n = c.sources ? c.sources->size() : 0, m = c.targets ? c.targets->size() : 0;
    if (n != m) return f.at("pairs").add(fmt::format("has {} sources but {} targets", n, m));
    for (std::size_t i = 0; i < n; ++i) {
      if ((*c.sources)[i] >= source.size()) return f.at("pairs").at("sources", i).add(fmt::format("is {}, but \"{}\" has {} neurons", (*c.sources)[i], source.name, source.size()));
      if ((*c.targets)[i] >= target.size()) return f.at("pairs").at("targets", i).add(fmt::format("is {}, but \"{}\" has {} neurons", (*c.targets)[i], target.name, target.size()));
    }
  }
  void operator()(const Tensor& c) const {
    const double need = static_cast<double>(source.size()) * static_cast<double>(target.size());
    const double have = c.weights ? static_cast<double>(c.weights->size()) : 0;
    if (have != need) return f.at("tensor").add(fmt::format("\"{}\" has {} values, but {} x {} = {} are needed (rows = sources)", c.file, have, source.size(), target.size(), need));
    for (const float w : *c.weights)
      if (!std::isfinite(w)) return f.at("tensor").add(fmt::format("\"{}\" holds a value that is not a finite number", c.file));
  }
  void operator()(const Convolution& c) const { check_window(f.at("convolution"), {c.kernel, c.stride, c.padding}, source, target, false); }
  void operator()(const Pooling& c) const { check_window(f.at("pooling"), {c.kernel, c.stride, {0, 0}}, source, target, true); }
};

/// How many values a listed weight needs; 0 where a list makes no sense.
double listed_weights(const Projection& p, const Population& source, const Population& target) {
  if (const auto* c = std::get_if<Convolution>(&p.connect)) {
    const auto in = image_shape(source), out = image_shape(target);
    return in && out ? static_cast<double>((*in)[0] * (*out)[0]) * c->kernel[0] * c->kernel[1] : 0;
  }
  const bool counted = std::holds_alternative<OneToOne>(p.connect) || std::holds_alternative<AllToAll>(p.connect) || std::holds_alternative<Pairs>(p.connect);
  return counted ? expected_synapses(p.connect, source, target) : 0;
}

void check_delay(const Faults& f, const Projection& p, Time resolution, double listed) {
  if (const auto* c = std::get_if<Constant>(&p.delay_ms.kind)) {
    if (!f.finite("delay_ms", c->value)) return;
    const double ticks = c->value / to_ms(resolution);
    if (ticks < 1 - 1e-9)
      return f.at("delay_ms").add(fmt::format("is {} ms, less than one tick of {} ms", c->value, to_ms(resolution)), "raise the delay or use a finer resolution_ms");
    if (c->value > 1e6) return f.at("delay_ms").add(fmt::format("is {} ms; at most 1e6 ms are supported", c->value));
    if (std::abs(ticks - std::round(ticks)) > 1e-6 * std::max(1.0, ticks))
      f.at("delay_ms").add(fmt::format("is {} ms, which is not a whole number of ticks of {} ms", c->value, to_ms(resolution)), "round it, or use a finer resolution_ms");
    return;
  }
  check_value(f.at("delays_ms"), p.delay_ms, listed, "one a synapse");
  if (const auto* l = std::get_if<Listed>(&p.delay_ms.kind); l && l->values)
    for (const double x : *l->values)
      if (x < to_ms(resolution) * (1 - 1e-9) || x > 1e6) return f.at("delays_ms").at("listed").add(fmt::format("holds {} ms; delays are at least one tick ({} ms) and at most 1e6 ms", x, to_ms(resolution)));
}

void check_current_projection(const Faults& f, const Context& c, const Projection& p) {
  const Population& source = c.d.populations[c.populations.at(p.source)];
  if (!source.is_source() || !std::holds_alternative<CurrentSource>(source.source())) return;
  if (!p.rule.empty()) f.at("rule").add("cannot be used: the source emits a current, not spikes");
  if (!is_constant(p.delay_ms)) f.at("delays_ms").add("cannot be used: the source emits a current, which has one delay for all", "use delay_ms");
}

void check_projection(const Faults& f, const Context& c, const Projection& p) {
  const bool source_known = refers(f, "source", p.source, c.populations, "population");
  const bool target_known = refers(f, "target", p.target, c.populations, "population");
  if (!p.rule.empty()) refers(f, "rule", p.rule, c.rules, "rule");
  f.finite("weight_scale", p.weight_scale);
  if (!source_known || !target_known) return;
  const Population& source = c.d.populations[c.populations.at(p.source)];
  const Population& target = c.d.populations[c.populations.at(p.target)];
  if (size_or_more(source.shape) > static_cast<double>(kMaxNeurons) || size_or_more(target.shape) > static_cast<double>(kMaxNeurons)) return;
  if (target.is_source()) f.at("target").add(fmt::format("\"{}\" is a source and cannot receive spikes", target.name));
  std::visit(ConnectCheck{f.at("connect"), source, target}, p.connect);
  const double listed = listed_weights(p, source, target);
  if (!std::holds_alternative<Tensor>(p.connect)) check_value(f.at("weight"), p.weight, listed, "one a synapse");
  check_delay(f, p, c.d.resolution, std::holds_alternative<Convolution>(p.connect) ? 0 : listed);
  check_current_projection(f, c, p);
}

void check_stdp(const Faults& f, const Stdp& s) {
  f.finite("a_plus", s.a_plus), f.finite("a_minus", s.a_minus);
  f.positive("tau_plus_ms", s.tau_plus_ms), f.positive("tau_minus_ms", s.tau_minus_ms);
  if (f.not_negative("lag_ms", s.lag_ms)) f.between("lag_ms", s.lag_ms, 0, 1e6);
  f.not_negative("ltd_excess", s.ltd_excess), f.not_negative("decay", s.decay);
}

struct RuleCheck {
  const Faults& f;
  void operator()(const Stdp& s) const { check_stdp(f.at("stdp"), s); }
  void operator()(const StdpFeedback& s) const {
    const Faults g = f.at("stdp_feedback");
    check_stdp(g, s);
    g.not_negative("active_trace", s.active_trace);
    if (s.latest_ms) g.not_negative("latest_ms", *s.latest_ms);
  }
  void operator()(const FeedbackCurrent& r) const {
    const Faults g = f.at("feedback_current");
    g.finite("eta", r.eta);
    g.positive("tau_trace_ms", r.tau_trace_ms);
    g.not_negative("active_trace", r.active_trace);
  }
};

void check_rule(const Faults& f, const Rule& r) {
  if (r.name.empty()) f.at("name").add("is missing");
  std::visit(RuleCheck{f}, r.kind);
  const char* kinds[] = {"stdp", "stdp_feedback", "feedback_current"};
  const Faults g = f.at(kinds[r.kind.index()]);
  if (r.weight_min) g.finite("weight_min", *r.weight_min);
  if (r.weight_max) g.finite("weight_max", *r.weight_max);
  if (r.weight_min && r.weight_max && !(*r.weight_min <= *r.weight_max)) g.at("weight_min").add("is above weight_max");
}

void check_feedback(const Faults& f, const Context& c, const Controller& k, const Feedback& fb) {
  f.finite("amplitude", fb.amplitude);
  if (!refers(f, "to", fb.to, c.populations, "population") || !c.populations.contains(k.population)) return;
  const Population& to = c.d.populations[c.populations.at(fb.to)];
  if (to.is_source()) return f.at("to").add(fmt::format("\"{}\" is a source and cannot be helped", fb.to));
  const double outputs = static_cast<double>(c.size_of(k.population)), size = static_cast<double>(to.size());
  if (std::holds_alternative<Identity>(fb.weights.kind) && outputs != size)
    f.at("weights").at("identity").add(fmt::format("needs populations of one size, but \"{}\" has {} and \"{}\" has {}", k.population, outputs, fb.to, size));
  check_value(f.at("weights"), fb.weights, outputs * size, "controlled neurons x target neurons", true);
}

void check_controller(const Faults& f, const Context& c, const Controller& k) {
  f.at("target").not_negative("true_hz", k.true_hz), f.at("target").not_negative("other_hz", k.other_hz);
  f.at("target").positive("dead_zone_hz", k.dead_zone_hz);
  f.at("neuron.lif").positive("tau_m_ms", k.tau_m_ms);
  if (refers(f, "population", k.population, c.populations, "population")) {
    const Population& p = c.d.populations[c.populations.at(k.population)];
    if (p.is_source()) f.at("population").add(fmt::format("\"{}\" is a source and cannot be controlled", p.name));
    else if (!spiking_of(p.neuron())) f.at("population").add(fmt::format("\"{}\" never spikes (li), so there is nothing to compare", p.name));
  }
  if (k.feedback.empty()) f.add("has no feedback: it would help nobody", "add `feedback { to: ... }`");
  for (std::size_t i = 0; i < k.feedback.size(); ++i) check_feedback(f.at("feedback", i), c, k, k.feedback[i]);
}

void check_probe_target(const Faults& f, const Context& c, const Probe& p) {
  const bool of_projection = p.variable == Probe::Variable::kPreTrace || p.variable == Probe::Variable::kPostTrace || p.variable == Probe::Variable::kWeights;
  if (of_projection) {
    if (!refers(f, "projection", p.projection, c.projections, "projection") || p.variable == Probe::Variable::kWeights) return;
    if (c.d.projections[c.projections.at(p.projection)].rule.empty()) f.at("projection").add(fmt::format("\"{}\" is not plastic, so it has no traces", p.projection));
    return;
  }
  if (p.population.starts_with("ctrl.")) return;  // names a part of a controller; checked when the names are resolved
  if (!refers(f, "population", p.population, c.populations, "population") || p.variable == Probe::Variable::kSpikes) return;
  const Population& population = c.d.populations[c.populations.at(p.population)];
  if (population.is_source()) f.at("population").add(fmt::format("\"{}\" is a source and has no {}", p.population, variable_name(p.variable)));
  else if (p.variable == Probe::Variable::kThreshold && !spiking_of(population.neuron())) f.at("population").add("never spikes (li), so it has no threshold");
}

void check_probe(const Faults& f, const Context& c, const Probe& p) {
  check_probe_target(f, c, p);
  if (p.variable == Probe::Variable::kSpikes) return;
  f.between("start_ms", p.start_ms, 0, kMaxTimeMs);
  if (f.positive("every_ms", p.every_ms) && p.every_ms < to_ms(c.d.resolution) * (1 - 1e-9))
    f.at("every_ms").add(fmt::format("is {} ms, less than one tick of {} ms", p.every_ms, to_ms(c.d.resolution)));
}

/// ctrl.* probes against the names that the controllers will have.
void check_controller_probe(const Faults& f, const Context& c, const Probe& p) {
  if (!p.population.starts_with("ctrl.")) return;
  std::map<std::string, std::size_t> names;
  for (const Controller& k : c.d.controllers)
    for (const std::string& name : {controller_plus(k.population), controller_minus(k.population), controller_target(k.population)}) names[name] = 0;
  refers(f, "population", p.population, names, "controller population");
}

template <class Named>
std::map<std::string, std::size_t> index_names(const Faults& f, const char* field, const std::vector<Named>& items, const char* what) {
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].name.empty()) continue;
    const auto [first, fresh] = index.emplace(items[i].name, i);
    if (!fresh) f.at(field, i).at("name").add(fmt::format("\"{}\" is already the name of {}[{}]", items[i].name, field, first->second), fmt::format("every {} needs its own name", what));
  }
  return index;
}

void check_totals(const Faults& f, const Context& c) {
  double neurons = 0, synapses = 0;
  for (const Population& p : c.d.populations) neurons += size_or_more(p.shape);
  if (neurons > static_cast<double>(kMaxNeurons)) f.at("populations").add(fmt::format("ask for {:.3g} neurons together; at most {} can be described", neurons, kMaxNeurons));
  for (const Projection& p : c.d.projections)
    if (c.populations.contains(p.source) && c.populations.contains(p.target))
      synapses += expected_synapses(p.connect, c.d.populations[c.populations.at(p.source)], c.d.populations[c.populations.at(p.target)]);
  if (synapses > static_cast<double>(kMaxSynapses))
    f.at("projections").add(fmt::format("ask for {:.3g} synapses together; at most {} can be described", synapses, kMaxSynapses), "use sparser connections");
}

}  // namespace

double expected_synapses(const Connect& connect, const Population& source, const Population& target) {
  const double n = size_or_more(source.shape), m = size_or_more(target.shape);
  const double self = source.name == target.name ? n : 0;
  struct Visitor {
    double n, m, self;
    double operator()(const OneToOne&) const { return n; }
    double operator()(const AllToAll& c) const { return n * m - (c.autapses ? 0 : self); }
    double operator()(const FixedProbability& c) const { return c.probability * (n * m - (c.autapses ? 0 : self)); }
    double operator()(const FixedInDegree& c) const { return m * static_cast<double>(c.count); }
    double operator()(const FixedTotalNumber& c) const { return static_cast<double>(c.count); }
    double operator()(const Pairs& c) const { return c.sources ? static_cast<double>(c.sources->size()) : 0; }
    double operator()(const Tensor&) const { return n * m; }
    double operator()(const Convolution& c) const { return m * c.kernel[0] * c.kernel[1]; }
    double operator()(const Pooling& c) const { return m * c.kernel[0] * c.kernel[1]; }
  };
  double count = std::visit(Visitor{n, m, self}, connect);
  if (std::holds_alternative<Convolution>(connect))
    if (const auto in = image_shape(source)) count *= static_cast<double>((*in)[0]);
  return count;
}

std::vector<Diagnostic> validate(const NetworkDescription& d) {
  std::vector<Diagnostic> all;
  const Faults f(all);
  if (d.resolution < kNanosecond || d.resolution > kMillisecond)
    f.at("resolution_ms").add(fmt::format("is {} ms, but must lie between 1 ns (1e-6) and 1 ms", to_ms(d.resolution)));
  if (d.populations.empty()) f.at("populations").add("is empty: a network needs at least one population");
  Context c{d, index_names(f, "populations", d.populations, "population"), index_names(f, "rules", d.rules, "rule"),
            index_names(f, "projections", d.projections, "projection")};
  for (std::size_t i = 0; i < d.populations.size(); ++i) check_population(f.at("populations", i), d.populations[i], d.resolution);
  for (std::size_t i = 0; i < d.projections.size(); ++i) check_projection(f.at("projections", i), c, d.projections[i]);
  for (std::size_t i = 0; i < d.rules.size(); ++i) check_rule(f.at("rules", i), d.rules[i]);
  std::set<std::string> controlled;
  for (std::size_t i = 0; i < d.controllers.size(); ++i) {
    check_controller(f.at("controllers", i), c, d.controllers[i]);
    if (!controlled.insert(d.controllers[i].population).second) f.at("controllers", i).at("population").add("has a controller already");
  }
  for (std::size_t i = 0; i < d.probes.size(); ++i) check_probe(f.at("probes", i), c, d.probes[i]), check_controller_probe(f.at("probes", i), c, d.probes[i]);
  index_names(f, "probes", d.probes, "probe");
  check_totals(f, c);
  return all;
}

}  // namespace spikeloop
