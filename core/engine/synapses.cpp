// SPDX-License-Identifier: Apache-2.0
#include "core/engine/synapses.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "core/random.hpp"

namespace spikeloop::engine {
namespace {

/// One synapse: who, and the number that its weight and delay are drawn by.
using Emit = std::function<void(std::uint32_t source, std::uint32_t target, std::uint64_t draw_index)>;

/// Enumerates the synapses onto a slice, in an order that is fixed by the projection alone.
struct Enumerate {
  const Population& source;
  const Population& target;
  Slice slice;
  std::uint64_t seed;
  std::uint64_t stream;
  const Emit& emit;

  std::uint64_t n() const { return source.size(); }
  std::uint64_t m() const { return target.size(); }
  bool recurrent() const { return source.name == target.name; }

  void operator()(const OneToOne&) const {
    for (std::uint32_t t = slice.begin; t < slice.end; ++t) emit(t, t, t);
  }

  void operator()(const AllToAll& c) const {
    for (std::uint32_t s = 0; s < n(); ++s)
      for (std::uint32_t t = slice.begin; t < slice.end; ++t)
        if (c.autapses || !recurrent() || s != t) emit(s, t, s * m() + t);
  }

  void operator()(const Tensor&) const { (*this)(AllToAll{}); }

  /// Geometric gaps over the sources of each target: cost follows synapses, not pairs.
  void operator()(const FixedProbability& c) const {
    if (c.probability <= 0) return;
    const double log_q = std::log1p(-c.probability);
    for (std::uint32_t t = slice.begin; t < slice.end; ++t) {
      double s = -1;
      for (std::uint64_t k = 0;; ++k) {
        s += c.probability >= 1 ? 1 : 1 + std::floor(std::log1p(-random_unit(seed, stream + t, k)) / log_q);
        if (s >= static_cast<double>(n())) break;
        const auto from = static_cast<std::uint32_t>(s);
        if (c.autapses || !recurrent() || from != t) emit(from, t, from * m() + t);
      }
    }
  }

  /// Draw k of target t; drawn again, with a key of its own for each attempt, while it is not allowed.
  void operator()(const FixedInDegree& c) const {
    std::unordered_set<std::uint64_t> taken;
    for (std::uint32_t t = slice.begin; t < slice.end; ++t) {
      taken.clear();
      for (std::uint64_t k = 0; k < c.count; ++k) {
        std::uint64_t s = 0;
        for (std::uint64_t attempt = 0;; ++attempt) {
          s = random_below(seed, stream + attempt * kAttempt, t * c.count + k, n());
          if ((c.autapses || !recurrent() || s != t) && (c.multapses || taken.insert(s).second)) break;
        }
        emit(static_cast<std::uint32_t>(s), t, t * c.count + k);
      }
    }
  }

  void operator()(const FixedTotalNumber& c) const {
    std::unordered_set<std::uint64_t> taken;
    for (std::uint64_t k = 0; k < c.count; ++k) {
      std::uint64_t s = 0, t = 0;
      for (std::uint64_t attempt = 0;; ++attempt) {
        const Bits bits = random_bits(seed, stream + attempt * kAttempt, k);
        s = static_cast<std::uint64_t>(to_unit(bits.low) * static_cast<double>(n()));
        t = static_cast<std::uint64_t>(to_unit(bits.high) * static_cast<double>(m()));
        if ((c.autapses || !recurrent() || s != t) && (c.multapses || taken.insert(s * m() + t).second)) break;
      }
      if (t >= slice.begin && t < slice.end) emit(static_cast<std::uint32_t>(s), static_cast<std::uint32_t>(t), k);
    }
  }

  void operator()(const Pairs& c) const {
    for (std::size_t k = 0; k < c.sources->size(); ++k)
      if (const std::uint32_t t = (*c.targets)[k]; t >= slice.begin && t < slice.end) emit((*c.sources)[k], t, k);
  }

  void operator()(const Convolution& c) const { window(c.kernel, c.stride, c.padding, false); }
  void operator()(const Pooling& c) const { window(c.kernel, c.stride, {0, 0}, true); }

 private:
  static constexpr std::uint64_t kAttempt = 0xD1B54A32D192ED03ull;

  struct Image {
    std::uint64_t channels, height, width;
  };
  static Image image(const Population& p) { return p.shape.size() == 2 ? Image{1, p.shape[0], p.shape[1]} : Image{p.shape[0], p.shape[1], p.shape[2]}; }

  /// Every tap of the window of every target; the draw index is the kernel entry (out channel, in channel, row, column).
  void window(std::array<std::uint32_t, 2> kernel, std::array<std::uint32_t, 2> stride, std::array<std::uint32_t, 2> padding, bool own_channel) const {
    const Image in = image(source), out = image(target);
    for (std::uint32_t t = slice.begin; t < slice.end; ++t) {
      const std::uint64_t channel = t / (out.height * out.width), y = t / out.width % out.height, x = t % out.width;
      for (std::uint64_t c = own_channel ? channel : 0; c < (own_channel ? channel + 1 : in.channels); ++c)
        for (std::uint64_t i = 0; i < kernel[0]; ++i)
          for (std::uint64_t j = 0; j < kernel[1]; ++j) {
            const std::uint64_t row = y * stride[0] + i, column = x * stride[1] + j;  // in the padded source
            if (row < padding[0] || row >= in.height + padding[0] || column < padding[1] || column >= in.width + padding[1]) continue;
            const std::uint64_t s = (c * in.height + row - padding[0]) * in.width + column - padding[1];
            emit(static_cast<std::uint32_t>(s), t, ((channel * (own_channel ? 1 : in.channels) + (own_channel ? 0 : c)) * kernel[0] + i) * kernel[1] + j);
          }
    }
  }
};

/// Weight and delay of the synapse with a draw index.
class Draws {
 public:
  Draws(const Network& network, const Projection& p)
      : p_(p), seed_(network.seed()), weight_stream_(stream_of(p.random_key, "weight")), delay_stream_(stream_of(p.random_key, "delay")), tick_ms_(to_ms(network.resolution())) {
    if (const auto* t = std::get_if<Tensor>(&p.connect)) tensor_ = t->weights.get();
  }
  float weight(std::uint64_t index) const {
    const double w = tensor_ ? static_cast<double>((*tensor_)[index]) : draw(p_.weight, seed_, weight_stream_, index);
    return static_cast<float>(w * p_.weight_scale);
  }
  Tick delay(std::uint64_t index) const {
    const double ticks = std::round(draw(p_.delay_ms, seed_, delay_stream_, index) / tick_ms_);
    return std::max(Tick{1}, static_cast<Tick>(std::min(ticks, 1e15)));
  }
  bool one_weight() const { return !tensor_ && is_constant(p_.weight); }
  bool one_delay() const { return is_constant(p_.delay_ms); }

