// SPDX-License-Identifier: Apache-2.0
#include "backends/compose/chip_network.hpp"

#include <algorithm>
#include <memory>

namespace spikeloop::compose {

std::string name_in_part(const std::string& name) { return name.starts_with("ctrl.") ? "host." + name : name; }

bool probes_spikes(const Network& network, const std::string& population) {
  return std::any_of(network.probes().begin(), network.probes().end(),
                     [&](const Probe& p) { return p.variable == Probe::Variable::kSpikes && p.population == population; });
}

Network chip_network(const Network& network, const std::vector<Home>& homes) {
  NetworkDescription d;
  d.name = network.name();
  d.resolution = network.resolution();
  d.seed = network.seed();
  for (std::size_t i = 0; i < homes.size(); ++i) {
    Population p = network.populations()[i];
    if (homes[i] == Home::kChip || probes_spikes(network, p.name))
      d.probes.push_back({"", name_in_part(p.name), "", Probe::Variable::kSpikes, 0, 1});
    p.name = name_in_part(p.name);
    if (homes[i] != Home::kChip) p.kind = SourceModel(ExternalSource{}), p.homeostasis.reset(), p.v_initial_mv.reset();
    d.populations.push_back(std::move(p));
  }
  Population nowhere;
  nowhere.name = "host.nowhere";
  d.populations.push_back(nowhere);
  const auto nobody = std::make_shared<const std::vector<std::uint32_t>>();
  for (Projection p : network.projections()) {
    const bool ends_here = homes[network.population_index(p.target)] == Home::kChip;
    p.source = name_in_part(p.source), p.target = ends_here ? name_in_part(p.target) : nowhere.name;
    if (!ends_here) p.connect = Pairs{nobody, nobody}, p.weight = {Constant{1}, {}};
    p.rule.clear();
    d.projections.push_back(std::move(p));
  }
  return Network(std::move(d));
}

}  // namespace spikeloop::compose
