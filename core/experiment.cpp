// SPDX-License-Identifier: Apache-2.0
#include "core/experiment.hpp"

#include <fmt/format.h>

namespace spikeloop {
NetworkDescription with_probes(NetworkDescription d, const Experiment& e) {
  const auto add = [&d](Probe probe) {
    for (const Probe& p : d.probes)
      if (p.name == probe.name ||
          (p.population == probe.population && p.variable == Probe::Variable::kSpikes && probe.variable == p.variable))
        return;
    d.probes.push_back(std::move(probe));
  };
  std::vector<std::string> names;
  for (const Population& p : d.populations)
    if (!p.is_source() || std::holds_alternative<ExternalSource>(p.source())) names.push_back(p.name);
  for (const Controller& c : d.controllers) names.push_back(controller_plus(c.population)), names.push_back(controller_minus(c.population));
  for (const std::string& name : names) add({name + ".spikes", name, "", Probe::Variable::kSpikes, 0, 1});
  for (const double at : {e.free_ms, e.test_ms})
    if (at > to_ms(d.resolution))
      add({fmt::format("{}.potential.{}", e.readout.population, at), e.readout.population, "", Probe::Variable::kPotential,
           at - to_ms(d.resolution), 1e9});
  return d;
}

NetworkDescription frozen_hidden(const NetworkDescription& description, const std::string& readout) {
  NetworkDescription d = description;
  for (Projection& p : d.projections)
    if (p.target != readout) p.rule.clear();
  for (Controller& c : d.controllers) std::erase_if(c.feedback, [&](const Feedback& f) { return f.to != readout; });
  return d;
}

bool learns_feedback(const NetworkDescription& description) {
  for (const Controller& c : description.controllers)
    for (const Feedback& f : c.feedback)
      if (!f.rule.empty()) return true;
  return false;
}

NetworkDescription learning_feedback(NetworkDescription d) {
  for (Projection& p : d.projections) p.rule.clear();
  return d;
}

NetworkDescription learning_forward(NetworkDescription d) {
  for (Controller& c : d.controllers)
    for (Feedback& f : c.feedback) f.rule.clear();
  return d;
}

}  // namespace spikeloop
