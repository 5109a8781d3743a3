// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/network.hpp"

/// What a trained network bears that it was not trained with: weights of few bits, and neurons that differ as those of a chip do. Probes of
/// a network whose test has been reported; nothing may be selected by them.
namespace spikeloop {

class Session;
struct Dataset;
struct Experiment;

/// What is probed.
struct RobustnessPlan {
  std::vector<std::uint32_t> bits = {8, 6, 4, 3};        ///< of plastic weights, each 2 .. 32
  std::vector<double> mismatch = {0.05, 0.1, 0.2, 0.3};  ///< coefficients of variation, each 0 .. 1
  std::size_t draws = 3;                                 ///< devices a level of mismatch
  std::size_t samples = 0;                               ///< taken evenly from the test part; 0 = all of it
};

/// The accuracies at one level.
struct RobustnessPoint {
  double level = 0;                ///< bits, or coefficient of variation
  std::vector<double> accuracies;  ///< one; of mismatch one a draw
};

/// What one trained network bears.
struct RobustnessResult {
  std::size_t samples = 0;  ///< that each accuracy is of
  double as_trained = 0;    ///< accuracy of the unchanged network on them
  std::vector<RobustnessPoint> bits, mismatch;
};

/// Weights rounded to the nearest of 2^bits - 1 equidistant values from -r to r (uniform, symmetric: 2^(bits - 1) - 1 levels on each side
/// of 0, so `bits` >= 2); larger ones become -r or r. Of 64 ranges r up to max|w|, the one with the least squared error is taken: few bits
/// are better spent on the many small weights than on the few large ones. From 32 bits on they stay as they are: they are float32.
std::vector<float> quantised(std::span<const float> weights, std::uint32_t bits);

/// The weights of one projection and the neuron that each ends at.
struct WeightsOnto {
  std::vector<float> weights;
  std::vector<std::uint32_t> targets;  ///< one a weight, each below the number of neurons
};
/// `quantised`, with one range for all weights onto the same neuron, whichever projection they belong to.
void quantise_by_neuron(std::span<WeightsOnto> projections, std::size_t neurons, std::uint32_t bits);

/// One device of a level of mismatch. Factors are log-normal with mean 1 and this coefficient of variation: exp(s n - s^2 / 2), s^2 = ln(1
/// + level^2), n standard normal; never negative at any level. Below threshold a transistor's current is exponential in its threshold
/// voltage, whose mismatch is normal (Pelgrom, Duinmaijer, Welbers 1989, DOI 10.1109/JSSC.1989.572629). The normal variates depend on seed,
/// draw, population, parameter and neuron, but not on the level: the same devices, made better or worse. At level 0 every factor is 1.
struct Mismatch {
  double level = 0;
  std::uint64_t seed = 0, draw = 0;

  /// The neurons of a population, each of its time constants times a factor of its own.
  std::vector<NeuronModel> neurons(const Population& population) const;
  /// Thresholds (mV, one a neuron), the distance of each from the resting potential times a factor of its own.
  std::vector<double> thresholds(const Population& population, std::span<const double> nominal) const;
};

/// `count` of the items at equal distances, in their order; all of them for 0 or if there are no more.
std::vector<std::size_t> spread_evenly(const std::vector<std::size_t>& items, std::size_t count);

/// A network that has been tested.
struct TestedNetwork {
  const Experiment* experiment;
  const Network* network;  ///< with the probes of `with_probes`
  Session* session;        ///< with the trained weights; is left with them
  const Dataset* data;
  std::vector<std::size_t> samples;  ///< that were tested
  double accuracy = 0;               ///< on them
  std::uint64_t seed = 0;
};

/// Tests again with weights of few bits (all plastic weights onto a neuron but those of the feedback share one range; that neurons have
/// different ones costs a chip nothing that learned thresholds do not, since all weights, the threshold and the floor of a neuron that
/// rests at 0 times one factor are the same neuron), then with mismatch (thresholds and all time constants of hidden and readout neurons,
/// interneurons included; weights as trained). Every test sees the same input spikes. Nothing if `stop` becomes true. Throws
/// DescriptionError if the back end cannot give neurons parameters of their own.
std::optional<RobustnessResult> probe_robustness(const RobustnessPlan& plan, const TestedNetwork& tested, const std::atomic<bool>& stop);

}  // namespace spikeloop
