// SPDX-License-Identifier: Apache-2.0
#include "core/engine/kernels.hpp"

#include <Random123/philox.h>

#include <algorithm>

// A few instruction sets on x86-64 are enough; more would only cost time to build.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/engine/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace spikeloop::engine {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `sweep` for the neurons from `begin` on that fill whole vectors of D; returns where it stopped. Takes copies: what is reached through a
/// pointer would have to be read again after every store.
template <bool kLeaky, bool kDelta, class D>
std::size_t sweep_part(const Sweep s, std::size_t begin, D d, SweepResult& sum) {
  using V = hn::Vec<D>;
  const hn::Rebind<float, D> df;
  const hn::Rebind<std::int32_t, D> d32;
  const hn::Rebind<std::int64_t, D> d64;
  const std::size_t lanes = hn::Lanes(d);
  const V zero = hn::Zero(d), bias = hn::Set(d, s.bias), v_rest = hn::Set(d, s.v_rest), floor = hn::Set(d, s.v_floor);
  const V membrane = hn::Set(d, s.membrane), rate = hn::Set(d, s.membrane_rate), one_threshold = hn::Set(d, s.one_threshold);
  const auto tick = hn::Set(d32, s.tick);
  const bool floored = s.v_floor > -1e300;
  SweepResult result = sum;

  std::size_t j = begin;
  for (; j + lanes <= s.neurons; j += lanes) {
    const auto ahead = hn::PromoteTo(d64, hn::Sub(hn::LoadU(d32, s.hold + j), tick));
    const auto held = hn::RebindMask(d, hn::Gt(ahead, hn::Set(d64, -1)));
    auto input = hn::FirstN(d, 0);

    // Advance by one tick.
    const V old = hn::LoadU(d, s.v + j);
    const V drive = s.extra ? hn::Add(bias, hn::LoadU(d, s.extra + j)) : bias;
    V v = old;
    if constexpr (kLeaky) {
      const V v_inf = hn::Add(v_rest, drive);
      v = hn::Add(v_inf, hn::Mul(hn::Sub(old, v_inf), membrane));
    } else {
      v = hn::Add(old, hn::Mul(drive, rate));
    }
    // What arrives is added to the current after the current has moved v.
    const auto current = [&](const Sweep::Current& c, V& push) {
      const V value = hn::LoadU(d, c.value + j), in = hn::PromoteTo(d, hn::LoadU(df, c.input + j));
      push = hn::Add(push, hn::Mul(value, hn::Set(d, c.kernel)));
      hn::StoreU(hn::Add(hn::Mul(value, hn::Set(d, c.decay)), in), d, c.value + j);
      hn::StoreU(hn::Zero(df), df, c.input + j);
      input = hn::Or(input, hn::Ne(in, zero));
    };
    if constexpr (!kDelta) {
      V push = zero;
      current(s.excitatory, push);
      if (s.inhibitory.value) current(s.inhibitory, push);
      v = hn::Add(v, push);
    }
    if (s.apical.value || s.modulator.value) {
      V push = zero, nothing = zero;
      if (s.apical.value) current(s.apical, push);
      if (s.modulator.value) current(s.modulator, nothing);
      v = hn::Add(v, push);
    }
    if constexpr (kDelta) {
      const V in = hn::PromoteTo(d, hn::LoadU(df, s.delta + j));
      hn::StoreU(hn::Zero(df), df, s.delta + j);
      input = hn::Or(input, hn::Ne(in, zero));
      v = hn::Add(v, in);
    }
    v = hn::IfThenElse(held, old, v);

    V threshold = s.threshold ? hn::LoadU(d, s.threshold + j) : one_threshold;
    if (s.adaptation) {
      const V adaptation = hn::Mul(hn::LoadU(d, s.adaptation + j), hn::Set(d, s.adaptation_decay));
      hn::StoreU(adaptation, d, s.adaptation + j);
      threshold = hn::Add(threshold, adaptation);
    }
    const auto fired = hn::AndNot(held, hn::Ge(v, threshold));
    if (floored) v = hn::IfThenElse(hn::AndNot(hn::Or(held, fired), input), hn::Max(v, floor), v);
    hn::StoreU(v, d, s.v + j);
    result.touched += hn::CountTrue(d, input);
    if (HWY_LIKELY(hn::AllFalse(d, fired))) continue;
    HWY_ALIGN std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, fired, bits);
    for (std::size_t i = 0; i < lanes; ++i)
      if (bits[i / 8] >> (i % 8) & 1) s.fired[result.fired++] = static_cast<std::uint32_t>(j + i);
  }
  sum = result;
  return j;
}

