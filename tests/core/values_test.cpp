// SPDX-License-Identifier: Apache-2.0
#include "core/values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/random.hpp"

namespace spikeloop {
namespace {

TEST(Random, PhiloxGivesItsPublishedAnswer) {
  // known answer of philox4x32-10 for an all-ones counter and key (Random123, kat_vectors)
  const Bits bits = random_bits(0xffffffffffffffffull, 0xffffffffffffffffull, 0xffffffffffffffffull);
  EXPECT_EQ(static_cast<std::uint32_t>(bits.low), 0x408f276du);
  EXPECT_EQ(static_cast<std::uint32_t>(bits.low >> 32), 0x41c83b0eu);
  EXPECT_EQ(static_cast<std::uint32_t>(bits.high), 0xa20bc7c6u);
  EXPECT_EQ(static_cast<std::uint32_t>(bits.high >> 32), 0x6d5451fdu);
}

TEST(Random, EverySeedStreamAndIndexIsItsOwn) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (std::uint64_t stream = 0; stream < 10; ++stream)
      for (std::uint64_t index = 0; index < 10; ++index) seen.insert(random_bits(seed, stream, index).low);
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_NE(stream_of("a", "bc"), stream_of("ab", "c"));
}

/// The distribution function, which the standard library has, leads back.
TEST(Random, NormalQuantileIsTheInverseOfTheDistributionFunction) {
  const auto distribution = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  for (const double p : {1e-16, 1e-12, 1e-11, 1.4e-11, 1e-6, 0.01, 0.0749, 0.0751, 0.3, 0.5}) {
    EXPECT_NEAR(distribution(normal_quantile(p)) / p, 1, 1e-12) << p;
  }
  for (const double p : {0.01, 0.0749, 0.0751, 0.3}) EXPECT_NEAR(normal_quantile(1 - p), -normal_quantile(p), 1e-12) << p;
  EXPECT_EQ(normal_quantile(0.5), 0);
}

TEST(Random, BelowIsUniform) {
  double counts[7] = {};
  for (std::uint64_t i = 0; i < 70'000; ++i) ++counts[random_below(1, 2, i, 7)];
  double chi = 0;
  for (const double c : counts) chi += (c - 10'000) * (c - 10'000) / 10'000;
  EXPECT_LT(chi, 27.9);  // 6 degrees of freedom, p = 1e-4
}

struct Moments {
  double mean = 0, variance = 0, third = 0;
};

Moments moments(const Value& v) {
  constexpr std::uint64_t n = 200'000;
  Moments m;
  for (std::uint64_t i = 0; i < n; ++i) m.mean += draw(v, 3, 4, i) / n;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double d = draw(v, 3, 4, i) - m.mean;
    m.variance += d * d / n, m.third += d * d * d / n;
  }
  return m;
}

TEST(Values, DistributionsHaveTheirMoments) {
  const double e = 4.5 / std::sqrt(200'000.0);
  const Moments n = moments({Normal{1, 2}, {}});
  EXPECT_NEAR(n.mean, 1, 2 * e);
  EXPECT_NEAR(n.variance, 4, 4 * std::sqrt(2.0) * e);
  EXPECT_NEAR(n.third, 0, 8 * std::sqrt(15.0) * e);
  const Moments u = moments({Uniform{-2, 4}, {}});
  EXPECT_NEAR(u.mean, 1, std::sqrt(3.0) * e);
  EXPECT_NEAR(u.variance, 3, 3 * e);
  const Moments x = moments({Exponential{2}, {}});
  EXPECT_NEAR(x.mean, 2, 2 * e);
  EXPECT_NEAR(x.variance, 4, 4 * std::sqrt(8.0) * e);
  const Moments l = moments({LogNormal{-0.5, 1}, {}});
  EXPECT_NEAR(l.mean, 1, std::sqrt(std::exp(1.0) - 1) * e);
}

TEST(Values, ConstantsAndListsAreWhatTheySay) {
  EXPECT_EQ(draw({Constant{3}, {}}, 1, 2, 99), 3);
  const Value list{Listed{std::make_shared<const std::vector<double>>(std::vector<double>{5, 6, 7})}, {}};
  EXPECT_EQ(draw(list, 1, 2, 1), 6);
  EXPECT_TRUE(is_constant({Constant{3}, {}}));
  EXPECT_FALSE(is_constant(list));
}

TEST(Values, ClipMovesToTheBoundAndTruncateDrawsAgain) {
  const Value clip{Normal{0, 1}, {0, 1, false}}, truncate{Normal{0, 1}, {0, 1, true}};
  int at_bound = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const double free = draw({Normal{0, 1}, {}}, 5, 6, i), c = draw(clip, 5, 6, i), t = draw(truncate, 5, 6, i);
    EXPECT_EQ(c, std::min(1.0, std::max(0.0, free)));
    EXPECT_GT(t, 0);
    EXPECT_LT(t, 1);
    if (free > 0 && free < 1) {
      EXPECT_EQ(t, free);
    }
    at_bound += c == 0 || c == 1;
  }
  EXPECT_GT(at_bound, 1000);
  EXPECT_EQ(draw({Normal{0, 1}, {50, 60, true}}, 5, 6, 7), 50) << "bounds that are never met end at the nearer one";
}

}  // namespace
}  // namespace spikeloop
