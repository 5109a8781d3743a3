// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

static_assert(v1::COMMIT_IMMEDIATE == static_cast<int>(Commit::kImmediate) + 1);
static_assert(v1::COMMIT_TRIAL == static_cast<int>(Commit::kTrial) + 1);

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <class Access>
void fields(const Access& a, auto& rule) {
  using T = std::remove_cvref_t<decltype(rule)>;
  if constexpr (std::is_base_of_v<Stdp, T>) {
    a("a_plus", rule.a_plus), a("a_minus", rule.a_minus), a("tau_plus_ms", rule.tau_plus_ms), a("tau_minus_ms", rule.tau_minus_ms);
    a("lag_ms", rule.lag_ms), a("ltd_excess", rule.ltd_excess), a("decay", rule.decay);
  }
  if constexpr (std::is_same_v<T, StdpFeedback>) a("active_trace", rule.active_trace), a("latest_ms", rule.latest_ms);
  if constexpr (std::is_same_v<T, FeedbackCurrent>)
    a("eta", rule.eta), a("decay", rule.decay), a("tau_trace_ms", rule.tau_trace_ms), a("active_trace", rule.active_trace);
}

/// `weight_max` alone means -weight_max .. weight_max; an infinite bound is none.
void read_bounds(const Reader& reader, Rule& rule) {
  reader("weight_min", rule.weight_min);
  reader("weight_max", rule.weight_max);
  if (rule.weight_max && !rule.weight_min && *rule.weight_max != kInfinity) {
    if (*rule.weight_max < 0) return reader.fault("weight_max", "is negative, so it cannot bound both sides", "give weight_min too");
    rule.weight_min = -*rule.weight_max;
  }
  if (rule.weight_min == -kInfinity) rule.weight_min.reset();
  if (rule.weight_max == kInfinity) rule.weight_max.reset();
}

template <class Kind>
void read_kind(const Reader& reader, Rule& rule) {
  Kind kind;
  fields(reader, kind);
  read_bounds(reader, rule);
  rule.kind = kind;
}

void write_kind(const Rule& rule, const auto& kind, google::protobuf::Message& message) {
  const Writer writer(message);
  fields(writer, kind);
  writer("weight_max", rule.weight_max);
  if (rule.weight_min || rule.weight_max) writer("weight_min", rule.weight_min.value_or(-kInfinity));
}

struct RuleWriter {
  const Rule& rule;
  v1::Rule& message;
  void operator()(const Stdp& k) const { write_kind(rule, k, *message.mutable_stdp()); }
  void operator()(const StdpFeedback& k) const { write_kind(rule, k, *message.mutable_stdp_feedback()); }
  void operator()(const FeedbackCurrent& k) const { write_kind(rule, k, *message.mutable_feedback_current()); }
};

template <class Access>
void target_fields(const Access& a, auto& controller) {
  a("true_hz", controller.true_hz), a("other_hz", controller.other_hz), a("dead_zone_hz", controller.dead_zone_hz);
  a("excess_dead_zone_hz", controller.excess_dead_zone_hz), a("headroom", controller.headroom),
      a("target_spikes", controller.target_spikes);
}

template <class Access>
void neuron_fields(const Access& a, auto& controller) {
  a("tau_m_ms", controller.tau_m_ms), a("reset", controller.reset), a("refractory_ms", controller.refractory_ms);
}

template <class Access>
void feedback_fields(const Access& a, auto& feedback) {
  a("to", feedback.to), a("amplitude", feedback.amplitude), a("rule", feedback.rule);
}

Feedback read_feedback(const Reader& reader, const v1::Feedback& message) {
  Feedback feedback;
  feedback_fields(reader, feedback);
  if (message.has_weights()) feedback.weights = read_value(reader.at("weights", message.weights()), message.weights());
  Port port = feedback.drives ? Port::kApical : Port::kModulator;
  reader("port", port);
  if (port == Port::kBasal) reader.fault("port", "is PORT_BASAL, but feedback cannot go there", "use PORT_APICAL or PORT_MODULATOR");
  feedback.drives = port != Port::kModulator;
  return feedback;
}

void write_feedback(const Feedback& feedback, v1::Feedback& message) {
  const Writer writer(message);
  feedback_fields(writer, feedback);
  write_value(feedback.weights, *message.mutable_weights());
  writer("port", feedback.drives ? Port::kApical : Port::kModulator);
}

}  // namespace

Rule read_rule(const Reader& reader, const v1::Rule& message) {
  Rule rule;
  reader("name", rule.name);
  reader("commit", rule.commit);
  switch (message.kind_case()) {
    case v1::Rule::kStdp:
      read_kind<Stdp>(reader.at("stdp", message.stdp()), rule);
      break;
    case v1::Rule::kStdpFeedback:
      read_kind<StdpFeedback>(reader.at("stdp_feedback", message.stdp_feedback()), rule);
      break;
    case v1::Rule::kFeedbackCurrent:
      read_kind<FeedbackCurrent>(reader.at("feedback_current", message.feedback_current()), rule);
      break;
    case v1::Rule::KIND_NOT_SET:
      reader.fault("", "does not say which rule", "use `stdp {}`, `stdp_feedback {}` or `feedback_current {}`");
      break;
  }
  return rule;
}

void write_rule(const Rule& rule, v1::Rule& message) {
  const Writer writer(message);
  writer("name", rule.name);
  writer("commit", rule.commit);
  std::visit(RuleWriter{rule, message}, rule.kind);
}

Controller read_controller(const Reader& reader, const v1::Controller& message) {
  Controller controller;
  reader("population", controller.population);
  target_fields(reader.at("target", message.target()), controller);
  if (message.has_neuron() && !message.neuron().has_lif()) reader.fault("neuron", "does not say which model", "use `lif {}`");
  neuron_fields(reader.at("neuron.lif", message.neuron().lif()), controller);
  for (int i = 0; i < message.feedback_size(); ++i)
    controller.feedback.push_back(read_feedback(reader.at("feedback", i, message.feedback(i)), message.feedback(i)));
  return controller;
}

void write_controller(const Controller& controller, v1::Controller& message) {
  Writer{message}("population", controller.population);
  target_fields(Writer(*message.mutable_target()), controller);
  neuron_fields(Writer(*message.mutable_neuron()->mutable_lif()), controller);
  for (const Feedback& feedback : controller.feedback) write_feedback(feedback, *message.add_feedback());
}

}  // namespace spikeloop::proto