 private:
  const Projection& p_;
  std::uint64_t seed_, weight_stream_, delay_stream_;
  double tick_ms_;
  const std::vector<float>* tensor_ = nullptr;
};

bool is_dense(const Projection& p) {
  const auto* all = std::get_if<AllToAll>(&p.connect);
  return (all && (all->autapses || p.source != p.target)) || std::holds_alternative<Tensor>(p.connect);
}

/// One row of synapses while it is put in order.
struct Entry {
  Tick delay;
  std::uint32_t target;
  std::uint64_t index;
};

/// Sorts every row by (delay, target, draw) and cuts it into segments.
void fill_segments(Synapses& s, const std::vector<std::uint64_t>& row_begin, std::vector<Entry>& entries, const Draws& draws) {
  const std::size_t sources = row_begin.size() - 1;
  const bool stored = !draws.one_weight();
  s.targets.reserve(entries.size());
  if (stored) s.weights.reserve(entries.size());
  s.begin.push_back(0);
  for (std::size_t source = 0; source < sources; ++source) {
    const auto first = entries.begin() + static_cast<std::ptrdiff_t>(row_begin[source]), last = entries.begin() + static_cast<std::ptrdiff_t>(row_begin[source + 1]);
    std::sort(first, last, [](const Entry& a, const Entry& b) { return std::tie(a.delay, a.target, a.index) < std::tie(b.delay, b.target, b.index); });
    if (!s.uniform_delay) s.first_segment.push_back(s.segment_delay.size());
    for (auto e = first; e != last; ++e) {
      if (!s.uniform_delay && (e == first || e->delay != s.segment_delay.back())) {
        if (e != first) s.begin.push_back(s.targets.size());
        s.segment_delay.push_back(e->delay);
      }
      s.targets.push_back(e->target);
      if (stored) s.weights.push_back(draws.weight(e->index));
    }
    if (s.uniform_delay || first != last) s.begin.push_back(s.targets.size());
  }
  if (!s.uniform_delay) s.first_segment.push_back(s.segment_delay.size());
}

void build_rows(Synapses& s, const Projection& p, const Enumerate& shape, const Draws& draws) {
  std::vector<std::uint64_t> row_begin(shape.n() + 1, 0);
  const auto enumerate = [&](const Emit& emit) { std::visit(Enumerate{shape.source, shape.target, shape.slice, shape.seed, shape.stream, emit}, p.connect); };
  enumerate([&](std::uint32_t source, std::uint32_t, std::uint64_t) { ++row_begin[source + 1]; });
  std::partial_sum(row_begin.begin(), row_begin.end(), row_begin.begin());
  std::vector<Entry> entries(row_begin.back());
  std::vector<std::uint64_t> at(row_begin.begin(), row_begin.end() - 1);
  const Tick constant = draws.one_delay() ? draws.delay(0) : 0;
  enumerate([&](std::uint32_t source, std::uint32_t target, std::uint64_t index) {
    entries[at[source]++] = {constant ? constant : draws.delay(index), target - shape.slice.begin, index};
  });
  fill_segments(s, row_begin, entries, draws);
}

}  // namespace

Synapses build_synapses(const Network& network, const Projection& p, Slice slice, bool stored) {
  const Population& source = network.populations()[network.population_index(p.source)];
  const Population& target = network.populations()[network.population_index(p.target)];
  const Draws draws(network, p);
  Synapses s;
  s.width = slice.size();
  s.uniform_delay = draws.one_delay();
  if (s.uniform_delay) s.delay = draws.delay(0);
  s.dense = is_dense(p) && s.uniform_delay;
  if (draws.one_weight()) s.weight = draws.weight(0);
  const Emit nothing;
  const Enumerate shape{source, target, slice, network.seed(), stream_of(p.random_key, "connect"), nothing};
  if (s.dense) {
    if (stored || !draws.one_weight()) {
      s.weights.reserve(shape.n() * s.width);
      for (std::uint64_t i = 0; i < shape.n(); ++i)
        for (std::uint32_t t = slice.begin; t < slice.end; ++t) s.weights.push_back(draws.weight(i * shape.m() + t));
    }
  } else {
    build_rows(s, p, shape, draws);
    if (stored && s.weights.empty()) s.weights.assign(s.targets.size(), s.weight);
  }
  s.least_delay = s.largest_delay = s.delay;
  if (!s.segment_delay.empty()) {
    const auto [least, largest] = std::minmax_element(s.segment_delay.begin(), s.segment_delay.end());
    s.least_delay = *least, s.largest_delay = *largest;
  }
  return s;
}

}  // namespace spikeloop::engine
