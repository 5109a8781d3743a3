// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "firmware-interface/virtual_board/dynapse1_chip.hpp"
#include "firmware-interface/virtual_board/dynapse1_router.hpp"
#include "firmware-interface/virtual_board/dynapse1_statistics.hpp"
#include "firmware-interface/virtual_board/event_heap.hpp"

namespace spikeloop::firmware {

/// An event that has left the chips to the south of U2, where the FPGA listens.
struct MonitoredEvent {
  std::uint8_t core = 0;    ///< virtual
  std::uint8_t neuron = 0;  ///< of the core
  std::uint8_t field = 0;   ///< the core mask of its route; by default chip + 1
};

/// Four chips, their neurons, and the mesh between them. Events take no time on the way. What happens costs; silence does not.
class DynapSe1Fabric {
 public:
  /// `mismatch`: coefficient of variation of each parameter over neurons; 0 = ideal. Operations are counted in `statistics`, which must
  /// live.
  DynapSe1Fabric(std::uint64_t seed, double mismatch, DynapSe1Statistics& statistics);

  /// A word reaches a chip (0..3) at a time. Times must not decrease from call to call.
  void take_word(unsigned chip, std::uint32_t word, std::int64_t now_ns);
  /// A spike is put into a chip's input.
  void inject(unsigned chip, const InjectedSpike& spike, std::int64_t now_ns);
  /// When something will happen to a neuron if nothing comes before.
  std::int64_t next_ns(std::int64_t now_ns);
  /// It does; if it is a spike, its events are delivered.
  void go_on();
  /// What has come to the FPGA, oldest first; taken by whoever calls.
  std::vector<MonitoredEvent>& monitored() { return monitored_; }

  const DynapSe1Chip& chip(unsigned chip) const { return chips_.at(chip); }
  /// For tests: of neuron 0..4095 (chip x 1024 + address), as the last event left it.
  const NeuronState& state(unsigned neuron) const { return states_.at(neuron); }
  const NeuronParameters& parameters(unsigned neuron) const { return parameters_.at(neuron); }

 private:
  void send(unsigned chip, const Hops& hops, std::uint8_t core_mask, NeuronAddress tag, std::int64_t now_ns);
  void broadcast(unsigned chip, unsigned core, NeuronAddress tag, std::int64_t now_ns);
  void arrive(unsigned neuron, const Listener& listener, std::int64_t now_ns);
  void plan(unsigned neuron);
  void update_parameters(std::int64_t now_ns);
  void update_core(unsigned chip, unsigned core, std::int64_t now_ns);

  DynapSe1Statistics& statistics_;
  std::array<DynapSe1Chip, kChips> chips_;
  std::vector<NeuronMismatch> mismatch_;
  std::vector<NeuronParameters> parameters_;
  std::vector<NeuronState> states_;
  std::vector<bool> spikes_;  ///< what is due is a spike
  EventHeap due_{kChips * kNeuronsPerChip};
  unsigned changed_ = 0xFFFF;  ///< cores (4 x chip + core) whose parameters are to be made anew
  std::vector<MonitoredEvent> monitored_;
};

}  // namespace spikeloop::firmware
