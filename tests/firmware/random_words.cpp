// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {

ChipWord RandomWords::next() {
  const auto byte = [this](unsigned n) { return static_cast<std::uint8_t>(below(n)); };
  const auto flag = [this] { return below(2) == 1; };
  const auto neuron = [this] { return static_cast<NeuronAddress>(below(kNeuronsPerChip)); };
  const auto hops = [&] { return Hops{byte(4), flag(), byte(4), flag()}; };
  const auto half = [&] { return static_cast<std::uint8_t>(64 * below(2)); };
  switch (below(11)) {
    case 0:
      return CamWord{neuron(), byte(64), neuron(), static_cast<SynapseType>(below(4))};
    case 1:
      return SramWord{neuron(), byte(4), byte(4), hops(), byte(16)};
    case 2:
      return BiasWord{static_cast<std::uint8_t>(half() + below(50)), byte(8), byte(256), flag(), flag(), flag(), flag()};
    case 3:
      return BufferBiasWord{static_cast<std::uint8_t>(half() + 50), byte(8), byte(256)};
    case 4:
      return ShiftedSourceBiasWord{static_cast<std::uint8_t>(half() + 51 + below(2)), byte(64)};
    case 5:
      return InjectedSpike{neuron(), hops(), byte(16)};
    case 6:
      return SetTau2{neuron()};
    case 7:
      return ResetTau1{byte(4)};
    case 8:
      return ResetTau2{byte(4)};
    case 9:
      return ResetMonitor{byte(4)};
    default:
      return SelectMonitor{neuron()};
  }
}

}  // namespace spikeloop::firmware
