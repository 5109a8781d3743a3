// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/backends.hpp"

#include "backends/simulator/simulator.hpp"
#include "cli/backends.hpp"

namespace spikeloop::conformance {
namespace {

std::shared_ptr<Backend> machine(const char* name, double mismatch) {
  cli::MachineChoice choice;
  choice.name = name;
  choice.controller = "chip";
  if (choice.name == "dynapse") choice.mismatch = mismatch, choice.board_seed = 1;
  return cli::make_machine(choice);
}

}  // namespace

const std::vector<Machine>& machines() {
  // Weights of few values that differ by whole factors are exact in CAM words; 0.4 and 0.6 beside 0.2 are 2 and 3 of them. What is left on
  // the ideal board: bias codes (up to 2 %), and delta synapses that are currents of 0.2 ms. Both may make a neuron at the edge wait for
  // one more input, which comes 5 ms later.
  constexpr Tolerance kExact{}, kQuantised{0.12, 1, 5.1}, kBoardDelta{0.12, 1, 5.7}, kBoardCurrent{0.05, 1, 1}, kBoardTiming{0, 0, 0.3},
      kQuantisedTiming{0, 0, 0.101};
  static const std::vector<Machine> all = {
      {"simulator_lazy", [] { return std::shared_ptr<Backend>(make_simulator(1, engine::Update::kLazy)); }, kExact, kExact, kExact},
      {"simulator_dense", [] { return std::shared_ptr<Backend>(make_simulator(1, engine::Update::kDense)); }, kExact, kExact, kExact},
      {"simulator_threads", [] { return std::shared_ptr<Backend>(make_simulator(2)); }, kExact, kExact, kExact},
      {"quantised", [] { return machine("quantised", 0); }, kQuantised, kQuantised, kQuantisedTiming, true, false},
      {"dynapse_ideal", [] { return machine("dynapse", 0); }, kBoardDelta, kBoardCurrent, kBoardTiming, false, false},
  };
  return all;
}

}  // namespace spikeloop::conformance
