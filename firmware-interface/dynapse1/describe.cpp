// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/describe.hpp"

#include <fmt/format.h>

#include <array>

#include "firmware-interface/dynapse1/biases.hpp"

namespace spikeloop::firmware {
namespace {

constexpr std::array<const char*, 4> kTypes = {"slow inhibitory", "fast inhibitory", "slow excitatory", "fast excitatory"};

std::string bias_name(std::uint8_t address) {
  const Bias* bias = find_bias(address);
  return bias != nullptr ? bias->name : fmt::format("bias {}", address);
}

std::string route(const Hops& hops, unsigned mask) {
  return fmt::format("{} {} {} {} to mask {}", hops.dx, hops.west ? "west" : "east", hops.dy, hops.south ? "south" : "north", mask);
}

struct Describe {
  std::string operator()(const CamWord& w) const {
    return fmt::format("CAM {} of {} listens to {}, {}", w.cam, describe_neuron(w.neuron), describe_neuron(w.source),
                       kTypes.at(static_cast<std::size_t>(w.type)));
  }
  std::string operator()(const SramWord& w) const {
    return fmt::format("SRAM {} of {} sends as core {}, {}", w.sram, describe_neuron(w.neuron), w.virtual_core, route(w.hops, w.core_mask));
  }
  std::string operator()(const BiasWord& w) const { return fmt::format("{} coarse {} fine {}", bias_name(w.address), w.coarse, w.fine); }
  std::string operator()(const BufferBiasWord& w) const {
    return fmt::format("{} coarse {} fine {}", bias_name(w.address), w.coarse, w.fine);
  }
  std::string operator()(const ShiftedSourceBiasWord& w) const { return fmt::format("{} fine {}", bias_name(w.address), w.fine); }
  std::string operator()(const InjectedSpike& w) const {
    return fmt::format("spike as of {}, {}", describe_neuron(w.source), route(w.hops, w.core_mask));
  }
  std::string operator()(const SetTau2& w) const { return fmt::format("TAU2 for {}", describe_neuron(w.neuron)); }
  std::string operator()(const ResetTau1& w) const { return fmt::format("TAU1 for core {}", w.core); }
  std::string operator()(const ResetTau2& w) const { return fmt::format("TAU2 for core {}", w.core); }
  std::string operator()(const ResetMonitor& w) const { return fmt::format("no monitored neuron in core {}", w.core); }
  std::string operator()(const SelectMonitor& w) const { return fmt::format("monitor {}", describe_neuron(w.neuron)); }
  std::string operator()(const MalformedWord& w) const { return fmt::format("malformed: {}", w.reason); }
};

}  // namespace

std::string describe_neuron(NeuronAddress neuron) { return fmt::format("core {} neuron {}", core_of(neuron), neuron & 0xFFU); }

std::string describe_word(std::uint32_t word) { return fmt::format("0x{:08X} ({})", word, std::visit(Describe{}, decode_word(word))); }

}  // namespace spikeloop::firmware
