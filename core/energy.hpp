// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/network.hpp"
#include "core/recording.hpp"

/// Energy = operation counts x prices; never one number without its parts, its source, and estimated or measured.
namespace spikeloop {

/// What a price is paid for.
enum class Operation {
  kSpike,          ///< a spike emitted by a neuron or source
  kNeuronUpdate,   ///< a neuron update executed
  kSynapticEvent,  ///< a spike delivered to one synapse
  kCoreBroadcast,  ///< a spike sent to one destination core (a target population of n neurons occupies ceil(n / neurons_per_core) cores)
  kPlasticUpdate,  ///< a weight change
  kStaticSecond,   ///< static power: a second of simulated time
  kRoute,          ///< a spike routed to one destination; known of a network on a chip
  kHop,            ///< a spike's way from one chip to the next; known of a network on a chip
};

/// "spike", "neuron_update", ... as in the schema.
const char* operation_name(Operation operation);

/// One price with where it comes from.
struct Price {
  std::string part;  ///< e.g. "synapse", "neuron", "network", "static"
  Operation operation = Operation::kSpike;
  double joules = 0;      ///< per operation, >= 0
  std::string source;     ///< where the number comes from
  bool verified = false;  ///< somebody has read the number in its source
};

/// A priced machine.
struct PriceList {
  std::string machine;
  std::string note;  ///< what is left out
  std::uint64_t neurons_per_core = 256;
  std::vector<Price> prices;
};

/// One line of an energy account.
struct EnergyLine {
  std::string part;
  Operation operation = Operation::kSpike;
  double count = 0;       ///< operations, per inference where the report is per inference
  double joules = 0;      ///< count x price
  bool measured = false;  ///< false: estimated
  bool verified = false;
  std::string source;
};

/// What a machine would need (estimated) or needed (measured), by part.
struct EnergyReport {
  std::string machine;
  std::string note;
  std::vector<EnergyLine> lines;
  double total() const;  ///< joules, sum of the lines
};

/// Prices the counts of `inferences` inferences; every line is per inference and estimated.
EnergyReport estimate_energy(const Network& network, const OperationCounts& counts, const PriceList& prices, double inferences);

}  // namespace spikeloop
