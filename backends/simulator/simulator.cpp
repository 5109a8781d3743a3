// SPDX-License-Identifier: Apache-2.0
#include "backends/simulator/simulator.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "core/engine/engine.hpp"
#include "core/engine/layout.hpp"

namespace spikeloop {
namespace {

class SimulatorProgram final : public Program {
 public:
  SimulatorProgram(const Network& network, std::size_t threads, engine::Update update)
      : network_(std::make_shared<Network>(network)), threads_(threads), update_(update) {}

  std::string describe() const override {
    double neurons = 0, synapses = 0;
    for (const Population& p : network_->populations()) neurons += static_cast<double>(p.size());
    for (const Projection& p : network_->projections()) synapses += network_->expected_synapses(p);
    return fmt::format("simulator, {} thread{}, tick {} ms, {:.0f} neurons and sources, {:.0f} synapses", threads_,
                       threads_ == 1 ? "" : "s", to_ms(network_->resolution()), neurons, synapses);
  }

  std::unique_ptr<Session> start(std::span<const InitialWeights> initial) const override {
    return std::make_unique<engine::Engine>(network_, threads_, update_, initial);
  }

 private:
  std::shared_ptr<const Network> network_;
  std::size_t threads_;
  engine::Update update_;
};

void check_memory(const Network& network, std::size_t threads, std::vector<Diagnostic>& faults) {
  const engine::Memory need = memory_in_simulator(network, threads);
  const double has = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)),
               bytes = need.total() + need.building;
  if (has > 0 && bytes > has)
    faults.push_back(
        {"projections",
         fmt::format("need about {:.1f} GB while the network is built, but this machine has {:.1f} GB", bytes / 1e9, has / 1e9),
         "use fewer neurons or sparser connections", "", 0, 0});
}

class Simulator final : public Backend {
 public:
  Simulator(std::size_t threads, engine::Update update) : threads_(threads), update_(update) {}
  std::string name() const override { return "simulator"; }

  std::vector<Diagnostic> check(const Network& network) const override {
    std::vector<Diagnostic> faults;
    for (std::size_t k = 0; k < network.projections().size(); ++k) {
      const Projection& p = network.projections()[k];
      if (p.rule.empty() || is_constant(p.delay_ms)) continue;
      faults.push_back(
          {fmt::format("projections[{}].delays_ms", k),
           fmt::format("\"{}\" is plastic and has distributed delays; the simulator learns only with one delay a projection", p.name),
           "use delay_ms, or split the projection", "", 0, 0});
    }
    check_memory(network, threads_, faults);
    return faults;
  }

  std::shared_ptr<const Program> compile(const Network& network) const override {
    std::string faults;
    for (const Diagnostic& d : check(network)) faults += (faults.empty() ? "" : "\n") + to_string(d);
    if (!faults.empty()) throw CapacityError(faults);
    return std::make_shared<SimulatorProgram>(network, threads_, update_);
  }

 private:
  std::size_t threads_;
  engine::Update update_;
};

}  // namespace

engine::Memory memory_in_simulator(const Network& network, std::size_t threads) {
  return engine::memory_of(network, engine::layout_of(network, threads));
}

std::unique_ptr<Backend> make_simulator(std::size_t threads, engine::Update update) {
  return std::make_unique<Simulator>(threads == 0 ? 1 : threads, update);
}

}  // namespace spikeloop
