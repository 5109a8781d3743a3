// SPDX-License-Identifier: Apache-2.0
// Feedback weights that are the product of the initial forward weights.
#include "core/forward_product.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/controller.hpp"

namespace spikeloop {
namespace {

Projection listed(const char* from, const char* to, std::vector<double> weights) {
  Projection p;
  p.source = from, p.target = to;
  p.weight.kind = Listed{std::make_shared<const std::vector<double>>(std::move(weights))};
  return p;
}

/// a (2) -> b (2) -> out (1), and a -> out past b.
NetworkDescription chain() {
  NetworkDescription d;
  for (const auto& [name, n] : {std::pair{"a", 2}, {"b", 2}, {"out", 1}}) {
    Population p;
    p.name = name, p.shape = {static_cast<std::uint64_t>(n)};
    d.populations.push_back(p);
  }
  d.projections = {listed("a", "b", {1, 2, 3, 4}), listed("b", "out", {10, 100}), listed("a", "out", {0.5, 0})};
  return with_names(std::move(d));
}

std::vector<double> scaled(std::vector<double> x, double rms) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  for (double& v : x) v *= rms / std::sqrt(squares / static_cast<double>(x.size()));
  return x;
}

TEST(ForwardProduct, IsTheSumOverAllPathsScaled) {
  const auto product = forward_product(chain(), "a", "out", 2);
  const auto expected = scaled({1 * 10 + 2 * 100 + 0.5, 3 * 10 + 4 * 100}, 2);
  ASSERT_EQ(product.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(product[i], expected[i], 1e-9);
}

TEST(ForwardProduct, FollowsBasalPathsOnly) {
  NetworkDescription d = chain();
  d.projections[1].port = Port::kApical, d.projections[1].name = "b->out.apical";
  const auto product = forward_product(d, "a", "out", 1);
  EXPECT_NEAR(product[0], std::sqrt(2.0), 1e-9);
  EXPECT_EQ(product[1], 0);
  EXPECT_NE(no_forward_product(d, "b", "out").find("there is none"), std::string::npos);
}

TEST(ForwardProduct, RefusesLoopsAndZero) {
  NetworkDescription d = chain();
  d.projections.push_back(listed("b", "a", {1, 1, 1, 1}));
  d = with_names(std::move(d));
  EXPECT_NE(no_forward_product(d, "a", "out").find("reaches itself"), std::string::npos);
  NetworkDescription zero = chain();
  zero.projections[1].weight.kind = Constant{0}, zero.projections[2].weight.kind = Constant{0};
  EXPECT_THROW(forward_product(zero, "a", "out", 1), DescriptionError);
}

/// A loop of populations that never reach the outputs is nobody's business.
TEST(ForwardProduct, LoopsOffTheWayDoNotMatter) {
  NetworkDescription d = chain();
  Population side;
  side.name = "side", side.shape = {2};
  d.populations.push_back(side);
  d.projections.push_back(listed("a", "side", {1, 1, 1, 1}));
  d.projections.push_back(listed("side", "side", {1, 1, 1, 1}));
  d = with_names(std::move(d));
  EXPECT_EQ(no_forward_product(d, "a", "out"), "");
  EXPECT_EQ(forward_product(d, "a", "out", 2), forward_product(chain(), "a", "out", 2));
}

TEST(ForwardProduct, IsWhatPlusSendsAndMinusTheOpposite) {
  NetworkDescription d = chain();
  Controller c;
  c.population = "out";
  Feedback f;
  f.to = "a", f.weights.kind = ForwardProduct{2}, f.amplitude = 3;
  c.feedback = {f};
  d.controllers = {c};
  const Network network(d);
  const Projection& plus = network.projections()[network.projection_index("ctrl.out.plus->a.apical")];
  const Projection& minus = network.projections()[network.projection_index("ctrl.out.minus->a.apical")];
  EXPECT_EQ(*std::get<Listed>(plus.weight.kind).values, forward_product(chain(), "a", "out", 2));
  EXPECT_EQ(*std::get<Listed>(minus.weight.kind).values, *std::get<Listed>(plus.weight.kind).values);
  EXPECT_EQ(plus.weight_scale, 3);
  EXPECT_EQ(minus.weight_scale, -3);
}

}  // namespace
}  // namespace spikeloop