template <bool kLeaky, bool kDelta>
SweepResult sweep_all(const Sweep& s) {
  SweepResult result;
  const std::size_t j = sweep_part<kLeaky, kDelta>(s, 0, hn::ScalableTag<double>(), result);
  sweep_part<kLeaky, kDelta>(s, j, hn::CappedTag<double, 1>(), result);
  return result;
}

SweepResult Sweep_(const Sweep& s) {
  if (!s.leaky) return sweep_all<false, true>(s);
  return s.delta ? sweep_all<true, true>(s) : sweep_all<true, false>(s);
}

/// One chunk, word by word.
std::uint64_t add_chunk_of_counts(const PoissonKey& key, const AliasTable& t, std::uint32_t chunk, std::size_t neurons, float weight,
                                  float* sum) {
  std::uint64_t all = 0;
  for (std::uint32_t b = 0; b < 16; ++b) {
    const r123::Philox4x32::ctr_type words =
        r123::Philox4x32()({{chunk * 16 + b, key.tick, key.stream[0], key.stream[1]}}, {{key.key[0], key.key[1]}});
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::size_t neuron = 32 * (i / 2) + 2 * b + i % 2, column = words[i] & (t.keep.size() - 1);
      if (neuron >= neurons) continue;
      const std::int32_t count = t.least + (words[i] < t.keep[column] ? static_cast<std::int32_t>(column) : t.alias[column]);
      sum[neuron] += weight * static_cast<float>(count);
      all += static_cast<std::uint64_t>(count);
    }
  }
  return all;
}

#if HWY_TARGET != HWY_SCALAR
/// What a column of the table says about each word: from as many registers as hold the table, or from memory.
template <int kRegisters, class D>
class Columns {
 public:
  explicit Columns(const AliasTable& t) : table_(&t), mask_(hn::Set(D(), static_cast<std::uint32_t>(t.keep.size() - 1))) {
    const std::size_t lanes = hn::Lanes(D());
    if constexpr (kRegisters >= 1) keep0_ = hn::LoadU(D(), t.keep.data()), alias0_ = hn::LoadU(di_, t.alias.data());
    if constexpr (kRegisters >= 2) keep1_ = hn::LoadU(D(), t.keep.data() + lanes), alias1_ = hn::LoadU(di_, t.alias.data() + lanes);
  }
  auto counts(hn::Vec<D> words) const {
    const auto column = hn::BitCast(di_, hn::And(words, mask_));
    auto keep = hn::Zero(D());
    auto alias = hn::Zero(di_);
    if constexpr (kRegisters == 0) {
      keep = hn::BitCast(D(), hn::GatherIndex(di_, reinterpret_cast<const std::int32_t*>(table_->keep.data()), column));
      alias = hn::GatherIndex(di_, table_->alias.data(), column);
    } else {
      const auto index = hn::IndicesFromVec(D(), hn::And(column, hn::Set(di_, static_cast<std::int32_t>(hn::Lanes(D()) - 1))));
      const auto signed_index = hn::IndicesFromVec(di_, hn::And(column, hn::Set(di_, static_cast<std::int32_t>(hn::Lanes(D()) - 1))));
      keep = hn::TableLookupLanes(keep0_, index), alias = hn::TableLookupLanes(alias0_, signed_index);
      if constexpr (kRegisters == 2) {
        const auto second = hn::Gt(column, hn::Set(di_, static_cast<std::int32_t>(hn::Lanes(D()) - 1)));
        keep = hn::IfThenElse(hn::RebindMask(D(), second), hn::TableLookupLanes(keep1_, index), keep);
        alias = hn::IfThenElse(second, hn::TableLookupLanes(alias1_, signed_index), alias);
      }
    }
    return hn::IfThenElse(hn::RebindMask(di_, hn::Lt(words, keep)), column, alias);
  }

 private:
  const hn::RebindToSigned<D> di_;
  const AliasTable* table_;
  hn::Vec<D> mask_, keep0_, keep1_;
  hn::Vec<hn::RebindToSigned<D>> alias0_, alias1_;
};

