// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <unordered_set>
#include <vector>

#include "core/engine/layout.hpp"
#include "core/engine/variates.hpp"
#include "core/network.hpp"
#include "core/random.hpp"

/// Who projects to whom: the synapses of a projection onto a slice of its target population, one after the other. Which there are is fixed
/// by (seed, random_key) alone.
namespace spikeloop::engine {

/// Source number `index` of a projection, uniform among n. Small populations share a random block between four draws.
class SourceDraws {
 public:
  SourceDraws(std::uint64_t seed, std::uint64_t stream, std::uint64_t n) : seed_(seed), stream_(stream), n_(n) {}
  std::uint32_t operator()(std::uint64_t index) {
    if (n_ > 65'536) return static_cast<std::uint32_t>(random_below(seed_, stream_, index, n_));
    if (const std::uint64_t block = index >> 2; block != block_) block_ = block, bits_ = random_bits(seed_, stream_, block);
    const std::uint64_t half = index & 2 ? bits_.high : bits_.low;
    return static_cast<std::uint32_t>((half >> (index & 1 ? 32 : 0) & 0xFFFFFFFFu) * n_ >> 32);
  }
  /// Drawn again, because the one before was not allowed.
  std::uint32_t again(std::uint64_t index, std::uint64_t attempt) const {
    return static_cast<std::uint32_t>(random_below(seed_, stream_ + attempt * 0xD1B54A32D192ED03ull, index, n_));
  }

 private:
  std::uint64_t seed_, stream_, n_, block_ = ~std::uint64_t{0};
  Bits bits_;
};

/// Calls `emit(source, target, index)` for every synapse; the weight and delay of a synapse are drawn by its `index`. For every source,
/// targets come in ascending order.
template <class Emit>
class Connector {
 public:
  Connector(const Network& network, const Projection& p, Slice slice, Emit& emit)
      : source_(network.populations()[network.population_index(p.source)]),
        target_(network.populations()[network.population_index(p.target)]),
        slice_(slice),
        seed_(network.seed()),
        stream_(stream_of(p.random_key, "connect")),
        n_(source_.size()),
        m_(target_.size()),
        recurrent_(p.source == p.target),
        emit_(emit) {}

  void operator()(const OneToOne&) {
    for (std::uint32_t t = slice_.begin; t < slice_.end; ++t) emit_(t, t, std::uint64_t{t});
  }

  void operator()(const AllToAll& c) {
    for (std::uint32_t s = 0; s < n_; ++s)
      for (std::uint32_t t = slice_.begin; t < slice_.end; ++t)
        if (allowed(c, s, t)) emit_(s, t, s * m_ + t);
  }

  void operator()(const Tensor&) { (*this)(AllToAll{}); }

  /// Geometric gaps over the sources of each target: cost follows synapses, not pairs.
  void operator()(const FixedProbability& c) {
    if (c.probability <= 0) return;
    const double log_q = std::log1p(-c.probability);
    for (std::uint32_t t = slice_.begin; t < slice_.end; ++t) {
      double s = -1;
      for (std::uint64_t k = 0;; ++k) {
        s += c.probability >= 1 ? 1 : 1 + std::floor(std::log1p(-random_unit(seed_, stream_ + t, k)) / log_q);
        if (s >= static_cast<double>(n_)) break;
        const auto from = static_cast<std::uint32_t>(s);
        if (allowed(c, from, t)) emit_(from, t, from * m_ + t);
      }
    }
  }

  void operator()(const FixedInDegree& c) {
    SourceDraws draws(seed_, stream_, n_);
    for (std::uint32_t t = slice_.begin; t < slice_.end; ++t) draw_row(c, draws, t, t * c.count, c.count);
  }

  /// Uniform pairs are the same as a random number of synapses for every target, each with a uniform source; that way targets come in
  /// order, and a lane draws only its own. The numbers are multinomial where a pair may come up again, and multivariate hypergeometric
  /// where not.
  void operator()(const FixedTotalNumber& c) {
    SourceDraws draws(seed_, stream_, n_);
    std::uint64_t left = c.count, pairs = 0, index = 0;
    const auto sources = [&](std::uint64_t t) { return n_ - (!c.autapses && recurrent_ && t < n_); };
    for (std::uint64_t t = 0; t < m_; ++t) pairs += sources(t);
    for (std::uint32_t t = 0; t < slice_.end; ++t) {
      const double u = random_unit(seed_, stream_ ^ kDegree, t);
      const std::uint64_t degree =
          c.multapses ? binomial(u, left, 1 / static_cast<double>(m_ - t)) : hypergeometric(u, pairs, sources(t), left);
      if (t >= slice_.begin) draw_row(c, draws, t, index, degree);
      left -= degree, pairs -= sources(t), index += degree;
    }
  }

