// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/network.hpp"
#include "core/profile.hpp"
#include "core/recording.hpp"

/// The seam between networks and machines: Backend -> Program -> Session.
namespace spikeloop {

/// The state of a session as opaque bytes, self-describing and versioned; `restore` refuses a state of another network.
using State = std::vector<std::byte>;

/// Weights of one projection at the start of a session, by projection index. Projections that are not named start as described.
struct InitialWeights {
  std::size_t projection = 0;
  std::vector<float> weights;  ///< in the order of `Session::weights`
};

/// Which synapses a projection has, in the order of `Session::weights`: by source, then delay, then target, then the order of drawing.
struct Connectivity {
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> targets;
  std::vector<Tick> delays;
};

/// What trials have changed and not committed, of one session; opaque to all but sessions of the same program.
struct Changes {
  /// Rows of one plastic projection in one part of the network, by source, one behind the other.
  struct Rows {
    std::vector<std::uint32_t> sources;
    std::vector<float> values;
  };
  std::vector<Rows> weights;
  std::vector<std::vector<double>> thresholds;  ///< mV, per population with homeostasis
};

/// A network that is running. Time is counted from the last `reset`.
/// Probing, slicing `advance`, `save` and `weights` never change what follows.
class Session {
 public:
  virtual ~Session() = default;

  /// Runs the ticks in [now, until). A spike is emitted at the first tick at or after its time. `spikes_in` are spikes of external sources
  /// with now <= time < until (earlier ones are counted as late and dropped; later ones, and those of populations that are not external,
  /// throw DescriptionError), in any order; what probes observe goes to `sink`.
  virtual void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) = 0;

  /// Back to time 0: state, traces, gates and pending spikes are cleared; weights, thresholds and uncommitted weight changes stay.
  /// Random sources draw from the stream of this `trial`.
  virtual void reset(std::uint64_t trial = 0) = 0;

  virtual Time now() const = 0;

  /// Current weights of a projection, without uncommitted changes.
  virtual std::vector<float> weights(std::size_t projection) const = 0;
  /// Replaces the weights; `weights` has one value a synapse, in the order of `connectivity`.
  virtual void set_weights(std::size_t projection, std::span<const float> weights) = 0;
  virtual Connectivity connectivity(std::size_t projection) const = 0;

  /// Thresholds (mV) of a spiking population, one a neuron: they are learned where there is homeostasis.
  virtual std::vector<double> thresholds(std::size_t population) const = 0;
  virtual void set_thresholds(std::size_t population, std::span<const double> thresholds) = 0;

  /// Gives each neuron of a population parameters of its own (device mismatch): models of the population's kind, one a neuron; none = all
  /// are as described again. Thresholds remain what `set_thresholds` says, and a saved state knows nothing of it. Throws DescriptionError
  /// if the models do not fit, or if the back end cannot do that.
  virtual void set_neurons(std::size_t, std::span<const NeuronModel>) {
    throw DescriptionError("on this back end all neurons of a population are alike; probe mismatch on the simulator");
  }

  /// Factors on every rule's change and on every homeostasis rate from now on (annealing; 0 = inference, or warm-up without learning).
  virtual void set_learning(double rules, double homeostasis) = 0;

  /// The end of a trial: adds the pending weight changes of rules with Commit::kTrial and adapts thresholds.
  virtual void commit() = 0;
  /// Takes what `commit` would add out of the session: trials of a batch run side by side, each in a session of its own, and then every
  /// session commits the changes of all of them in the order of the trials. Throws DescriptionError if the back end cannot do that.
  virtual Changes take_changes() { throw DescriptionError("this back end runs one trial at a time; use batch: 1"); }
  virtual void commit(std::span<const Changes>) { throw DescriptionError("this back end runs one trial at a time; use batch: 1"); }

  virtual State save() const = 0;
  /// Throws DescriptionError if the state belongs to another network or version.
  virtual void restore(const State& state) = 0;

  virtual OperationCounts counts() const = 0;

  /// Measures from now on where the time goes, or stops to; the result of the run does not change. Sessions that cannot tell do nothing.
  virtual void set_profiling(bool) {}
  /// What was measured since `set_profiling(true)`; empty if nothing was.
  virtual Profile profile() const { return {}; }
};

/// A network compiled for a machine; immutable, any number of sessions.
class Program {
 public:
  virtual ~Program() = default;
  /// One line per fact worth knowing: where it runs, synapses, bytes.
  virtual std::string describe() const = 0;
  virtual std::unique_ptr<Session> start(std::span<const InitialWeights> initial = {}) const = 0;
};

/// A machine that runs networks.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;
  /// Everything that this machine cannot do, at once; empty if it can run the network.
  virtual std::vector<Diagnostic> check(const Network& network) const = 0;
  /// Pure: needs no device. Throws CapacityError with what `check` says.
  virtual std::shared_ptr<const Program> compile(const Network& network) const = 0;
};

}  // namespace spikeloop
