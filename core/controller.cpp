// SPDX-License-Identifier: Apache-2.0
#include "core/controller.hpp"

#include <cmath>

#include "core/forward_product.hpp"
#include "core/random.hpp"

namespace spikeloop {
namespace {

std::string prefixed(const std::string& population, const char* part) { return "ctrl." + population + "." + part; }

const Population& find(const std::vector<Population>& populations, const std::string& name) {
  for (const Population& p : populations)
    if (p.name == name) return p;
  throw BugError("controller of an unknown population " + name);
}

Population comparator(const Controller& c, const std::string& name, std::uint64_t size) {
  Lif lif;
  lif.tau_m_ms = c.tau_m_ms;
  lif.v_threshold_mv = 1;
  lif.reset = c.reset;
  lif.refractory_ms = c.refractory_ms;
  if (held_down(c))
    lif.v_floor_mv = 0;
  else
    lif.v_rest_mv = -kDisabledMv, lif.tau_apical_ms = kTeachingHoldMs;
  Population p;
  p.name = name;
  p.shape = {size};
  p.kind = NeuronModel{lif};
  return p;
}

Projection wire(const std::string& source, const std::string& target, Port port, double weight, double delay_ms) {
  Projection p;
  p.source = source;
  p.target = target;
  p.port = port;
  p.weight.kind = Constant{weight};
  p.delay_ms.kind = Constant{delay_ms};
  return p;
}

/// Source neuron i to target neuron i for i < n, or neuron `n` of the source to all n targets.
Pairs pairs(std::uint32_t n, bool from_last) {
  std::vector<std::uint32_t> sources(n), targets(n);
  for (std::uint32_t i = 0; i < n; ++i) sources[i] = from_last ? n : i, targets[i] = i;
  return {std::make_shared<const std::vector<std::uint32_t>>(std::move(sources)),
          std::make_shared<const std::vector<std::uint32_t>>(std::move(targets))};
}

/// The last neuron of the target source switches comparators on by one spike, or holds those that count excess down by its train.
void add_switch(NetworkDescription& d, const Controller& c, const std::string& comparator, bool excess, std::uint32_t outputs,
                double delay_ms) {
  const std::string target = controller_target(c.population);
  const auto add = [&](Port port, double weight, const std::string& name) {
    Projection p = wire(target, comparator, port, weight, delay_ms);
    p.connect = pairs(outputs, true);
    p.name = name;
    d.projections.push_back(std::move(p));
  };
  if (held_down(c)) {
    if (excess) add(Port::kBasal, -kHoldDownMv, target + ".off->" + comparator);
    return;
  }
  add(Port::kBasal, kDisabledMv, target + ".on->" + comparator);
  add(Port::kApical, kDisabledMv, target + ".on->" + comparator + ".apical");
}

/// target and output drive one comparator with opposite signs.
void add_comparator(NetworkDescription& d, const Controller& c, const std::string& name, double sign, std::uint32_t outputs,
                    double delay_ms) {
  const double dead_zone_hz = sign < 0 ? c.excess_dead_zone_hz.value_or(c.dead_zone_hz) : c.dead_zone_hz;
  const double steps = sign < 0 ? 1 : c.target_spikes;  // what the comparator counts in: output spikes, or parts of them
  const double a = 1 - std::exp(-1000 / (dead_zone_hz * steps * c.tau_m_ms));
  const double target_weight = sign < 0 ? c.headroom / c.target_spikes : 1;
  const std::string target = controller_target(c.population);
  d.populations.push_back(comparator(c, name, outputs));
  Projection from_target = wire(target, name, Port::kBasal, sign * a * target_weight, delay_ms);
  from_target.connect = pairs(outputs, false);
  from_target.name = target + "->" + name;
  Projection from_output = wire(c.population, name, Port::kBasal, -sign * a * steps, delay_ms);
  from_output.connect = OneToOne{};
  for (Projection* p : {&from_target, &from_output}) d.projections.push_back(std::move(*p));
  add_switch(d, c, name, sign < 0, outputs, delay_ms);
}

/// `forward`: the description as it was written.
void add_feedback(NetworkDescription& d, const NetworkDescription& forward, const Controller& c, const Feedback& f, double delay_ms) {
  const Port port = f.drives ? Port::kApical : Port::kModulator;
  Value weights = f.weights;
  if (const auto* product = std::get_if<ForwardProduct>(&f.weights.kind))
    weights.kind = Listed{std::make_shared<const std::vector<double>>(forward_product(forward, f.to, c.population, product->rms))};
  for (const bool plus : {true, false}) {
    Projection p = wire(plus ? controller_plus(c.population) : controller_minus(c.population), f.to, port, 1, delay_ms);
    p.random_key = "ctrl." + c.population + ".feedback." + f.to;
    p.weight_scale = plus ? f.amplitude : -f.amplitude;
    p.rule = f.rule;
    if (std::holds_alternative<Identity>(f.weights.kind))
      p.connect = OneToOne{};
    else
      p.weight = weights;
    d.projections.push_back(std::move(p));
  }
}

}  // namespace

std::string controller_plus(const std::string& population) { return prefixed(population, "plus"); }
std::string controller_minus(const std::string& population) { return prefixed(population, "minus"); }
std::string controller_target(const std::string& population) { return prefixed(population, "target"); }

bool held_down(const Controller& c) { return c.reset == Reset::kToValue; }

std::vector<HoldDown> hold_downs_of(const Network& network) {
  std::vector<HoldDown> all;
  for (const Controller& c : network.controllers()) {
    if (!held_down(c)) continue;
    const std::size_t target = network.population_index(controller_target(c.population));
    all.push_back({static_cast<std::uint32_t>(target), static_cast<std::uint32_t>(network.populations()[target].size() - 1)});
  }
  return all;
}

void hold_down(const HoldDown& which, Time tick, Time until, std::vector<Spike>& spikes) {
  for (Time t = 0; t < until; t += kHoldDownPeriod) spikes.push_back({t / tick * tick, which.population, which.neuron});
}

NetworkDescription expand_controllers(const NetworkDescription& description) {
  NetworkDescription d = description;
  const double delay_ms = to_ms(d.resolution);
  for (const Controller& c : description.controllers) {
    const auto outputs = static_cast<std::uint32_t>(find(description.populations, c.population).size());
    Population target;
    target.name = controller_target(c.population);
    target.shape = {outputs + 1u};
    target.kind = SourceModel{ExternalSource{}};
    d.populations.push_back(std::move(target));
    add_comparator(d, c, controller_plus(c.population), 1, outputs, delay_ms);
    add_comparator(d, c, controller_minus(c.population), -1, outputs, delay_ms);
    for (const Feedback& f : c.feedback) add_feedback(d, description, c, f, delay_ms);
  }
  return d;
}

}  // namespace spikeloop
