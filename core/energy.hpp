// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
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
  kCamMatch,       ///< a CAM word that a spike matched, of which a synapse may have several; known of a network on a chip
};

/// "spike", "neuron_update", ... as in the schema.
const char* operation_name(Operation operation);

/// One price with where it comes from.
struct Price {
  std::string part;  ///< e.g. "synapse", "neuron", "network", "static"
  Operation operation = Operation::kSpike;
  double joules = 0;      ///< per operation, >= 0; NaN: nobody knows it, and `source` says why
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
  double count = 0;       ///< operations, per inference where the report is per inference; NaN: nobody knows it
  double joules = 0;      ///< count x price; NaN: nobody knows one of them
  bool measured = false;  ///< false: estimated
  bool verified = false;
  std::string source;
  std::string missing = {};  ///< why the count or the price is not known; empty if both are
};

/// What a machine would need (estimated) or needed (measured), by part.
struct EnergyReport {
  std::string machine;
  std::string note;
  std::vector<EnergyLine> lines;
  std::optional<double> spread = {};  ///< joules, standard deviation of the total over the inferences, where it is known
  double total() const;               ///< joules, sum of the lines that are known
  bool complete() const;              ///< every line is known
  bool known() const;                 ///< some line is: else the total says nothing
};

/// How many operations of a kind there were, or why nobody knows.
struct Counted {
  double number = 0;
  std::string missing = {};
};

/// Prices whatever counts operations; a line for each price, estimated. What is not counted or has no price says so, and is not 0.
EnergyReport estimate_energy(const PriceList& prices, const std::function<Counted(Operation)>& count_of);

/// Prices the operations of a chip; every line is per inference and estimated. What a chip does not do, does differently with cores of
/// another size than those of `prices`, or does with neurons that nobody sees, is not known.
EnergyReport estimate_energy(const ChipCounts& counts, double seconds, const PriceList& prices, double inferences);
/// Standard deviation of the energy of an inference, J, from the operations of each; nothing for fewer than two. `all`: the counts of them
/// together.
std::optional<double> energy_spread(std::span<const ChipOperations> inferences, const ChipCounts& all, const PriceList& prices);

/// Prices the counts of `inferences` inferences; every line is per inference and estimated. Where a board has run the network, its chip's
/// operations are priced, and nothing of what ran beside it; without a mapping nobody knows routes and hops.
EnergyReport estimate_energy(const Network& network, const OperationCounts& counts, const PriceList& prices, double inferences);

/// How the counts of inferences differ from each other: enough for the exact spread of what any price list makes of them.
class CountSpread {
 public:
  void add(const OperationCounts& inference);
  /// Covariances (n - 1) of spikes and updates by population, synaptic events and plastic updates by projection, seconds, and of a chip its
  /// operations in the order of `ChipOperations`; in this order, the lower triangle row by row. Empty for fewer than two inferences.
  std::vector<double> covariance() const;

 private:
  std::size_t inferences_ = 0;
  std::vector<double> mean_, products_;
};

/// Standard deviation of the energy of an inference, J, from `CountSpread::covariance`; nothing if that is empty or of another network.
/// `chip`: the `OperationCounts::chip` of the inferences, to price its operations; without it those of the network are priced.
std::optional<double> energy_spread(const Network& network, std::span<const double> covariance, const PriceList& prices,
                                    const std::optional<ChipCounts>& chip = {});

}  // namespace spikeloop
