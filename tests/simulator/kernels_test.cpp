// SPDX-License-Identifier: Apache-2.0
// Every vectorised loop against straightforward scalar code, bit for bit, with every instruction set that the machine has.
#include <Random123/philox.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/engine/kernels.hpp"
#include "core/time.hpp"

namespace spikeloop::engine {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 7, 63, 65, 1000};
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class Kernels : public ::testing::Test {
 protected:
  ~Kernels() override { hwy::SetSupportedTargetsForTest(0); }
  /// Calls f with each instruction set by itself.
  template <class F>
  void on_every_target(F&& f) {
    hwy::SetSupportedTargetsForTest(0);
    std::size_t targets = 0;
    for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1, ++targets) {
      const std::int64_t target = left & -left;
      hwy::SetSupportedTargetsForTest(target);
      SCOPED_TRACE(hwy::TargetName(target));
      f();
      if (HasFailure()) return;
    }
    EXPECT_GT(targets, 0u);
  }
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random); }
  std::mt19937_64 random{5};
};

/// The bits of floating-point numbers; +0 and -0 differ.
template <class T>
void expect_same_bits(const std::vector<T>& a, const std::vector<T>& b, const char* what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(std::memcmp(&a[i], &b[i], sizeof(T)), 0) << what << ' ' << i << ": " << a[i] << ", expected " << b[i];
}

/// State and input of a block, and which parts of it the model has.
struct Neurons {
  std::vector<double> v, threshold, extra, adaptation, currents[4];
  std::vector<float> input[4], delta;
  std::vector<std::int32_t> hold;
  std::vector<std::uint32_t> fired;
  Sweep sweep;

  void point(bool own_thresholds, bool with_extra, bool adaptive, bool delta_input, unsigned currents_mask) {
    Sweep& s = sweep;
    s.neurons = v.size();
    s.v = v.data(), s.threshold = own_thresholds ? threshold.data() : nullptr, s.hold = hold.data(), s.fired = fired.data();
    if (with_extra) s.extra = extra.data();
    if (adaptive) s.adaptation = adaptation.data();
    if (delta_input) s.delta = delta.data();
    Sweep::Current* to[] = {&s.excitatory, &s.inhibitory, &s.apical, &s.modulator};
    for (unsigned k = 0; k < 4; ++k)
      if (currents_mask >> k & 1) to[k]->value = currents[k].data(), to[k]->input = input[k].data();
  }
};

/// What `sweep` does, one neuron after the other.
SweepResult sweep_one_by_one(const Sweep& s) {
  SweepResult result;
  for (std::size_t j = 0; j < s.neurons; ++j) {
    const bool held = static_cast<std::int32_t>(static_cast<std::uint32_t>(s.hold[j]) - static_cast<std::uint32_t>(s.tick)) >= 0;
    bool input = false;
    const double old = s.v[j], drive = s.extra ? s.bias + s.extra[j] : s.bias, v_inf = s.v_rest + drive;
    double v = s.leaky ? v_inf + (old - v_inf) * s.membrane : old + drive * s.membrane_rate;
    const auto current = [&](const Sweep::Current& c) {
      if (!c.value) return 0.0;
      const double push = c.value[j] * c.kernel;
      c.value[j] = c.value[j] * c.decay + static_cast<double>(c.input[j]);
      input |= c.input[j] != 0;
      c.input[j] = 0;
      return push;
    };
    if (!s.delta) {
      double push = 0 + current(s.excitatory);
      if (s.inhibitory.value) push += current(s.inhibitory);
      v += push;
    }
    if (s.apical.value || s.modulator.value) {
      double push = 0;
      if (s.apical.value) push += current(s.apical);
      current(s.modulator);
      v += push;
    }
    if (s.delta) {
      input |= s.delta[j] != 0;
      v += static_cast<double>(s.delta[j]);
      s.delta[j] = 0;
    }
    if (held) v = old;
    double threshold = s.threshold ? s.threshold[j] : s.one_threshold;
    if (s.adaptation) threshold += s.adaptation[j] *= s.adaptation_decay;
    const bool fired = !held && v >= threshold;
    if (!held && !fired && input) v = std::max(v, s.v_floor);
    s.v[j] = v;
    result.touched += input;
    if (fired) s.fired[result.fired++] = static_cast<std::uint32_t>(j);
  }
  return result;
}