  /// Some targets at a time, so that the order of few pairs is in memory.
  void operator()(const Pairs& c) {
    constexpr std::uint64_t kParts = 16;
    std::vector<std::uint32_t> order, first;
    for (std::uint64_t part = 0; part < kParts; ++part) {
      const auto edge = [&](std::uint64_t k) { return static_cast<std::uint32_t>(slice_.begin + slice_.size() * k / kParts); };
      const std::uint32_t begin = edge(part), end = edge(part + 1);
      const auto each = [&](auto&& f) {
        for (std::uint32_t k = 0; k < c.targets->size(); ++k)
          if (const std::uint32_t t = (*c.targets)[k]; t >= begin && t < end) f(k, t - begin);
      };
      first.assign(end - begin + 1, 0);
      each([&](std::uint32_t, std::uint32_t t) { ++first[t + 1]; });
      std::partial_sum(first.begin(), first.end(), first.begin());
      order.resize(first.back());
      each([&](std::uint32_t k, std::uint32_t t) { order[first[t]++] = k; });
      for (const std::uint32_t k : order) emit_((*c.sources)[k], (*c.targets)[k], std::uint64_t{k});
    }
  }

  void operator()(const Convolution& c) { window(c, c.groups); }
  void operator()(const Pooling& c) {
    window({c.kernel, c.stride, {0, 0}, {1, 1}, 1}, static_cast<std::uint32_t>(image(source_).channels));
  }

 private:
  static constexpr std::uint64_t kDegree = 0x94D049BB133111EBull;
  struct Image {
    std::uint64_t channels, height, width;
  };
  static Image image(const Population& p) {
    return p.shape.size() == 2 ? Image{1, p.shape[0], p.shape[1]} : Image{p.shape[0], p.shape[1], p.shape[2]};
  }

  template <class C>
  bool allowed(const C& c, std::uint32_t s, std::uint32_t t) const {
    return c.autapses || !recurrent_ || s != t;
  }

  /// `degree` synapses onto target t, their draws numbered from `index`; drawn again while they are not allowed.
  template <class C>
  void draw_row(const C& c, SourceDraws& draws, std::uint32_t t, std::uint64_t index, std::uint64_t degree) {
    if (c.multapses && (c.autapses || !recurrent_)) {
      for (const std::uint64_t end = index + degree; index < end; ++index) emit_(draws(index), t, index);
      return;
    }
    taken_.clear();
    for (const std::uint64_t end = index + degree; index < end; ++index) {
      std::uint32_t s = draws(index);
      for (std::uint64_t attempt = 1; !allowed(c, s, t) || (!c.multapses && !taken_.insert(s).second); ++attempt)
        s = draws.again(index, attempt);
      emit_(s, t, index);
    }
  }

  /// Every tap of the window of every target; the draw index is the kernel entry (out channel, in channel, row, column).
  void window(const Convolution& c, std::uint32_t groups) {
    const Image in = image(source_), out = image(target_);
    const std::uint64_t own = in.channels / groups, fed = out.channels / groups;
    for (std::uint32_t t = slice_.begin; t < slice_.end; ++t) {
      const std::uint64_t channel = t / (out.height * out.width), y = t / out.width % out.height, x = t % out.width;
      for (std::uint64_t k = 0; k < own; ++k)
        for (std::uint64_t i = 0; i < c.kernel[0]; ++i)
          for (std::uint64_t j = 0; j < c.kernel[1]; ++j) {
            const std::uint64_t row = y * c.stride[0] + i * c.dilation[0],
                                column = x * c.stride[1] + j * c.dilation[1];  // in the padded source
            if (row < c.padding[0] || row >= in.height + c.padding[0] || column < c.padding[1] || column >= in.width + c.padding[1])
              continue;
            const std::uint64_t s = ((channel / fed * own + k) * in.height + row - c.padding[0]) * in.width + column - c.padding[1];
            emit_(static_cast<std::uint32_t>(s), t, ((channel * own + k) * c.kernel[0] + i) * c.kernel[1] + j);
          }
    }
  }

  const Population &source_, &target_;
  Slice slice_;
  std::uint64_t seed_, stream_, n_, m_;
  bool recurrent_;
  Emit& emit_;
  std::unordered_set<std::uint64_t> taken_;
};

template <class Emit>
void for_each_synapse(const Network& network, const Projection& p, Slice slice, Emit emit) {
  std::visit(Connector<Emit>(network, p, slice, emit), p.connect);
}

}  // namespace spikeloop::engine
