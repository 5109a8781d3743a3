// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

/// What a chip is, as plain data: limits, biases, device constants, delays and prices come from a file (examples/chips/), so that the code
/// of a back end knows only how to encode a family of chips.
namespace spikeloop {

/// A number with where it comes from.
struct Figure {
  double value = 0;       ///< in the unit of the field that holds it
  std::string source;     ///< where the number comes from
  bool verified = false;  ///< somebody has read the number in its source
  friend bool operator==(const Figure&, const Figure&) = default;
};

/// How much of everything a board has. Counts.
struct ChipLimits {
  Figure chips;             ///< of a board
  Figure chips_per_row;     ///< of the mesh
  Figure cores;             ///< of a chip
  Figure neurons_per_core;  ///< they share one set of biases
  Figure cam_words;         ///< of a neuron: synapses; a weight is a number of words with the same source
  Figure sram_entries;      ///< of a neuron: chips that its spikes are sent to
  Figure sram_monitoring;   ///< of these, taken by a neuron that the host sees
  Figure tags;              ///< that a receiving core tells apart
  Figure hops;              ///< between chips, in each direction of the mesh
  friend bool operator==(const ChipLimits&, const ChipLimits&) = default;
};

/// From the codes of biases to currents: full scale of the coarse range x fine / `fine_steps` x factor.
struct ChipBiases {
  std::vector<Figure> coarse_a;  ///< A, full scale of each coarse range, by its code
  Figure fine_steps;             ///< the largest fine code
  Figure floor_a;                ///< A, the least current of any transistor
  Figure tau1_factor;            ///< of IF_TAU1_N, the membrane's leak
  Figure dc_factor;              ///< of IF_DC_P, the constant input
  friend bool operator==(const ChipBiases&, const ChipBiases&) = default;
};

/// The silicon neuron (DPI synapses and membrane).
struct ChipDevice {
  Figure thermal_v;     ///< V
  Figure kappa;         ///< subthreshold slope factor
  Figure stage_v;       ///< V, at which a timer switches
  Figure membrane_f;    ///< F
  Figure fast_f;        ///< F, of fast synapses
  Figure slow_f;        ///< F, of slow synapses
  Figure refractory_f;  ///< F
  Figure pulse_f;       ///< F, of the pulse extender
  Figure threshold_a;   ///< A, of the membrane current
  friend bool operator==(const ChipDevice&, const ChipDevice&) = default;
};

/// Times, and what the mapper makes of those that a network asks for.
struct ChipDelays {
  Figure broadcast_s;       ///< s, to the neurons of a core
  Figure hop_s;             ///< s, from chip to chip
  Figure longest_delay_ms;  ///< ms: there are no delay lines; a network's delay up to this is left out, with its error told
  Figure delta_tau_ms;      ///< ms, decay of the current that stands for a delta synapse
  Figure pulse_s;           ///< s, to which an event is stretched
  friend bool operator==(const ChipDelays&, const ChipDelays&) = default;
};

/// Energy in J of one operation each.
struct ChipPrices {
  Figure spike_j;      ///< a neuron generates a spike
  Figure encode_j;     ///< its destinations are looked up
  Figure broadcast_j;  ///< to the neurons of one core
  Figure route_j;      ///< between cores
  Figure hop_j;        ///< between chips
  Figure match_j;      ///< one CAM word matches: one pulse
  friend bool operator==(const ChipPrices&, const ChipPrices&) = default;
};

/// A board of chips of one kind.
struct ChipSpec {
  std::string name;    ///< "dynapse1"
  std::string family;  ///< which encoder writes its words: "dynap-se1"
  std::string note;    ///< what is to be known of the figures
  ChipLimits limits;
  ChipBiases biases;
  ChipDevice device;
  ChipDelays delays;
  ChipPrices prices;
  friend bool operator==(const ChipSpec&, const ChipSpec&) = default;
};

}  // namespace spikeloop
