// SPDX-License-Identifier: Apache-2.0
// Every way to connect: counts, degrees, autapses and multapses, windows against plain loops, drawn weights and delays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

/// The synapses and weights of one projection; the source population is external unless it is the target.
struct Wired {
  Connectivity c;
  std::vector<float> w;
};

Wired wire(std::vector<std::uint64_t> from, std::vector<std::uint64_t> to, Projection p, bool recurrent = false, std::uint64_t seed = 1) {
  NetworkDescription d;
  d.seed = seed;
  d.populations = {neurons("to", 1, Lif{}), source("from", 1)};
  d.populations[0].shape = to;
  d.populations[1].shape = from;
  p.source = recurrent ? "to" : "from";
  p.target = "to";
  d.projections = {p};
  const auto one = start(d, 1), three = start(d, 3);
  Wired wired{one->connectivity(0), one->weights(0)};
  const Connectivity same = three->connectivity(0);
  EXPECT_EQ(wired.c.sources, same.sources);
  EXPECT_EQ(wired.c.targets, same.targets);
  EXPECT_EQ(wired.c.delays, same.delays);
  EXPECT_EQ(wired.w, three->weights(0));
  EXPECT_EQ(wired.w.size(), wired.c.sources.size());
  return wired;
}

Projection how(const Connect& c) { return connect("", "", c, 0.5); }

using Pair = std::pair<std::uint32_t, std::uint32_t>;
std::vector<Pair> sorted_pairs(const Connectivity& c) {
  std::vector<Pair> all;
  for (std::size_t i = 0; i < c.sources.size(); ++i) all.emplace_back(c.sources[i], c.targets[i]);
  std::sort(all.begin(), all.end());
  return all;
}

bool has_multapse(const std::vector<Pair>& sorted) { return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end(); }
bool has_autapse(const std::vector<Pair>& all) {
  return std::any_of(all.begin(), all.end(), [](const Pair& p) { return p.first == p.second; });
}

TEST(Connect, OneToOneAndAllToAll) {
  const auto one = sorted_pairs(wire({200}, {200}, how(OneToOne{})).c);
  ASSERT_EQ(one.size(), 200u);
  for (std::uint32_t i = 0; i < 200; ++i) EXPECT_EQ(one[i], (Pair{i, i}));
  EXPECT_EQ(wire({5}, {130}, how(AllToAll{})).c.sources.size(), 650u);
  const auto self = sorted_pairs(wire({1}, {70}, how(AllToAll{false}), true).c);
  EXPECT_EQ(self.size(), 70u * 69);
  EXPECT_FALSE(has_autapse(self));
  EXPECT_EQ(wire({1}, {70}, how(AllToAll{true}), true).c.sources.size(), 4900u);
}

TEST(Connect, FixedProbabilityHasTheBinomialCountAndNoMultapse) {
  constexpr double p = 0.1, pairs = 300.0 * 400;
  const auto all = sorted_pairs(wire({300}, {400}, how(FixedProbability{p})).c);
  EXPECT_NEAR(static_cast<double>(all.size()), p * pairs, 4.5 * std::sqrt(p * (1 - p) * pairs));
  EXPECT_FALSE(has_multapse(all));
  std::vector<double> out(300), in(400);
  for (const Pair& q : all) ++out[q.first], ++in[q.second];
  const auto spread = [](const std::vector<double>& x, double mean) {
    double sum = 0;
    for (const double v : x) sum += (v - mean) * (v - mean);
    return sum / static_cast<double>(x.size());
  };
  EXPECT_NEAR(spread(out, 40), 36, 4.5 * 36 * std::sqrt(2.0 / 300));
  EXPECT_NEAR(spread(in, 30), 27, 4.5 * 27 * std::sqrt(2.0 / 400));
  EXPECT_NE(sorted_pairs(wire({300}, {400}, how(FixedProbability{p}), false, 2).c), all);
  EXPECT_TRUE(wire({30}, {40}, how(FixedProbability{0})).c.sources.empty());
  EXPECT_EQ(wire({30}, {40}, how(FixedProbability{1})).c.sources.size(), 1200u);
  EXPECT_TRUE(has_autapse(sorted_pairs(wire({1}, {200}, how(FixedProbability{0.2, true}), true).c)));
  EXPECT_FALSE(has_autapse(sorted_pairs(wire({1}, {200}, how(FixedProbability{0.2, false}), true).c)));
}