/// Philox 4x32-10 of many counters side by side (Salmon et al. 2011, DOI 10.1145/2063384.2063405). Each 32-bit word has a 64-bit lane to
/// itself, since the generator is made of 32 x 32 -> 64-bit products; what the upper half of a lane holds is never read.
template <int kRegisters>
std::uint64_t add_counts(const PoissonKey& key, const AliasTable& table, std::uint32_t first, std::uint32_t chunks, float weight,
                         float* sum) {
  const hn::CappedTag<std::uint64_t, 8> d;
  const hn::Repartition<std::uint32_t, decltype(d)> d32;
  const hn::RebindToSigned<decltype(d32)> di;
  const hn::RebindToFloat<decltype(d32)> df;
  const std::size_t lanes = hn::Lanes(d);
  using V = hn::Vec<decltype(d)>;
  const auto words = [&](V x) HWY_ATTR { return hn::BitCast(d32, x); };
  const auto m0 = words(hn::Set(d, 0xD2511F53u)), m1 = words(hn::Set(d, 0xCD9E8D57u));
  const V low = hn::Set(d, 0xFFFFFFFFu);
  const auto least = hn::Set(di, table.least);
  const auto w = hn::Set(df, weight);
  const Columns<kRegisters, decltype(d32)> columns(table);
  std::uint64_t total = 0;
  auto all = hn::Zero(di);
  for (std::uint32_t chunk = 0; chunk < chunks; ++chunk, sum += 64) {
    for (std::size_t b = 0; b < 16; b += 2 * lanes) {  // two vectors of blocks at a time: one alone waits for its products
      V c0 = hn::Iota(d, std::uint64_t{first + chunk} * 16 + b), e0 = hn::Add(c0, hn::Set(d, std::uint64_t{lanes}));
      V c1 = hn::Set(d, std::uint64_t{key.tick}), c2 = hn::Set(d, std::uint64_t{key.stream[0]}),
        c3 = hn::Set(d, std::uint64_t{key.stream[1]});
      V e1 = c1, e2 = c2, e3 = c3;
      std::uint32_t k0 = key.key[0], k1 = key.key[1];
      for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        const V key0 = hn::Set(d, std::uint64_t{k0}), key1 = hn::Set(d, std::uint64_t{k1});
        const V p0 = hn::MulEven(m0, words(c0)), p1 = hn::MulEven(m1, words(c2)), q0 = hn::MulEven(m0, words(e0)),
                q1 = hn::MulEven(m1, words(e2));
        c0 = hn::Xor3(hn::ShiftRight<32>(p1), c1, key0), e0 = hn::Xor3(hn::ShiftRight<32>(q1), e1, key0);
        c2 = hn::Xor3(hn::ShiftRight<32>(p0), c3, key1), e2 = hn::Xor3(hn::ShiftRight<32>(q0), e3, key1);
        c1 = p1, e1 = q1, c3 = p0, e3 = q0;
      }
      const auto add = [&](V even, V odd, float* to) HWY_ATTR {
        const auto count = hn::Add(columns.counts(words(hn::Or(hn::And(even, low), hn::ShiftLeft<32>(odd)))), least);
        all = hn::Add(all, count);
        hn::StoreU(hn::Add(hn::LoadU(df, to), hn::Mul(w, hn::ConvertTo(df, count))), df, to);
      };
      add(c0, c1, sum + 2 * b), add(c2, c3, sum + 2 * b + 32);
      add(e0, e1, sum + 2 * (b + lanes)), add(e2, e3, sum + 2 * (b + lanes) + 32);
    }
    if (chunk % 64 == 63 || chunk + 1 == chunks) {  // before 32 bits are too few
      total += static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(di, all)));
      all = hn::Zero(di);
    }
  }
  return total;
}
#endif

std::uint64_t AddPoissonCounts_(const PoissonKey& key, const AliasTable& table, std::uint32_t chunk, std::size_t neurons, float weight,
                                float* sum) {
  std::uint32_t full = 0;
  std::uint64_t all = 0;
#if HWY_TARGET != HWY_SCALAR
  full = static_cast<std::uint32_t>(neurons / 64);
  const std::size_t lanes = 2 * hn::Lanes(hn::CappedTag<std::uint64_t, 8>());
  if (table.keep.size() == lanes)
    all = add_counts<1>(key, table, chunk, full, weight, sum);
  else if (table.keep.size() == 2 * lanes)
    all = add_counts<2>(key, table, chunk, full, weight, sum);
  else
    all = add_counts<0>(key, table, chunk, full, weight, sum);
#endif
  for (std::size_t i = std::size_t{full} * 64; i < neurons; i += 64, ++full)
    all += add_chunk_of_counts(key, table, chunk + full, neurons - i, weight, sum + i);
  return all;
}

void AddRows_(float* sum, const float* const* rows, std::size_t count, std::size_t width) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + 4 * lanes <= width; j += 4 * lanes) {
    auto a = hn::LoadU(d, sum + j), b = hn::LoadU(d, sum + j + lanes), c = hn::LoadU(d, sum + j + 2 * lanes),
         e = hn::LoadU(d, sum + j + 3 * lanes);
    for (std::size_t k = 0; k < count; ++k) {
      const float* row = rows[k] + j;
      a = hn::Add(a, hn::LoadU(d, row)), b = hn::Add(b, hn::LoadU(d, row + lanes));
      c = hn::Add(c, hn::LoadU(d, row + 2 * lanes)), e = hn::Add(e, hn::LoadU(d, row + 3 * lanes));
    }
    hn::StoreU(a, d, sum + j), hn::StoreU(b, d, sum + j + lanes), hn::StoreU(c, d, sum + j + 2 * lanes),
        hn::StoreU(e, d, sum + j + 3 * lanes);
  }
  for (; j < width; ++j)
    for (std::size_t k = 0; k < count; ++k) sum[j] += rows[k][j];
}

