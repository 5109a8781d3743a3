// SPDX-License-Identifier: Apache-2.0
#include "core/workload.hpp"

#include <cmath>
#include <optional>

namespace spikeloop {
namespace {

/// Channels, height and width; an image without channels has one.
struct Image {
  explicit Image(const Population& p)
      : channels(p.shape.size() > 2 ? p.shape[0] : 1), height(p.shape[p.shape.size() - 2]), width(p.shape.back()) {}
  std::uint64_t channels, height, width;
};

/// Which value of the kernel the synapses of a convolution have: weights are counted once, however often they are used.
class KernelValues {
 public:
  KernelValues(const Convolution& c, const Population& source, const Population& target) : c_(c), in_(source), out_(target) {
    used_.assign(out_.channels * (in_.channels / c.groups) * c.kernel[0] * c.kernel[1], kUnseen);
  }
  void see(std::uint64_t source, std::uint64_t target, bool zero) {
    const std::uint64_t own = in_.channels / c_.groups;
    const auto tap = [&](std::size_t axis, std::uint64_t from, std::uint64_t to) {
      return (from + c_.padding[axis] - to * c_.stride[axis]) / c_.dilation[axis];
    };
    const std::uint64_t row = tap(0, source / in_.width % in_.height, target / out_.width % out_.height),
                        column = tap(1, source % in_.width, target % out_.width), o = target / (out_.width * out_.height),
                        k = source / (in_.width * in_.height) % own;
    used_[((o * own + k) * c_.kernel[0] + row) * c_.kernel[1] + column] = zero ? kZero : kOther;
  }
  std::uint64_t size() const { return used_.size(); }
  std::uint64_t zeros() const {
    std::uint64_t n = 0;
    for (const char u : used_) n += u == kZero;
    return n;
  }

 private:
  enum : char { kUnseen, kZero, kOther };
  Convolution c_;
  Image in_, out_;
  std::vector<char> used_;
};

}  // namespace

Workload workload_of(const Network& network, const Session& session, const std::vector<bool>& left_out) {
  Workload w;
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const Population& population = network.populations()[p];
    w.adds.emplace_back(population.size(), 0.0);
    w.counted.push_back(!population.is_source() && !left_out[p]);
    if (w.counted.back()) w.parameters += population.size();  // thresholds
  }
  w.products.resize(w.adds.size());
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& projection = network.projections()[k];
    const std::size_t source = network.population_index(projection.source), target = network.population_index(projection.target);
    if (left_out[source] || left_out[target]) continue;
    const Population &from = network.populations()[source], &to = network.populations()[target];
    if (from.is_source() && std::holds_alternative<CurrentSource>(from.source())) {  // a bias
      w.parameters += session.weights(k).size();
      continue;
    }
    const std::vector<float> weights = session.weights(k);
    const Connectivity c = session.connectivity(k);
    const auto* shared = projection.rule.empty() ? std::get_if<Convolution>(&projection.connect) : nullptr;
    std::optional<KernelValues> kernel;
    if (shared) kernel.emplace(*shared, from, to);
    std::uint64_t zeros = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      weights[i] == 0 ? void(++zeros) : void(++w.adds[source][c.sources[i]]);
      if (kernel) kernel->see(c.sources[i], c.targets[i], weights[i] == 0);
    }
    w.weights += kernel ? kernel->size() : weights.size();
    w.zeros += kernel ? kernel->zeros() : zeros;
    w.dense += static_cast<double>(weights.size());
  }
  w.parameters += w.weights;
  return w;
}

WorkloadCounter::WorkloadCounter(const Network& network, Workload workload, double bin_ms)
    : workload_(std::move(workload)), bin_(from_ms(bin_ms)) {
  for (std::size_t p = 0; p < network.populations().size(); ++p)
    if (workload_.counted[p]) neurons_ += static_cast<double>(network.populations()[p].size());
}

void WorkloadCounter::add(std::span<const Spike> spikes, Time duration) {
  seen_.clear();
  for (const Spike& s : spikes) {
    adds_ += workload_.adds[s.population][s.neuron];
    if (!workload_.products[s.population].empty()) products_ += workload_.products[s.population][s.neuron];
    if (workload_.counted[s.population] && s.time < duration) seen_.insert({s.population, s.neuron, s.time / bin_});
  }
  active_ += static_cast<double>(seen_.size());
  bins_ += std::ceil(static_cast<double>(duration) / static_cast<double>(bin_));
}

void WorkloadCounter::finish(Evaluation& e) const {
  const auto samples = static_cast<double>(e.samples);
  e.activation_sparsity = 1 - active_ / (bins_ * neurons_);
  e.dense_operations = workload_.dense * bins_ / samples;
  e.effective_operations = adds_ / samples;
  e.effective_macs = products_ / samples;
  e.parameters = workload_.parameters;
  e.connection_sparsity = workload_.weights == 0 ? 0 : static_cast<double>(workload_.zeros) / static_cast<double>(workload_.weights);
}

}  // namespace spikeloop