TEST(Connect, FixedInDegree) {
  for (const bool multapses : {true, false})
    for (const bool autapses : {true, false}) {
      const auto all = sorted_pairs(wire({1}, {150}, how(FixedInDegree{60, multapses, autapses}), true).c);
      std::map<std::uint32_t, int> in;
      for (const Pair& p : all) ++in[p.second];
      ASSERT_EQ(in.size(), 150u);
      for (const auto& [t, n] : in) EXPECT_EQ(n, 60) << t;
      EXPECT_EQ(has_multapse(all), multapses);
      EXPECT_EQ(has_autapse(all), autapses);
    }
  const auto complete = sorted_pairs(wire({20}, {30}, how(FixedInDegree{20, false, true})).c);  // every source, once
  EXPECT_EQ(complete.size(), 600u);
  EXPECT_FALSE(has_multapse(complete));
  std::vector<double> out(1000);
  for (const Pair& p : sorted_pairs(wire({1000}, {1000}, how(FixedInDegree{100})).c)) ++out[p.first];
  for (const double n : out) EXPECT_NEAR(n, 100, 5.5 * 10);
}

TEST(Connect, FixedTotalNumber) {
  for (const bool multapses : {true, false})
    for (const bool autapses : {true, false}) {
      const auto all = sorted_pairs(wire({1}, {100}, how(FixedTotalNumber{4000, multapses, autapses}), true).c);
      EXPECT_EQ(all.size(), 4000u);
      EXPECT_EQ(has_multapse(all), multapses);
      EXPECT_EQ(has_autapse(all), autapses);
    }
}

TEST(Connect, PairsKeepTheirListedWeightsAndDelays) {
  Projection p = how(pairs({2, 0, 2, 1}, {1, 3, 0, 1}));
  p.weight = listed({10, 20, 30, 40});
  p.delay_ms = listed({0.3, 0.1, 0.3, 2});
  const Wired wired = wire({3}, {4}, p);
  EXPECT_EQ(wired.c.sources, (std::vector<std::uint32_t>{0, 1, 2, 2}));
  EXPECT_EQ(wired.c.targets, (std::vector<std::uint32_t>{3, 1, 0, 1}));
  EXPECT_EQ(wired.c.delays, (std::vector<Tick>{1, 20, 3, 3}));
  EXPECT_EQ(wired.w, (std::vector<float>{20, 40, 30, 10}));
}

TEST(Connect, TensorRowsAreSources) {
  std::vector<float> values;
  for (int i = 0; i < 3 * 70; ++i) values.push_back(static_cast<float>(i));
  const Wired wired = wire({3}, {70}, how(Tensor{std::make_shared<const std::vector<float>>(values), "x.npy"}));
  for (std::size_t i = 0; i < wired.w.size(); ++i)
    EXPECT_EQ(wired.w[i], 0.0f + static_cast<float>(wired.c.sources[i] * 70 + wired.c.targets[i]));
  Projection scaled = how(Tensor{std::make_shared<const std::vector<float>>(values), "x.npy"});
  scaled.weight_scale = -2;
  EXPECT_EQ(wire({3}, {70}, scaled).w[5], -10);
}