/// Whole vectors from `begin` on; returns where it stopped.
template <class D>
std::size_t potentiate_part(const Potentiation& p, std::size_t begin, D d, std::uint64_t& changes, std::vector<std::uint32_t>& left) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<std::uint16_t, D> d16;
  const std::size_t lanes = hn::Lanes(d);
  const auto first = hn::Set(di, p.first), pre = hn::Set(di, p.pre), most = hn::Set(di, p.decays - 1), before = hn::Set(di, -1);
  const auto amplitude = hn::Set(d, p.amplitude), low = hn::Set(d, p.low), high = hn::Set(d, p.high);
  std::size_t i = begin;
  for (; i + lanes <= p.synapses; i += lanes) {
    const auto j = hn::PromoteTo(di, hn::LoadU(d16, p.targets + i));
    const auto unseen = [&](auto tick) HWY_ATTR { return hn::Gt(hn::Sub(tick, first), before); };
    decltype(hn::Zero(di)) tick[Potentiation::kRecent];
    int k = Potentiation::kRecent;
    while (k > 0) {  // newest first, until nobody has one that is not seen
      tick[k - 1] = hn::GatherIndex(di, p.recent[k - 1], j);
      if (hn::AllFalse(di, unseen(tick[k - 1]))) break;
      --k;
    }
    if (k == Potentiation::kRecent) continue;
    const auto newest = hn::Sub(tick[Potentiation::kRecent - 1], pre);
    auto beyond = hn::And(unseen(tick[Potentiation::kRecent - 1]), hn::Gt(newest, most));
    if (k == 0) beyond = hn::Or(beyond, unseen(tick[0]));
    auto w = hn::LoadU(d, p.to + i);
    for (; k < Potentiation::kRecent; ++k) {
      const auto mine = hn::AndNot(beyond, unseen(tick[k]));
      const auto ticks = hn::IfThenElseZero(mine, hn::Sub(tick[k], pre));
      const auto change = hn::Mul(amplitude, hn::GatherIndex(d, p.decay, ticks));
      w = hn::IfThenElse(hn::RebindMask(d, mine), hn::Min(hn::Max(hn::Add(w, change), low), high), w);
      changes += hn::CountTrue(di, mine);
    }
    hn::StoreU(w, d, p.to + i);
    if (hn::AllFalse(di, beyond)) continue;
    HWY_ALIGN std::uint8_t bits[8] = {};
    hn::StoreMaskBits(di, beyond, bits);
    for (std::size_t l = 0; l < lanes; ++l)
      if (bits[l / 8] >> (l % 8) & 1) left.push_back(static_cast<std::uint32_t>(i + l));
  }
  return i;
}

std::uint64_t Potentiate_(const Potentiation& p, std::vector<std::uint32_t>& left) {
  std::uint64_t changes = 0;
  const std::size_t i = potentiate_part(p, 0, hn::ScalableTag<float>(), changes, left);
  potentiate_part(p, i, hn::CappedTag<float, 1>(), changes, left);
  return changes;
}

}  // namespace HWY_NAMESPACE
}  // namespace spikeloop::engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace spikeloop::engine {

HWY_EXPORT(Sweep_);
HWY_EXPORT(AddPoissonCounts_);
HWY_EXPORT(AddRows_);
HWY_EXPORT(Potentiate_);

SweepResult sweep(const Sweep& s) { return HWY_DYNAMIC_DISPATCH(Sweep_)(s); }

std::uint64_t add_poisson_counts(const PoissonKey& key, const AliasTable& table, std::uint32_t chunk, std::size_t neurons, float weight,
                                 float* sum) {
  return HWY_DYNAMIC_DISPATCH(AddPoissonCounts_)(key, table, chunk, neurons, weight, sum);
}

std::uint64_t potentiate(const Potentiation& p, std::vector<std::uint32_t>& left) { return HWY_DYNAMIC_DISPATCH(Potentiate_)(p, left); }

void add_rows(float* sum, const float* const* rows, std::size_t count, std::size_t width) {
  HWY_DYNAMIC_DISPATCH(AddRows_)(sum, rows, count, width);
}

}  // namespace spikeloop::engine
#endif
