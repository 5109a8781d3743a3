// SPDX-License-Identifier: Apache-2.0
// The virtual DYNAP-SE1: how much simulated time passes in a second, silent and busy. Items are synaptic events (CAM words that matched).
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <vector>

#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/virtual_board/dynapse1_model.hpp"

namespace spikeloop::bench {
namespace {

using namespace spikeloop::firmware;

constexpr std::chrono::microseconds kStep{50};

void write(DynapSe1Model& model, Register at, std::uint32_t value) {
  const OutRequest out = encode_write({at, value});
  model.control({kVendorOut, out.request.request, out.request.value, out.request.index, 4}, out.data);
}

void send(DynapSe1Model& model, unsigned chip, const std::vector<ChipWord>& words) {
  write(model, reg("CHIP.CHIP_ID"), wire_chip_id(chip));
  for (const ChipWord& word : words) write(model, reg("CHIP.CONTENT"), encode(word));
}

/// Each neuron has 64 random sources: Poisson ones and its own chip's neurons share their tags. All are monitored.
std::vector<ChipWord> network_of(unsigned chip, bool recurrent) {
  std::vector<ChipWord> words = responsive_biases();
  std::uint32_t random = 1 + chip;
  for (unsigned n = 0; n < kNeuronsPerChip; ++n) {
    const auto neuron = static_cast<NeuronAddress>(n);
    for (std::uint8_t cam = 0; cam < kCamsPerNeuron; ++cam) {
      random = random * 1664525 + 1013904223;
      const auto type = cam % 2 == 0 ? SynapseType::kFastExcitatory : SynapseType::kSlowInhibitory;
      words.push_back(CamWord{neuron, cam, static_cast<NeuronAddress>(1 + (random >> 8) % 1023), type});
    }
    words.push_back(monitoring_route(chip, neuron));
    if (recurrent) words.push_back(SramWord{neuron, 1, static_cast<std::uint8_t>(core_of(neuron)), {}, 15});
  }
  return words;
}

/// `range(0)`: Hz of each of 1024 Poisson sources into U0; 0 = all is silent. `range(1)`: whether neurons reach their own chip; such a
/// network keeps itself going.
void RunBoard(benchmark::State& state) {
  DynapSe1Model model;
  for (const Register at : {reg("USB.RUN"), reg("MUX.RUN"), reg("MUX.TIMESTAMP_RUN"), reg("CHIP.RUN"), reg("AER.RUN")}) write(model, at, 1);
  for (unsigned chip = 0; chip < kChips; ++chip) send(model, chip, network_of(chip, state.range(1) != 0));
  write(model, reg("POISSONSPIKEGEN.WRITEDATA"), encode_poisson_rate(static_cast<double>(state.range(0))));
  for (std::uint32_t source = 0; source < kPoissonSources; ++source) write(model, reg("POISSONSPIKEGEN.WRITEADDRESS"), source);
  write(model, reg("POISSONSPIKEGEN.RUN"), 1);
  std::array<std::byte, 512> packet{};
  const auto begin = model.statistics();
  const auto then = model.now();
  for (auto _ : state) {
    for (int step = 0; step < 200; ++step) {
      model.advance(kStep);
      while (model.bulk_ready(kDataEndpoint)) benchmark::DoNotOptimize(model.bulk_in(kDataEndpoint, packet));
    }
  }
  const DynapSe1Statistics& end = model.statistics();
  const double seconds = std::chrono::duration<double>(model.now() - then).count();
  state.SetItemsProcessed(static_cast<std::int64_t>(end.synaptic_events - begin.synaptic_events));
  state.counters["simulated_per_second"] = benchmark::Counter(seconds, benchmark::Counter::kIsRate);
  state.counters["spikes_per_simulated_second"] = static_cast<double>(end.neuron_spikes - begin.neuron_spikes) / seconds;
  state.counters["lost"] = static_cast<double>(end.lost_stalled_aer + end.lost_stalled_mux);
}
BENCHMARK(RunBoard)->ArgNames({"hz", "recurrent"})->Args({0, 0})->Args({5, 0})->Args({50, 0})->Args({5, 1})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spikeloop::bench
