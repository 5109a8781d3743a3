// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/models.hpp"
#include "core/values.hpp"

/// Learning by feedback control, as parts of a network description.
///
/// A controller is neurons: it expands into ordinary populations and projections (see `expand_controllers`), whose spikes come back as an
/// exponential current on the apical port of the populations that it helps. A rule belongs to a projection and sees only what is at the
/// synapse: pre spikes (as they arrive), post spikes, their traces, and the feedback current of the post neuron.
///
/// The gate: a gated projection learns from the tick at which the first spike of the trial reaches the apical or modulator port of its
/// target population until the trial is reset. Traces always run; a pair counts when its later spike falls inside the gate.
///
/// Order at a tick: arrivals reach the pre trace before post spikes of the same tick are treated; depression sees only earlier post spikes;
/// so a pair at dt = 0 potentiates.
namespace spikeloop {

/// When weight changes become visible to the synapse.
enum class Commit {
  kImmediate,  ///< at once
  kTrial,      ///< summed, and added to the weights by `Session::commit`
};

/// Pair-based spike-timing-dependent plasticity, all-to-all pairing by traces (Song, Miller, Abbott 2000, DOI 10.1038/78829):
/// at a post spike w += a_plus x_pre, at a pre arrival w -= [a_minus (1 + ltd_excess x_post) + decay w] x_post.
/// x_pre jumps by 1 at `lag_ms` after an arrival and decays with tau_plus; x_post jumps by 1 at a post spike and decays with tau_minus.
struct Stdp {
  double a_plus = 0.01;
  double a_minus = 0.01;
  double tau_plus_ms = 20;
  double tau_minus_ms = 20;
  double lag_ms = 0;      ///< pairs closer than this do not potentiate
  double ltd_excess = 0;  ///< rate-dependent excess of depression, per unit of x_post: holds the rate
  double decay = 0;       ///< weight-dependent depression, per unit of w and x_post
};

/// `Stdp` inside the gate only; optionally only for neurons that were active before feedback came.
/// Its expectation for slowly varying rates is the differential-Hebbian dw ~ integral r_pre dr_post/dt
/// (Aceituno et al. 2023, DOI 10.3389/fncom.2023.1136010).
struct StdpFeedback : Stdp {
  double active_trace = 0;          ///< a neuron learns only if its x_post was at least this when the gate opened; 0 = all learn
  std::optional<double> latest_ms;  ///< a gate that opens later than this after the trial's start stays shut; unset = no limit
};

/// w += eta I_fb - |eta| decay w at each pre arrival inside the gate, I_fb the feedback current (mV) of the post neuron's apical and
/// modulator ports (Saponati et al. 2026, arXiv 2602.13261; the decay is ours).
struct FeedbackCurrent {
  double eta = 0.01;         ///< weight change in mV per mV of feedback current; negative for a subtracting interneuron
  double decay = 0;          ///< feedback current (mV) per mV of weight that would just hold the weight, >= 0
  double tau_trace_ms = 20;  ///< of the post trace that `active_trace` looks at
  double active_trace = 0;   ///< a neuron learns only if its post trace was at least this when the gate opened; 0 = all learn
};

/// A named plasticity rule that projections refer to.
struct Rule {
  std::string name;
  std::variant<Stdp, StdpFeedback, FeedbackCurrent> kind;
  Commit commit = Commit::kImmediate;
  std::optional<double> weight_min;  ///< lower bound of the weight; unset = none
  std::optional<double> weight_max;  ///< upper bound of the weight; unset = none
};

/// Threshold adaptation towards a target rate, local to each neuron: at `Session::commit`
/// theta += rate (n - target_hz T), n the spikes of the neuron in the part of the trial before feedback reached its population, T its
/// length.
struct Homeostasis {
  double target_hz = 10;
  double rate = 0;              ///< mV per spike
  double threshold_min_mv = 0;  ///< theta never falls below this
};

/// Where the controller's help goes: `weights` has shape (controlled neurons, target neurons); the plus neurons send amplitude x weight,
/// the minus neurons the same with the opposite sign.
struct Feedback {
  std::string to;        ///< population whose port receives it
  Value weights;         ///< identity, the product of the initial forward weights, constant, drawn, or listed
  double amplitude = 1;  ///< mV of feedback current per controller spike and unit weight
  bool drives = true;    ///< true: apical port (drives and teaches); false: modulator port (teaches only)
  std::string rule;      ///< name of the rule that the feedback weights learn by; empty = they are fixed
};

/// "Keep `population` at the target." Expands into `ctrl.<population>.plus` and `.minus` (one neuron each per output: too little, too much)
/// and the external source `ctrl.<population>.target`: neuron k < K is the target train of output k, neuron K switches teaching on.
struct Controller {
  std::string population;
  double true_hz = 100;     ///< target rate of the wanted output
  double other_hz = 0;      ///< target rate of the others
  double dead_zone_hz = 5;  ///< regular spikes too many or too few at less than this rate never fire the controller; trains that drift
                            ///< past each other fire it about once a beat
  std::optional<double> excess_dead_zone_hz;  ///< the same for spikes too many alone; none = `dead_zone_hz`
  double headroom = 1;  ///< output spikes that one target spike allows before the minus neuron counts them, >= 1: at 1 a wanted output is
                        ///< held at its rate from both sides, a large one only keeps it from falling below (a margin, as a hinge loss)
  std::uint32_t target_spikes = 1;  ///< target spikes that stand for one wanted output spike: more of them say sooner, and in smaller
                                    ///< steps, that one is owed; rates and dead zones stay those of output spikes
  double tau_m_ms = 20;             ///< membrane time constant of the controller neurons, the window over which spikes are compared
  /// What they do when they fire. kSubtract: what is owed beyond a spike is kept. kToValue: they begin anew, and nothing of them is ever
  /// below rest, so that a chip can have them (see `expand_controllers`).
  Reset reset = Reset::kSubtract;
  double refractory_ms = 0;
  std::vector<Feedback> feedback;
};

/// Names of what a controller expands into.
std::string controller_plus(const std::string& population);
std::string controller_minus(const std::string& population);
std::string controller_target(const std::string& population);
/// Whether its neurons have to be held down where they shall not teach, by spikes of the target source's last neuron.
bool held_down(const Controller& controller);

}  // namespace spikeloop
