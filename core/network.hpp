// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/errors.hpp"
#include "core/learning.hpp"
#include "core/models.hpp"
#include "core/time.hpp"
#include "core/values.hpp"

/// What a network is. A `NetworkDescription` is what somebody wrote; a `Network` is a description that was found valid.
///
/// Semantics, the same on every back end: time is integer nanoseconds, a tick is the network's resolution. Order inside a tick: advance the
/// state in closed form -> add arrivals (a delta input is not decayed at its own tick; a current that arrives at a tick moves v only from
/// the next) -> threshold, reset, emit -> plasticity -> probes sample. Arrivals are summed in the order (emission time, population,
/// neuron), after the counts of Poisson sources that are drawn where they arrive. Refractory ticks after a spike at m are m+1 .. m+r
/// inclusive.
namespace spikeloop {

/// Neurons, or a source of spikes or current.
struct Population {
  std::string name;
  std::vector<std::uint64_t> shape = {1};  ///< e.g. {10}, {8, 8}, {channels, height, width}; neurons are numbered in row-major order
  std::variant<NeuronModel, SourceModel> kind = NeuronModel{};
  std::optional<Value> v_initial_mv;  ///< unset = v_rest; listed: one value a neuron
  std::optional<Homeostasis> homeostasis;

  std::uint64_t size() const;  ///< product of the shape
  bool is_source() const { return kind.index() == 1; }
  const NeuronModel& neuron() const { return std::get<0>(kind); }
  const SourceModel& source() const { return std::get<1>(kind); }
};

/// What an arriving spike acts on.
enum class Port {
  kBasal,      ///< drives
  kApical,     ///< feedback: drives and teaches (exponential current)
  kModulator,  ///< teaches only (exponential current with the apical time constant that does not enter v)
};

struct OneToOne {};
struct AllToAll {
  bool autapses = true;  ///< connect a neuron to itself (recurrent projections only)
};
/// Each pair with probability p, independently.
struct FixedProbability {
  double probability = 0;  ///< 0 .. 1
  bool autapses = true;
};
/// Each target draws `count` sources uniformly.
struct FixedInDegree {
  std::uint64_t count = 0;
  bool multapses = true;  ///< the same pair may be drawn more than once
  bool autapses = true;
};
/// `count` synapses, source and target drawn uniformly.
struct FixedTotalNumber {
  std::uint64_t count = 0;
  bool multapses = true;
  bool autapses = true;
};
/// Explicit pairs; a listed weight or delay has one value a pair, in this order.
struct Pairs {
  std::shared_ptr<const std::vector<std::uint32_t>> sources;
  std::shared_ptr<const std::vector<std::uint32_t>> targets;
};
/// A full matrix of weights, rows = sources; the projection's own `weight` is not used.
struct Tensor {
  std::shared_ptr<const std::vector<float>> weights;  ///< (source size, target size), row-major
  std::string file;                                   ///< where it came from
};
/// Cross-correlation of a {channels, height, width} (or {height, width}) source with a kernel; the target's shape must be
/// {out channels, (height + 2 padding - dilation (kernel - 1) - 1) / stride + 1, ...}. Weights: (out channels, in channels / groups, kernel
/// height, kernel width), row-major. The simulator keeps one kernel, whatever the size of the image.
struct Convolution {
  std::array<std::uint32_t, 2> kernel = {1, 1};
  std::array<std::uint32_t, 2> stride = {1, 1};
  std::array<std::uint32_t, 2> padding = {0, 0};
  std::array<std::uint32_t, 2> dilation = {1, 1};  ///< distance between taps
  std::uint32_t groups = 1;  ///< channels are cut into so many groups, and each group of outputs sees one group of inputs
};
/// Each channel by itself: every source in the window projects to the target with the projection's weight.
struct Pooling {
  std::array<std::uint32_t, 2> kernel = {2, 2};
  std::array<std::uint32_t, 2> stride = {2, 2};
};

using Connect = std::variant<OneToOne, AllToAll, FixedProbability, FixedInDegree, FixedTotalNumber, Pairs, Tensor, Convolution, Pooling>;

/// Synapses from one population to a port of another. The delay is axonal.
struct Projection {
  std::string name;  ///< unique; empty = "<source>-><target>", with ".apical" or ".modulator" behind it for these ports
  std::string source;
  std::string target;
  Port port = Port::kBasal;
  Connect connect = AllToAll{};
  Value weight = {Constant{1}, {}};
  double weight_scale = 1;               ///< multiplies every drawn or listed weight
  Value delay_ms = {Constant{0.1}, {}};  ///< rounded to ticks, at least one tick
  std::string rule;                      ///< name of a rule; empty = not plastic
  std::string random_key;                ///< randomness is keyed by this; empty = `name`. Two projections with one key draw the same values
};

/// What is observed: the spikes of a population, its state, or the weights of a projection.
struct Probe {
  enum class Variable { kSpikes, kPotential, kBasalCurrent, kApicalCurrent, kThreshold, kPreTrace, kPostTrace, kWeights };
  std::string name;        ///< unique; empty = "<population or projection>.<variable>"
  std::string population;  ///< for all but kPreTrace, kPostTrace and kWeights
  std::string projection;  ///< for kPreTrace (one value a source neuron), kPostTrace (one a target neuron), kWeights (in the order of
                           ///< `Session::weights`)
  Variable variable = Variable::kSpikes;
  double start_ms = 0;  ///< sampled at start, start + every, ...; sampling sees the state after the tick
  double every_ms = 1;
};

/// "spikes", "potential", ... as in the schema.
const char* variable_name(Probe::Variable variable);

/// A network as somebody wrote it.
struct NetworkDescription {
  std::string name;
  Time resolution = 100 * kMicrosecond;  ///< one tick; 1 ns .. 1 ms
  std::uint64_t seed = 1;
  std::vector<Population> populations;
  std::vector<Projection> projections;
  std::vector<Rule> rules;
  std::vector<Controller> controllers;
  std::vector<Probe> probes;
};

/// Limits of a description; more than this is refused before anything is allocated.
inline constexpr std::uint64_t kMaxNeurons = 100'000'000;
inline constexpr std::uint64_t kMaxSynapses = 20'000'000'000;

/// The description with the names that were left out filled in.
NetworkDescription with_names(NetworkDescription description);

/// All faults of a description, with paths as in the schema; empty if it is valid.
std::vector<Diagnostic> validate(const NetworkDescription& description);

/// A valid network: names resolved and filled in, controllers expanded. Immutable.
class Network {
 public:
  /// Throws DescriptionError with every fault.
  explicit Network(NetworkDescription description);

