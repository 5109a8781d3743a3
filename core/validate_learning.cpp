// SPDX-License-Identifier: Apache-2.0
#include "core/forward_product.hpp"
#include "core/validation.hpp"

namespace spikeloop::validation {

constexpr double kMaxOutputs = 100'000;  // a controller lists its wiring pair by pair

namespace {

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
    g.not_negative("decay", r.decay);
    g.positive("tau_trace_ms", r.tau_trace_ms);
    g.not_negative("active_trace", r.active_trace);
  }
};

}  // namespace

void check_rule(const Faults& f, const Rule& r) {
  if (r.name.empty()) f.at("name").add("is missing");
  std::visit(RuleCheck{f}, r.kind);
  const char* kinds[] = {"stdp", "stdp_feedback", "feedback_current"};
  const Faults g = f.at(kinds[r.kind.index()]);
  if (r.weight_min) g.finite("weight_min", *r.weight_min);
  if (r.weight_max) g.finite("weight_max", *r.weight_max);
  if (r.weight_min && r.weight_max && !(*r.weight_min <= *r.weight_max)) g.at("weight_min").add("is above weight_max");
}

namespace {

void check_feedback(const Faults& f, const Context& c, const Controller& k, const Feedback& fb) {
  f.finite("amplitude", fb.amplitude);
  if (!fb.rule.empty()) refers(f, "rule", fb.rule, c.rules, "rule");
  if (!refers(f, "to", fb.to, c.populations, "population") || !c.populations.contains(k.population)) return;
  const Population& to = c.d.populations[c.populations.at(fb.to)];
  if (to.is_source()) return f.at("to").add(fmt::format("\"{}\" is a source and cannot be helped", fb.to));
  const double outputs = static_cast<double>(c.size_of(k.population)), size = static_cast<double>(to.size());
  if (std::holds_alternative<Identity>(fb.weights.kind) && outputs != size)
    f.at("weights")
        .at("identity")
        .add(fmt::format("needs populations of one size, but \"{}\" has {} and \"{}\" has {}", k.population, outputs, fb.to, size));
  if (std::holds_alternative<ForwardProduct>(fb.weights.kind))
    if (const std::string why = no_forward_product(c.d, fb.to, k.population); !why.empty()) f.at("weights").at("forward_product").add(why);
  check_value(f.at("weights"), fb.weights, outputs * size, "controlled neurons x target neurons", true);
}

}  // namespace

void check_controller(const Faults& f, const Context& c, const Controller& k) {
  f.at("target").not_negative("true_hz", k.true_hz), f.at("target").not_negative("other_hz", k.other_hz);
  f.at("target").positive("dead_zone_hz", k.dead_zone_hz);
  if (k.excess_dead_zone_hz) f.at("target").positive("excess_dead_zone_hz", *k.excess_dead_zone_hz);
  f.at("target").between("headroom", k.headroom, 1, 1000);
  f.at("target").between("target_spikes", k.target_spikes, 1, 1000);
  f.at("neuron.lif").positive("tau_m_ms", k.tau_m_ms);
  f.at("neuron.lif").not_negative("refractory_ms", k.refractory_ms);
  if (refers(f, "population", k.population, c.populations, "population")) {
    const Population& p = c.d.populations[c.populations.at(k.population)];
    if (p.is_source())
      f.at("population").add(fmt::format("\"{}\" is a source and cannot be controlled", p.name));
    else if (!spiking_of(p.neuron()))
      f.at("population").add(fmt::format("\"{}\" never spikes (li), so there is nothing to compare", p.name));
    else if (size_or_more(p.shape) > kMaxOutputs)
      f.at("population")
          .add(fmt::format("\"{}\" has {:.0f} neurons; at most {:.0f} can be controlled", p.name, size_or_more(p.shape), kMaxOutputs));
  }
  if (k.feedback.empty()) f.add("has no feedback: it would help nobody", "add `feedback { to: ... }`");
  for (std::size_t i = 0; i < k.feedback.size(); ++i) {
    check_feedback(f.at("feedback", i), c, k, k.feedback[i]);
    for (std::size_t j = 0; j < i; ++j)
      if (k.feedback[j].to == k.feedback[i].to && k.feedback[j].drives == k.feedback[i].drives)
        f.at("feedback", i).at("to").add(fmt::format("\"{}\" has feedback through this port already", k.feedback[i].to), "use one of them");
  }
}

}  // namespace spikeloop::validation