/// A kernel as a plain loop over outputs and taps; -1 padding means "outside".
struct Shape {
  int channels, height, width;
};
std::map<Pair, std::vector<int>> taps(Shape in, Shape out, int kh, int kw, int sh, int sw, int ph, int pw, bool own_channel) {
  std::map<Pair, std::vector<int>> all;
  for (int o = 0; o < out.channels; ++o)
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x)
        for (int c = 0; c < in.channels; ++c)
          for (int i = 0; i < kh; ++i)
            for (int j = 0; j < kw; ++j) {
              const int row = y * sh + i - ph, column = x * sw + j - pw;
              if (row < 0 || row >= in.height || column < 0 || column >= in.width || (own_channel && c != o)) continue;
              const Pair pair{static_cast<std::uint32_t>((c * in.height + row) * in.width + column),
                              static_cast<std::uint32_t>((o * out.height + y) * out.width + x)};
              all[pair].push_back(((o * in.channels + c) * kh + i) * kw + j);
            }
  return all;
}

TEST(Connect, ConvolutionIsTheCrossCorrelation) {
  const Shape in{2, 7, 9}, out{3, 4, 5};
  Projection p = how(Convolution{{3, 2}, {2, 2}, {1, 1}});
  std::vector<double> kernel;
  for (int i = 0; i < 3 * 2 * 3 * 2; ++i) kernel.push_back(i + 1);
  p.weight = listed(kernel);
  const Wired wired = wire({2, 7, 9}, {3, 4, 5}, p);
  const auto expected = taps(in, out, 3, 2, 2, 2, 1, 1, false);
  ASSERT_EQ(wired.w.size(), expected.size());
  for (std::size_t i = 0; i < wired.w.size(); ++i) {
    const auto tap = expected.find({wired.c.sources[i], wired.c.targets[i]});
    ASSERT_NE(tap, expected.end());
    EXPECT_EQ(static_cast<int>(wired.w[i]), tap->second.at(0) + 1);
  }
  EXPECT_EQ(wire({6, 6}, {6, 6}, how(Convolution{{3, 3}, {1, 1}, {1, 1}})).w.size(),
            taps({1, 6, 6}, {1, 6, 6}, 3, 3, 1, 1, 1, 1, false).size());
}

TEST(Connect, AConvolutionKernelThatIsDrawnIsShared) {
  Projection p = how(Convolution{{3, 3}, {1, 1}, {0, 0}});
  p.weight = normal(0, 1);
  const Wired wired = wire({1, 8, 8}, {2, 6, 6}, p);
  EXPECT_EQ(std::set<float>(wired.w.begin(), wired.w.end()).size(), 18u);
}

TEST(Connect, PoolingKeepsChannels) {
  const Wired wired = wire({3, 6, 8}, {3, 3, 4}, how(Pooling{{2, 2}, {2, 2}}));
  const auto expected = taps({3, 6, 8}, {3, 3, 4}, 2, 2, 2, 2, 0, 0, true);
  std::vector<Pair> pairs_expected;
  for (const auto& [pair, tap] : expected) pairs_expected.push_back(pair);
  EXPECT_EQ(sorted_pairs(wired.c), pairs_expected);
  for (const float w : wired.w) EXPECT_EQ(w, 0.5f);
}

struct WeightMoments {
  double mean = 0, std = 0, least = 1e300, most = -1e300;
};
WeightMoments moments(const std::vector<float>& x) {
  WeightMoments m;
  for (const float v : x) m.mean += static_cast<double>(v) / static_cast<double>(x.size());
  for (const float v : x) {
    const double d = static_cast<double>(v);
    m.std += (d - m.mean) * (d - m.mean) / static_cast<double>(x.size());
    m.least = std::min(m.least, d), m.most = std::max(m.most, d);
  }
  m.std = std::sqrt(m.std);
  return m;
}