  const std::string& name() const { return description_.name; }
  Time resolution() const { return description_.resolution; }
  std::uint64_t seed() const { return description_.seed; }
  const std::vector<Population>& populations() const { return description_.populations; }
  const std::vector<Projection>& projections() const { return description_.projections; }
  const std::vector<Rule>& rules() const { return description_.rules; }
  const std::vector<Probe>& probes() const { return description_.probes; }
  /// The controllers as they were described; their neurons are already among the populations.
  const std::vector<Controller>& controllers() const { return description_.controllers; }
  /// What it was made from, with controllers expanded.
  const NetworkDescription& expanded() const { return description_; }
  /// What it was made from, as it was written.
  const NetworkDescription& description() const { return original_; }

  /// Index into `populations()`; throws DescriptionError with a "did you mean" if there is none of that name.
  std::size_t population_index(std::string_view name) const;
  std::size_t projection_index(std::string_view name) const;
  /// Index into `rules()`, for a plastic projection.
  const Rule* rule_of(const Projection& projection) const;
  /// Expected number of synapses of a projection (exact for all kinds but FixedProbability).
  double expected_synapses(const Projection& projection) const;
  /// Stable over versions and machines: tells whether a checkpoint belongs to this network (seed and weights aside).
  std::uint64_t fingerprint() const;

 private:
  NetworkDescription original_;
  NetworkDescription description_;
};

/// Expected number of synapses of one way to connect (exact for all kinds but FixedProbability).
double expected_synapses(const Connect& connect, const Population& source, const Population& target);

/// What a projection is called that has no name of its own: "source->target", with ".apical" or ".modulator" for these ports.
std::string default_name(const Projection& projection);

/// The nearest of `names` to `name`, if near enough to be a slip of the pen; else empty.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& names);

}  // namespace spikeloop
