// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/dynapse.hpp"

#include <fmt/format.h>

#include "backends/dynapse/session.hpp"

namespace spikeloop::dynapse {
namespace {

class BoardProgram final : public Program {
 public:
  explicit BoardProgram(std::shared_ptr<const ChipProgram> program) : program_(std::move(program)) {}
  std::string describe() const override {
    const Compiled& c = program_->compiled;
    return fmt::format("{}: {} neurons on {} cores, {} inputs, {} synapses", program_->chip.name, c.circuit.neurons.size(),
                       c.placement.cores.size(), c.circuit.inputs.size(), c.circuit.synapses.size());
  }
  std::unique_ptr<Session> start(std::span<const InitialWeights> initial) const override {
    return std::make_unique<BoardSession>(program_, initial);
  }

 private:
  std::shared_ptr<const ChipProgram> program_;
};

/// The spike generator plays to the one chip that is chosen.
std::vector<Diagnostic> check_inputs(const Network& network, const Compiled& c) {
  for (std::size_t s = c.circuit.neurons.size(), first = Circuit::kNone; s < c.circuit.sources(); ++s)
    for (const ChipRoute& r : c.placement.routes[s]) {
      if (first == Circuit::kNone) first = r.chip;
      if (r.chip == first) continue;
      const LogicalNeuron& input = c.circuit.inputs[s - c.circuit.neurons.size()];
      return {{fmt::format("populations[{}]", input.population),
               fmt::format("\"{}\" is played into U{} and U{}; the board's spike generator plays to one chip",
                           network.populations()[input.population].name, first, r.chip),
               "fewer neurons with input, so that they fit one chip, or another placement (--map-seed)", "", 0, 0}};
    }
  return {};
}

class BoardBackend final : public Backend {
 public:
  BoardBackend(ChipSpec chip, MapOptions options, BoardUse use)
      : chip_(std::move(chip)), options_(std::move(options)), use_(std::move(use)) {}
  std::string name() const override { return "dynapse"; }

  std::vector<Diagnostic> check(const Network& network) const override {
    return faults_of(network, dynapse::compile(network, chip_, options_));
  }

  std::shared_ptr<const Program> compile(const Network& network) const override {
    Outcome outcome = dynapse::compile(network, chip_, options_);
    refuse(faults_of(network, outcome));
    return std::make_shared<BoardProgram>(std::make_shared<const ChipProgram>(
        ChipProgram{std::make_shared<const Network>(network), chip_, options_, use_, std::move(outcome.compiled)}));
  }

 private:
  static std::vector<Diagnostic> faults_of(const Network& network, const Outcome& outcome) {
    std::vector<Diagnostic> faults = diagnostics_of(outcome.violations);
    return faults.empty() ? check_inputs(network, outcome.compiled) : faults;
  }

  ChipSpec chip_;
  MapOptions options_;
  BoardUse use_;
};

}  // namespace

std::unique_ptr<Backend> make_dynapse(ChipSpec chip, MapOptions options, BoardUse use) {
  return std::make_unique<BoardBackend>(std::move(chip), std::move(options), std::move(use));
}

}  // namespace spikeloop::dynapse
