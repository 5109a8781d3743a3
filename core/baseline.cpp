// SPDX-License-Identifier: Apache-2.0
#include "core/baseline.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "core/random.hpp"

namespace spikeloop {
namespace {

/// Weights (classes, features + 1), the last column being the bias.
class Softmax {
 public:
  explicit Softmax(const Dataset& data) : data_(&data), width_(data.features + 1), weights_(data.classes * width_, 0.0f) {}

  /// Stochastic gradient descent, sample by sample in a new order each epoch, the step falling linearly to 0.
  void fit(std::vector<std::size_t> samples, double decay, int epochs) {
    constexpr double kStep = 0.5;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (std::size_t i = samples.size(); i > 1; --i)
        std::swap(samples[i - 1], samples[random_below(1, stream_of("baseline", "order") + static_cast<std::uint64_t>(epoch), i, i)]);
      const auto step = static_cast<float>(kStep * (epochs - epoch) / epochs);
      for (const std::size_t i : samples) descend(i, step, static_cast<float>(decay));
    }
  }

  double accuracy(const std::vector<std::size_t>& samples) {
    std::size_t right = 0;
    for (const std::size_t i : samples) {
      const auto p = probabilities(i);
      right += static_cast<std::uint32_t>(std::max_element(p.begin(), p.end()) - p.begin()) == data_->labels[i];
    }
    return samples.empty() ? 0 : static_cast<double>(right) / static_cast<double>(samples.size());
  }

 private:
  std::span<const float> sample(std::size_t i) const { return {data_->samples.data() + i * data_->features, data_->features}; }

  std::vector<float> probabilities(std::size_t i) const {
    std::vector<float> p(data_->classes);
    const auto x = sample(i);
    for (std::size_t c = 0; c < p.size(); ++c) {
      const float* w = weights_.data() + c * width_;
      p[c] = w[data_->features];
      for (std::size_t f = 0; f < x.size(); ++f) p[c] += w[f] * x[f];
    }
    const float most = *std::max_element(p.begin(), p.end());
    float sum = 0;
    for (float& q : p) sum += q = std::exp(q - most);
    for (float& q : p) q /= sum;
    return p;
  }

  void descend(std::size_t i, float step, float decay) {
    const auto p = probabilities(i);
    const auto x = sample(i);
    for (std::size_t c = 0; c < p.size(); ++c) {
      const float error = p[c] - (c == data_->labels[i] ? 1.0f : 0.0f);
      float* w = weights_.data() + c * width_;
      for (std::size_t f = 0; f < x.size(); ++f) w[f] -= step * (error * x[f] + decay * w[f]);
      w[data_->features] -= step * error;
    }
  }

  const Dataset* data_;
  std::size_t width_;
  std::vector<float> weights_;
};

}  // namespace

double linear_baseline(const Dataset& data) {
  if (data.folds > 1) {  // each fold once
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= data.folds; ++seed) {
      Dataset part = part_of_seed(data, seed);
      part.folds = 0;
      sum += linear_baseline(part);
    }
    return sum / static_cast<double>(data.folds);
  }
  const int epochs =
      static_cast<int>(std::clamp<std::size_t>(100'000 / std::max<std::size_t>(1, data.train.size()), 8, 60));  // large sets need fewer
  double best = -1, best_decay = 0;
  for (const double decay : {1e-5, 1e-4, 1e-3}) {
    Softmax model(data);
    model.fit(data.train, decay, epochs);
    if (const double accuracy = model.accuracy(data.validation); accuracy > best) best = accuracy, best_decay = decay;
  }
  Softmax model(data);
  model.fit(data.train, best_decay, epochs);
  return model.accuracy(data.test);
}

}  // namespace spikeloop
