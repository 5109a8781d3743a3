// SPDX-License-Identifier: Apache-2.0
#include "tests/compose/simulated_chip.hpp"

#include <algorithm>

#include "backends/simulator/simulator.hpp"

namespace spikeloop::compose {
namespace {

std::string name_of(const std::string& name) { return name.starts_with("ctrl.") ? "host." + name : name; }

/// The populations keep their indices; projections that end beside the chip end nowhere.
Network chip_part(const Network& network) {
  const std::vector<Home> homes = homes_without_controllers(network);
  NetworkDescription d;
  d.name = network.name();
  d.resolution = network.resolution();
  d.seed = network.seed();
  for (std::size_t i = 0; i < homes.size(); ++i) {
    Population p = network.populations()[i];
    p.name = name_of(p.name);
    if (homes[i] != Home::kChip) p.kind = SourceModel(ExternalSource{}), p.homeostasis.reset(), p.v_initial_mv.reset();
    const bool probed = std::any_of(network.probes().begin(), network.probes().end(), [&](const Probe& probe) {
      return probe.population == network.populations()[i].name && probe.variable == Probe::Variable::kSpikes;
    });
    if (probed || homes[i] == Home::kChip) d.probes.push_back({"", p.name, "", Probe::Variable::kSpikes, 0, 1});
    d.populations.push_back(std::move(p));
  }
  Population nowhere;
  nowhere.name = "nowhere";
  d.populations.push_back(nowhere);
  const auto nobody = std::make_shared<const std::vector<std::uint32_t>>();
  for (Projection p : network.projections()) {
    const bool ends_here = homes[network.population_index(p.target)] == Home::kChip;
    p.source = name_of(p.source), p.target = ends_here ? name_of(p.target) : nowhere.name;
    if (!ends_here) p.connect = Pairs{nobody, nobody}, p.weight = {Constant{1}, {}};
    p.rule.clear();
    d.projections.push_back(std::move(p));
  }
  return Network(std::move(d));
}

class SimulatedChip final : public Backend {
 public:
  std::string name() const override { return "simulated chip"; }
  std::vector<Diagnostic> check(const Network&) const override { return {}; }
  std::shared_ptr<const Program> compile(const Network& network) const override { return make_simulator()->compile(chip_part(network)); }
};

}  // namespace

std::vector<Home> homes_without_controllers(const Network& network) {
  std::vector<Home> homes;
  for (const Population& p : network.populations())
    homes.push_back(p.is_source() ? Home::kInput : p.name.starts_with("ctrl.") ? Home::kHost : Home::kChip);
  return homes;
}

std::shared_ptr<Backend> make_simulated_chip() { return std::make_shared<SimulatedChip>(); }

}  // namespace spikeloop::compose
