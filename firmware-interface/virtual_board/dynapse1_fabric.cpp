// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_fabric.hpp"

namespace spikeloop::firmware {
namespace {

constexpr unsigned kNeurons = kChips * kNeuronsPerChip;

void count_word(const ChipWord& word, DynapSe1Statistics& statistics) {
  const auto is = [&]<typename... T>() { return (std::holds_alternative<T>(word) || ...); };
  if (is.operator()<CamWord>())
    ++statistics.cam_words;
  else if (is.operator()<SramWord>())
    ++statistics.sram_words;
  else if (is.operator()<BiasWord, BufferBiasWord, ShiftedSourceBiasWord>())
    ++statistics.bias_words;
  else if (is.operator()<MalformedWord>())
    ++statistics.malformed_words;
  else if (!is.operator()<InjectedSpike>())
    ++statistics.other_words;
}

}  // namespace

DynapSe1Fabric::DynapSe1Fabric(std::uint64_t seed, double mismatch, DynapSe1Statistics& statistics)
    : statistics_(statistics), mismatch_(kNeurons), parameters_(kNeurons), states_(kNeurons), spikes_(kNeurons) {
  for (unsigned neuron = 0; mismatch > 0 && neuron < kNeurons; ++neuron) mismatch_[neuron] = NeuronMismatch(seed, neuron, mismatch);
}

void DynapSe1Fabric::take_word(unsigned chip, std::uint32_t word, std::int64_t now_ns) {
  const ChipWord decoded = decode_word(word);
  count_word(decoded, statistics_);
  if (const auto* spike = std::get_if<InjectedSpike>(&decoded)) {
    ++statistics_.injected_spikes;
    inject(chip, *spike, now_ns);
    return;
  }
  changed_ |= chips_[chip].apply(decoded) << (kCores * chip);
}

void DynapSe1Fabric::inject(unsigned chip, const InjectedSpike& spike, std::int64_t now_ns) {
  update_parameters(now_ns);
  send(chip, spike.hops, spike.core_mask, spike.source, now_ns);
}

std::int64_t DynapSe1Fabric::next_ns(std::int64_t now_ns) {
  update_parameters(now_ns);
  return due_.next_ns();
}

void DynapSe1Fabric::plan(unsigned neuron) {
  const NeuronOutlook next = outlook(parameters_[neuron], states_[neuron]);
  spikes_[neuron] = next.spikes;
  due_.set(neuron, next.time_ns);
}

void DynapSe1Fabric::go_on() {
  const std::int64_t now = due_.next_ns();
  const std::uint32_t neuron = due_.next();
  if (!spikes_[neuron]) {
    advance_neuron(parameters_[neuron], states_[neuron], now);
    plan(neuron);
    return;
  }
  ++statistics_.neuron_spikes;
  spike_neuron(parameters_[neuron], states_[neuron], now);
  plan(neuron);
  const unsigned chip = neuron / kNeuronsPerChip;
  for (const Destination& to : chips_[chip].destinations(static_cast<NeuronAddress>(neuron % kNeuronsPerChip)))
    send(chip, to.hops, to.core_mask, neuron_address(to.virtual_core, neuron), now);
}

void DynapSe1Fabric::send(unsigned chip, const Hops& hops, std::uint8_t core_mask, NeuronAddress tag, std::int64_t now_ns) {
  if (core_mask == 0) return;
  ++statistics_.routed_events;
  const RoutedTo to = route(chip, hops);
  statistics_.hops += to.hops;
  if (to.where == RoutedTo::Where::kLost) {
    ++statistics_.lost_off_grid;
  } else if (to.where == RoutedTo::Where::kMonitor) {
    ++statistics_.monitored_events;
    monitored_.push_back({static_cast<std::uint8_t>(core_of(tag)), static_cast<std::uint8_t>(tag & 0xFF), core_mask});
  } else {
    for (unsigned core = 0; core < kCores; ++core)
      if ((core_mask >> core & 1) != 0) broadcast(to.chip, core, tag, now_ns);
  }
}

void DynapSe1Fabric::broadcast(unsigned chip, unsigned core, NeuronAddress tag, std::int64_t now_ns) {
  ++statistics_.core_broadcasts;
  const unsigned first = chip * kNeuronsPerChip + core * kNeuronsPerCore;
  for (const Listener& listener : chips_[chip].listeners(core, tag)) {
    for (const std::uint8_t n : listener.synapses) statistics_.synaptic_events += n;
    arrive(first + listener.neuron, listener, now_ns);
  }
}

void DynapSe1Fabric::arrive(unsigned neuron, const Listener& listener, std::int64_t now_ns) {
  const NeuronParameters& p = parameters_[neuron];
  std::array<double, 4> raise{};
  bool any = false;
  for (std::size_t type = 0; type < raise.size(); ++type) {
    raise[type] = p.jump_a[type] * listener.synapses[type];
    any = any || raise[type] > 0;
  }
  if (!any) return;
  NeuronState& s = states_[neuron];
  advance_neuron(p, s, now_ns);
  for (std::size_t type = 0; type < raise.size(); ++type) s.current_a[type] += raise[type];
  plan(neuron);
}

void DynapSe1Fabric::update_parameters(std::int64_t now_ns) {
  for (unsigned core = 0; changed_ != 0; ++core, changed_ >>= 1)
    if ((changed_ & 1) != 0) update_core(core / kCores, core % kCores, now_ns);
}

/// Until now the old parameters held.
void DynapSe1Fabric::update_core(unsigned chip, unsigned core, std::int64_t now_ns) {
  for (unsigned n = 0; n < kNeuronsPerCore; ++n) {
    const NeuronAddress address = neuron_address(core, n);
    const unsigned neuron = chip * kNeuronsPerChip + address;
    advance_neuron(parameters_[neuron], states_[neuron], now_ns);
    parameters_[neuron] = neuron_parameters(chips_[chip].biases(core), mismatch_[neuron], chips_[chip].uses_tau2(address));
    plan(neuron);
  }
}

}  // namespace spikeloop::firmware
