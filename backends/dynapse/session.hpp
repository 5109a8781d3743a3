// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backends/dynapse/dynapse.hpp"
#include "backends/dynapse/player.hpp"

namespace spikeloop::dynapse {

/// A network compiled for the chip, shared by its sessions.
struct ChipProgram {
  std::shared_ptr<const Network> network;
  ChipSpec chip;
  MapOptions options;
  BoardUse use;
  Compiled compiled;
};

/// Throws DescriptionError unless a projection has so many synapses on the chip.
void check_size(const Network& network, const Circuit& circuit, std::size_t projection, std::size_t weights);
std::vector<InitialWeights> as_initial(const std::map<std::size_t, std::vector<float>>& weights);

class BoardSession final : public ChipSession {
 public:
  /// Opens, programs and verifies a board. Throws CapacityError for weights that do not fit, DeviceFaults, and DeviceError if no neuron
  /// fires that should.
  BoardSession(std::shared_ptr<const ChipProgram> program, std::span<const InitialWeights> initial);

  void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) override;
  void reset(std::uint64_t trial) override;
  Time now() const override { return now_; }
  std::vector<float> weights(std::size_t projection) const override;
  void set_weights(std::size_t projection, std::span<const float> weights) override;
  Connectivity connectivity(std::size_t projection) const override;
  std::vector<double> thresholds(std::size_t population) const override;
  void set_thresholds(std::size_t population, std::span<const double> thresholds) override;
  void set_learning(double, double) override {}  // nothing on the chip learns
  void commit() override {}
  State save() const override;
  void restore(const State& state) override;
  OperationCounts counts() const override;

  const Compiled& compiled() const override { return compiled_; }
  ChipOperations operations() const override { return counts_.chip->operations; }
  Deployment deployment() override;
  std::vector<float> achieved_weights(std::size_t projection) const override {
    return dynapse::achieved_weights(compiled_.circuit, compiled_.quantised, projection);
  }

 private:
  const Network& network() const { return *program_->network; }
  void program_board();
  void write_weights();
  void verify();
  Time settle_time() const;
  void settle(Time length);
  void forget_counts();
  void take_input(Time until, std::span<const Spike> spikes_in, std::vector<Spike>& out);
  void show(std::vector<Spike>& spikes, Sink& sink);
  void count(const Spike& spike);

  std::shared_ptr<const ChipProgram> program_;
  Compiled compiled_;
  PlaceIndex index_;
  std::map<std::size_t, std::vector<float>> pending_;  ///< weights that the board does not have yet, by projection
  std::unique_ptr<firmware::Board> board_;
  std::unique_ptr<Player> player_;
  std::vector<ChipOperations> per_spike_;
  std::vector<bool> probed_;  ///< by population
  Time now_ = 0;
  OperationCounts counts_;
  std::vector<std::uint64_t> spikes_of_source_;  ///< by source of the circuit: neurons, then inputs
  Deployment deployment_;
  std::uint64_t lost_before_ = 0;      ///< `Deployment::lost` when counting began
  std::uint64_t strays_of_start_ = 0;  ///< of the verification
  std::vector<PlayedSpike> played_;
  std::vector<SeenSpike> seen_;
};

}  // namespace spikeloop::dynapse