TEST_F(Kernels, Sweep) {
  std::size_t fired = 0, floored = 0, held = 0;
  for (const std::size_t n : kSizes)
    for (unsigned parts = 0; parts < 512; ++parts) {
      const bool leaky = parts & 1, with_extra = parts & 2, adaptive = parts & 4, floor = parts & 8, spiking = parts & 16,
                 own_thresholds = spiking && (n + parts / 2) % 2;
      const bool delta = (parts & 32) || !leaky;
      const unsigned currents = (delta ? 0u : 1u | (parts >> 3 & 8u) >> 2) | (parts >> 7 & 3u) << 2;
      if (n == 1000 && parts % 7 != 0) continue;
      Neurons start;
      for (std::size_t j = 0; j < n; ++j) {
        start.v.push_back(uniform(-1, 1.3)), start.threshold.push_back(uniform(0.9, 1.1)), start.extra.push_back(uniform(-0.2, 0.2)),
            start.adaptation.push_back(uniform(0, 0.1));
        start.delta.push_back(random() % 3 ? 0.0f : static_cast<float>(uniform(-0.6, 0.6)));
        for (unsigned k = 0; k < 4; ++k)
          start.currents[k].push_back(uniform(-2, 2)), start.input[k].push_back(random() % 3 ? 0.0f : static_cast<float>(uniform(-1, 1)));
        const Tick holds[] = {-1000, -2, -1, 0, 1, 5, -(Tick{1} << 30) + 1, (Tick{1} << 30) - 1};
        start.hold.push_back(
            static_cast<std::int32_t>(static_cast<std::uint32_t>(0x7FFFFFFE + holds[random() % 8])));  // some lie beyond the wrap
      }
      start.fired.resize(n);
      Sweep& s = start.sweep;
      s.tick = 0x7FFFFFFE, s.leaky = leaky, s.one_threshold = spiking ? 1 : kInfinity;
      s.v_rest = -0.1, s.bias = 0.3, s.membrane = 0.995, s.membrane_rate = 0.005, s.v_floor = floor ? -0.4 : -kInfinity,
      s.adaptation_decay = 0.999;
      s.excitatory.kernel = 0.0049, s.excitatory.decay = 0.98, s.inhibitory.kernel = 0.0048, s.inhibitory.decay = 0.99;
      s.apical.kernel = 0.0045, s.apical.decay = s.modulator.decay = 0.97;
      Neurons expected = start;
      expected.point(own_thresholds, with_extra, adaptive, delta, currents);
      const SweepResult wanted = sweep_one_by_one(expected.sweep);
      for (std::size_t j = 0; j < n; ++j) floored += expected.v[j] == -0.4, held += expected.v[j] == start.v[j];
      fired += wanted.fired;
      SCOPED_TRACE(::testing::Message() << n << " neurons, parts " << parts);
      on_every_target([&] {
        Neurons got = start;
        got.point(own_thresholds, with_extra, adaptive, delta, currents);
        const SweepResult result = sweep(got.sweep);
        ASSERT_EQ(result.fired, wanted.fired);
        ASSERT_EQ(result.touched, wanted.touched);
        ASSERT_EQ(got.fired, expected.fired);
        expect_same_bits(got.v, expected.v, "v");
        expect_same_bits(got.adaptation, expected.adaptation, "adaptation");
        expect_same_bits(got.delta, expected.delta, "delta");
        for (unsigned k = 0; k < 4; ++k)
          expect_same_bits(got.currents[k], expected.currents[k], "current"), expect_same_bits(got.input[k], expected.input[k], "input");
      });
      if (HasFailure()) return;
    }
  EXPECT_GT(fired, 1000u);
  EXPECT_GT(floored, 100u);
  EXPECT_GT(held, 1000u);
}

TEST_F(Kernels, AddPoissonCounts) {
  std::uint64_t all = 0;
  for (const std::size_t columns : {8u, 16u, 32u, 512u})  // in one register, in two, or in memory, by instruction set
    for (const std::size_t neurons : {0u, 1u, 63u, 64u, 65u, 500u, 5000u})
      for (const std::uint32_t chunk : {0u, 77u, 0xFFFFFu}) {
        AliasTable table;
        table.least = static_cast<std::int32_t>(random() % 3 * 5);
        for (std::size_t c = 0; c < columns; ++c)
          table.keep.push_back(static_cast<std::uint32_t>(random())), table.alias.push_back(static_cast<std::int32_t>(random() % columns));
        const auto word = [&] { return static_cast<std::uint32_t>(random()); };
        const PoissonKey key{{word(), word()}, word(), {word(), word()}};
        std::vector<float> before;
        for (std::size_t i = 0; i < neurons; ++i) before.push_back(static_cast<float>(uniform(-1, 1)));
        std::vector<float> expected = before;
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < neurons; ++i) {
          const std::size_t c = i / 64, h = i % 64 / 32, b = i % 32 / 2, o = i % 2;
          const auto words = r123::Philox4x32()(
              {{(chunk + static_cast<std::uint32_t>(c)) * 16 + static_cast<std::uint32_t>(b), key.tick, key.stream[0], key.stream[1]}},
              {{key.key[0], key.key[1]}});
          const std::uint32_t w = words[2 * h + o], column = w % static_cast<std::uint32_t>(columns);
          const std::int32_t count = table.least + (w < table.keep[column] ? static_cast<std::int32_t>(column) : table.alias[column]);
          expected[i] += 0.3f * static_cast<float>(count);
          sum += static_cast<std::uint64_t>(count);
        }
        all += sum;
        on_every_target([&] {
          std::vector<float> counts = before;
          EXPECT_EQ(add_poisson_counts(key, table, chunk, neurons, 0.3f, counts.data()), sum);
          expect_same_bits(counts, expected, "sum");
        });
        if (HasFailure()) return;
      }
  EXPECT_GT(all, 10'000u);
}