TEST(Connect, DrawnWeightsHaveTheirDistribution) {
  const auto draw = [](const Value& value) {
    Projection p = how(AllToAll{});
    p.weight = value;
    return moments(wire({200}, {500}, p).w);
  };
  const double error = 4.5 / std::sqrt(1e5);
  const WeightMoments n = draw({Normal{2, 3}, {}});
  EXPECT_NEAR(n.mean, 2, 3 * error);
  EXPECT_NEAR(n.std, 3, 3 * error);
  const WeightMoments u = draw({Uniform{-1, 5}, {}});
  EXPECT_NEAR(u.mean, 2, 6 * error);
  EXPECT_NEAR(u.std, 6 / std::sqrt(12.0), 6 * error);
  EXPECT_GE(u.least, -1);
  EXPECT_LE(u.most, 5);
  const WeightMoments e = draw({Exponential{4}, {}});
  EXPECT_NEAR(e.mean, 4, 4 * error);
  EXPECT_NEAR(e.std, 4, 12 * error);
  EXPECT_GE(e.least, 0);
  const WeightMoments l = draw({LogNormal{0.5, 0.25}, {}});
  EXPECT_NEAR(l.mean, std::exp(0.5 + 0.03125), 2 * error);
  const double inside = std::erf(1 / std::sqrt(2.0));  // of a normal distribution within one standard deviation
  const WeightMoments clip = draw({Normal{0, 1}, {-1, 1, false}});
  EXPECT_EQ(clip.least, -1);
  EXPECT_EQ(clip.most, 1);
  EXPECT_NEAR(clip.std * clip.std, 1 - inside + inside - 2 * std::exp(-0.5) / std::sqrt(2 * 3.14159265358979), error);
  const WeightMoments truncated = draw({Normal{0, 1}, {-1, 1, true}});
  EXPECT_GT(truncated.least, -1);
  EXPECT_LT(truncated.most, 1);
  EXPECT_NEAR(truncated.std * truncated.std, 1 - 2 * std::exp(-0.5) / std::sqrt(2 * 3.14159265358979) / inside, error);
}

TEST(Connect, DrawnDelaysAreRoundedToTicksAndAtLeastOne) {
  Projection p = how(AllToAll{});
  p.delay_ms = {Normal{0.3, 0.3}, {}};
  const Wired wired = wire({100}, {100}, p);
  double ones = 0;
  for (const Tick t : wired.c.delays) {
    EXPECT_GE(t, 1);
    ones += t == 1;
  }
  // everything below 0.15 ms: Phi(-0.5) = 0.3085
  EXPECT_NEAR(ones / 1e4, 0.3085, 0.021);
}

TEST(Connect, DelaysSpreadASpikeOverItsTicks) {
  NetworkDescription d;
  d.populations = {source("in", 1, spike_list({1.0})), neurons("n", 200, Lif{})};
  Projection p = connect("in", "n", AllToAll{}, 2);
  p.delay_ms = {Uniform{0.1, 30}, {}};
  d.projections = {p};
  d.probes = {spikes_of("n")};
  const auto session = start(d, 2);
  const Connectivity c = session->connectivity(0);
  Recording r;
  advance(*session, 40, r);
  ASSERT_EQ(r.spikes.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(times_of(r, 1, c.targets[i]).at(0), from_ms(1) + c.delays[i] * 100 * kMicrosecond);
}

TEST(Connect, OneRandomKeyDrawsTheSameValues) {
  NetworkDescription d;
  d.populations = {source("in", 10), neurons("n", 10, Lif{})};
  Projection a = connect("in", "n", AllToAll{}, 0);
  a.name = "a", a.weight = normal(0, 1), a.random_key = "key";
  Projection b = a;
  b.name = "b", b.weight_scale = -2;
  Projection c = a;
  c.name = "c", c.random_key = "";
  d.projections = {a, b, c};
  const auto session = start(d);
  const auto wa = session->weights(0), wb = session->weights(1);
  for (std::size_t i = 0; i < wa.size(); ++i) EXPECT_FLOAT_EQ(wb[i], -2 * wa[i]);
  EXPECT_NE(session->weights(2), wa);
}

}  // namespace
}  // namespace spikeloop::testing
