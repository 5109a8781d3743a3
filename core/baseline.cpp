// SPDX-License-Identifier: Apache-2.0
#include "core/baseline.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace spikeloop {
namespace {

/// Weights (classes, features + 1), the last column being the bias.
class Softmax {
 public:
  explicit Softmax(const Dataset& data) : data_(&data), width_(data.features + 1), weights_(data.classes * width_, 0.0f), velocity_(weights_.size(), 0.0f) {}

  void fit(const std::vector<std::size_t>& samples, double decay, int steps) {
    std::vector<float> gradient(weights_.size());
    for (int step = 0; step < steps; ++step) {
      std::fill(gradient.begin(), gradient.end(), 0.0f);
      for (const std::size_t i : samples) add_gradient(i, gradient);
      for (std::size_t k = 0; k < weights_.size(); ++k) {
        velocity_[k] = 0.9f * velocity_[k] - (gradient[k] / static_cast<float>(samples.size()) + static_cast<float>(decay) * weights_[k]);
        weights_[k] += 0.5f * velocity_[k];
      }
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

  void add_gradient(std::size_t i, std::vector<float>& gradient) const {
    const auto p = probabilities(i);
    const auto x = sample(i);
    for (std::size_t c = 0; c < p.size(); ++c) {
      const float error = p[c] - (c == data_->labels[i] ? 1.0f : 0.0f);
      float* g = gradient.data() + c * width_;
      for (std::size_t f = 0; f < x.size(); ++f) g[f] += error * x[f];
      g[data_->features] += error;
    }
  }

  const Dataset* data_;
  std::size_t width_;
  std::vector<float> weights_, velocity_;
};

}  // namespace

double linear_baseline(const Dataset& data) {
  constexpr int kSteps = 300;
  double best = -1, best_decay = 0;
  for (const double decay : {1e-4, 1e-3, 1e-2}) {
    Softmax model(data);
    model.fit(data.train, decay, kSteps);
    if (const double accuracy = model.accuracy(data.validation); accuracy > best) best = accuracy, best_decay = decay;
  }
  Softmax model(data);
  model.fit(data.train, best_decay, kSteps);
  return model.accuracy(data.test);
}

}  // namespace spikeloop