TEST_F(Kernels, AddRows) {
  for (const std::size_t width : kSizes)
    for (const std::size_t count : {0u, 1u, 2u, 9u}) {
      std::vector<std::vector<float>> rows(count);
      std::vector<const float*> pointers;
      for (auto& row : rows) {
        for (std::size_t j = 0; j < width; ++j) row.push_back(static_cast<float>(uniform(-1, 1) * (random() % 5 ? 1 : 1e6)));
        pointers.push_back(row.data());
      }
      std::vector<float> start;
      for (std::size_t j = 0; j < width; ++j) start.push_back(static_cast<float>(uniform(-1, 1)));
      std::vector<float> expected = start;
      for (const auto& row : rows)
        for (std::size_t j = 0; j < width; ++j) expected[j] += row[j];
      on_every_target([&] {
        std::vector<float> sum = start;
        add_rows(sum.data(), pointers.data(), count, width);
        expect_same_bits(sum, expected, "sum");
      });
      if (HasFailure()) return;
    }
}

/// Four recent spikes of every neuron, some seen, some not, some beyond the table; rows of all sizes.
TEST_F(Kernels, Potentiate) {
  constexpr std::int32_t kDecays = 50;
  constexpr std::uint32_t kNeurons = 300;
  std::vector<float> decay;
  for (int n = 0; n < kDecays; ++n) decay.push_back(static_cast<float>(std::exp(-n / 20.0)));
  std::size_t left_over = 0, clipped = 0;
  std::uint64_t changed = 0;
  for (const std::int32_t now : {1000, 0x7FFFFFF0})  // the second: ticks that wrap on the way
    for (const std::size_t n : kSizes)
      for (int round = 0; round < 20; ++round) {
        const auto at = [&](std::int32_t ago) {
          return static_cast<std::int32_t>(static_cast<std::uint32_t>(now) - static_cast<std::uint32_t>(ago));
        };
        std::vector<std::int32_t> recent[Potentiation::kRecent];
        for (std::uint32_t j = 0; j < kNeurons; ++j) {
          const std::uint64_t scale = random() % 3 == 0 ? 20 : 400;
          std::int32_t ago[Potentiation::kRecent];
          for (auto& a : ago) a = static_cast<std::int32_t>(random() % scale) - 30;
          std::sort(std::rbegin(ago), std::rend(ago));
          for (int k = 0; k < Potentiation::kRecent; ++k) recent[k].push_back(at(ago[k]));
        }
        std::vector<std::uint16_t> targets;
        std::vector<float> start;
        for (std::size_t i = 0; i < n; ++i)
          targets.push_back(static_cast<std::uint16_t>(random() % kNeurons)), start.push_back(static_cast<float>(uniform(0, 1)));
        Potentiation p;
        p.targets = targets.data(), p.synapses = n;
        for (int k = 0; k < Potentiation::kRecent; ++k) p.recent[k] = recent[k].data();
        p.first = at(30), p.pre = at(round % 2 ? 30 : 45);  // the pre spike is never later than what has been seen
        p.decay = decay.data(), p.decays = kDecays, p.amplitude = round % 3 == 0 ? -0.1f : 0.1f, p.low = 0.1f, p.high = 0.9f;
        std::vector<float> expected = start;
        std::vector<std::uint32_t> expected_left;
        std::uint64_t changes = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
          const auto since = [&](int k, std::int32_t tick) {
            return static_cast<std::int32_t>(static_cast<std::uint32_t>(recent[k][targets[i]]) - static_cast<std::uint32_t>(tick));
          };
          if (since(0, p.first) >= 0 || (since(3, p.first) >= 0 && since(3, p.pre) >= kDecays)) {
            expected_left.push_back(i);
            continue;
          }
          for (int k = 0; k < Potentiation::kRecent; ++k) {
            if (since(k, p.first) < 0) continue;
            expected[i] = std::min(std::max(expected[i] + p.amplitude * decay[static_cast<std::size_t>(since(k, p.pre))], p.low), p.high);
            ++changes;
          }
          clipped += expected[i] == p.high;
        }
        changed += changes, left_over += expected_left.size();
        on_every_target([&] {
          std::vector<float> to = start;
          p.to = to.data();
          std::vector<std::uint32_t> left;
          EXPECT_EQ(potentiate(p, left), changes);
          EXPECT_EQ(left, expected_left);
          expect_same_bits(to, expected, "weight");
        });
        if (HasFailure()) return;
      }
  EXPECT_GT(changed, 1000u);
  EXPECT_GT(left_over, 100u);
  EXPECT_GT(clipped, 10u);
}

}  // namespace
}  // namespace spikeloop::engine
