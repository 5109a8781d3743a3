// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/io/spikes_csv.hpp"

/// Bytes that are not spikes are refused by a DescriptionError; what is accepted is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<spikeloop::Population> populations(2);
  populations[0].name = "in";
  populations[0].shape = {8, 8};
  populations[1].name = "a,b";
  try {
    const auto spikes = spikeloop::io::parse_spikes_csv({reinterpret_cast<const char*>(data), size}, "fuzz", populations);
    std::string text = std::string(spikeloop::io::kSpikesCsvHeader) + "\n";
    for (const auto& spike : spikes) spikeloop::io::append_spike_csv(text, spike, populations[spike.population].name);
    if (spikeloop::io::parse_spikes_csv(text, "again", populations) != spikes) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
