// SPDX-License-Identifier: Apache-2.0
#include "core/validation.hpp"

namespace spikeloop::validation {

namespace {

struct Window {
  std::array<std::uint32_t, 2> kernel, stride, padding, dilation = {1, 1};
};

void check_window(const Faults& f, const Window& w, const Population& source, const Population& target, bool same_channels) {
  const auto in = image_shape(source), out = image_shape(target);
  if (!in || !out) return f.add("needs populations of shape [height, width] or [channels, height, width]");
  if (same_channels && (*in)[0] != (*out)[0])
    f.add(fmt::format("keeps channels, but the source has {} and the target {}", (*in)[0], (*out)[0]));
  for (std::size_t i = 0; i < 2; ++i) {
    if (w.kernel[i] == 0 || w.stride[i] == 0) return f.at(w.kernel[i] == 0 ? "kernel" : "stride").add("holds a 0, but must be at least 1");
    const double padded = static_cast<double>((*in)[i + 1]) + 2.0 * w.padding[i];
    if (w.dilation[i] == 0) return f.at("dilation").add("holds a 0, but must be at least 1");
    const double reach = static_cast<double>(w.dilation[i]) * (w.kernel[i] - 1.0) + 1;
    if (padded < reach) return f.at("kernel").add(fmt::format("is larger than the padded source ({} > {})", reach, padded));
    const double expected = std::floor((padded - reach) / w.stride[i]) + 1;
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
      f.at("one_to_one")
          .add(fmt::format("needs populations of one size, but \"{}\" has {} and \"{}\" has {}", source.name, source.size(), target.name,
                           target.size()));
  }
  void operator()(const AllToAll&) const {}
  void operator()(const FixedProbability& c) const { f.at("fixed_probability").between("probability", c.probability, 0, 1); }
  void operator()(const FixedInDegree& c) const {
    const double most = static_cast<double>(source.size()) - (!c.autapses && source.name == target.name ? 1 : 0);
    if (static_cast<double>(c.count) > (c.multapses ? 1e9 : most))
      f.at("fixed_in_degree")
          .at("count")
          .add(fmt::format("is {}, but at most {} sources can be drawn", c.count, c.multapses ? 1e9 : most), "allow multapses or lower it");
    if (c.count > 0 && most < 1) f.at("fixed_in_degree").add("has no source to draw without autapses");
  }
  void operator()(const FixedTotalNumber& c) const {
    if (static_cast<double>(c.count) > static_cast<double>(kMaxSynapses))
      f.at("fixed_total_number").at("count").add(fmt::format("is {}, but at most {} synapses can be described", c.count, kMaxSynapses));
    const double pairs = static_cast<double>(source.size()) * static_cast<double>(target.size());
    if (!c.multapses && static_cast<double>(c.count) > pairs / 2)
      f.at("fixed_total_number")
          .at("count")
          .add(fmt::format("is {}: without multapses at most half of the {} pairs can be drawn", c.count, pairs), "use fixed_probability");
    if (!c.autapses && source.name == target.name && source.size() < 2)
      f.at("fixed_total_number").add("has no pair to draw without autapses");
  }
  void operator()(const Pairs& c) const {
    const std::size_t n = c.sources ? c.sources->size() : 0, m = c.targets ? c.targets->size() : 0;
    if (n != m) return f.at("pairs").add(fmt::format("has {} sources but {} targets", n, m));
    for (std::size_t i = 0; i < n; ++i) {
      if ((*c.sources)[i] >= source.size())
        return f.at("pairs")
            .at("sources", i)
            .add(fmt::format("is {}, but \"{}\" has {} neurons", (*c.sources)[i], source.name, source.size()));
      if ((*c.targets)[i] >= target.size())
        return f.at("pairs")
            .at("targets", i)
            .add(fmt::format("is {}, but \"{}\" has {} neurons", (*c.targets)[i], target.name, target.size()));
    }
  }
  void operator()(const Tensor& c) const {
    const double need = static_cast<double>(source.size()) * static_cast<double>(target.size());
    const double have = c.weights ? static_cast<double>(c.weights->size()) : 0;
    if (have != need)
      return f.at("tensor").add(fmt::format("\"{}\" has {} values, but {} x {} = {} are needed (rows = sources)", c.file, have,
                                            source.size(), target.size(), need));
    for (const float w : *c.weights)
      if (!std::isfinite(w)) return f.at("tensor").add(fmt::format("\"{}\" holds a value that is not a finite number", c.file));
  }
  void operator()(const Convolution& c) const {
    const auto in = image_shape(source), out = image_shape(target);
    if (c.groups == 0 || (in && out && ((*in)[0] % c.groups != 0 || (*out)[0] % c.groups != 0)))
      return f.at("convolution")
          .at("groups")
          .add(fmt::format("is {}, which divides not the channels of both \"{}\" and \"{}\"", c.groups, source.name, target.name));
    check_window(f.at("convolution"), {c.kernel, c.stride, c.padding, c.dilation}, source, target, false);
  }
  void operator()(const Pooling& c) const { check_window(f.at("pooling"), {c.kernel, c.stride, {0, 0}}, source, target, true); }
};

/// How many values a listed weight needs; 0 where a list makes no sense.
double listed_weights(const Projection& p, const Population& source, const Population& target) {
  if (const auto* c = std::get_if<Convolution>(&p.connect)) {
    const auto in = image_shape(source), out = image_shape(target);
    return in && out && c->groups > 0 ? static_cast<double>((*in)[0] / c->groups * (*out)[0]) * c->kernel[0] * c->kernel[1] : 0;
  }
  const bool counted = std::holds_alternative<OneToOne>(p.connect) || std::holds_alternative<AllToAll>(p.connect) ||
                       std::holds_alternative<Pairs>(p.connect);
  return counted ? expected_synapses(p.connect, source, target) : 0;
}

void check_delay(const Faults& f, const Projection& p, Time resolution, double listed) {
  if (const auto* c = std::get_if<Constant>(&p.delay_ms.kind)) {
    if (!f.finite("delay_ms", c->value)) return;
    const double ticks = c->value / to_ms(resolution);
    if (ticks < 1 - 1e-9)
      return f.at("delay_ms")
          .add(fmt::format("is {} ms, less than one tick of {} ms", c->value, to_ms(resolution)),
               "raise the delay or use a finer resolution_ms");
    if (c->value > 1e6) return f.at("delay_ms").add(fmt::format("is {} ms; at most 1e6 ms are supported", c->value));
    if (std::abs(ticks - std::round(ticks)) > 1e-6 * std::max(1.0, ticks))
      f.at("delay_ms")
          .add(fmt::format("is {} ms, which is not a whole number of ticks of {} ms", c->value, to_ms(resolution)),
               "round it, or use a finer resolution_ms");
    return;
  }
  check_value(f.at("delays_ms"), p.delay_ms, listed, "one a synapse");
  if (const auto* l = std::get_if<Listed>(&p.delay_ms.kind); l && l->values)
    for (const double x : *l->values)
      if (x < to_ms(resolution) * (1 - 1e-9) || x > 1e6)
        return f.at("delays_ms")
            .at("listed")
            .add(fmt::format("holds {} ms; delays are at least one tick ({} ms) and at most 1e6 ms", x, to_ms(resolution)));
}

void check_current_projection(const Faults& f, const Context& c, const Projection& p) {
  const Population& source = c.d.populations[c.populations.at(p.source)];
  if (!source.is_source() || !std::holds_alternative<CurrentSource>(source.source())) return;
  if (!p.rule.empty()) f.at("rule").add("cannot be used: the source emits a current, not spikes");
  if (!is_constant(p.delay_ms))
    f.at("delays_ms").add("cannot be used: the source emits a current, which has one delay for all", "use delay_ms");
}

}  // namespace

void check_projection(const Faults& f, const Context& c, const Projection& p) {
  const bool source_known = refers(f, "source", p.source, c.populations, "population");
  const bool target_known = refers(f, "target", p.target, c.populations, "population");
  if (!p.rule.empty()) refers(f, "rule", p.rule, c.rules, "rule");
  f.finite("weight_scale", p.weight_scale);
  if (!source_known || !target_known) return;
  const Population& source = c.d.populations[c.populations.at(p.source)];
  const Population& target = c.d.populations[c.populations.at(p.target)];
  if (size_or_more(source.shape) > static_cast<double>(kMaxNeurons) || size_or_more(target.shape) > static_cast<double>(kMaxNeurons))
    return;
  if (target.is_source()) f.at("target").add(fmt::format("\"{}\" is a source and cannot receive spikes", target.name));
  std::visit(ConnectCheck{f.at("connect"), source, target}, p.connect);
  const double listed = listed_weights(p, source, target);
  if (!std::holds_alternative<Tensor>(p.connect)) check_value(f.at("weight"), p.weight, listed, "one a synapse");
  check_delay(f, p, c.d.resolution, std::holds_alternative<Convolution>(p.connect) ? 0 : listed);
  check_current_projection(f, c, p);
}

}  // namespace spikeloop::validation
