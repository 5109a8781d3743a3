// SPDX-License-Identifier: Apache-2.0
#include "tests/compose/simulated_chip.hpp"

#include "backends/compose/chip_network.hpp"
#include "backends/simulator/simulator.hpp"

namespace spikeloop::compose {
namespace {

class SimulatedChip final : public Backend {
 public:
  std::string name() const override { return "simulated chip"; }
  std::vector<Diagnostic> check(const Network&) const override { return {}; }
  std::shared_ptr<const Program> compile(const Network& network) const override {
    return make_simulator()->compile(chip_network(network, homes_without_controllers(network)));
  }
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
