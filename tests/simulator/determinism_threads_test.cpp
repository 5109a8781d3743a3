// SPDX-License-Identifier: Apache-2.0
// The same spikes, samples, weights and thresholds to the last bit, however a run is cut, watched, threaded, saved and resumed.
#include <gtest/gtest.h>

#include <algorithm>
#include <ios>

#include "core/engine/layout.hpp"
#include "tests/simulator/determinism_networks.hpp"

namespace spikeloop::testing {
namespace {

class Determinism : public ::testing::TestWithParam<std::size_t> {
 protected:
  SampleNetwork network = sample_networks().at(GetParam());
  std::uint64_t plain = hash_of(network, {});

  void SetUp() override { ASSERT_NE(plain, 0u) << network.name << " is silent"; }

  /// Under the thread sanitizer only what has threads: a run without has no races, and the other builds compare its hash.
  void expect_same(const Manner& manner) {
#ifdef __SANITIZE_THREAD__
    if (manner.threads == 1 && manner.restored_threads == 1) return;
#endif
    EXPECT_EQ(hash_of(network, manner), plain) << network.name;
  }
};

TEST_P(Determinism, DoesNotDependOnThreads) {
  for (const std::size_t threads : {2, 3, 8}) expect_same({.threads = threads});
}

/// With every population swept at every tick but the first, and with none.
TEST_P(Determinism, HoldsForEachWayOfUpdating) {
  for (const engine::Update update : {engine::Update::kLazy, engine::Update::kDense}) {
    SCOPED_TRACE(name_of(update));
    plain = hash_of(network, {.update = update});
    for (const std::size_t threads : {2, 3}) expect_same({.update = update, .threads = threads});
    expect_same({.update = update, .slice_ms = 0.7});
    expect_same({.update = update, .threads = 2, .save_and_restore = true, .restored_threads = 3});
    expect_same({.update = update, .slice_ms = 2.9, .look = true});
    expect_same({.update = update, .slice_ms = 7, .more_probes = true});
  }
}

TEST_P(Determinism, DoesNotDependOnSlices) {
  for (const double slice : {0.1, 0.37, 5.0}) expect_same({.slice_ms = slice});
  expect_same({.threads = 2, .slice_ms = 1.3});
}

TEST_P(Determinism, DoesNotDependOnLooking) {
  expect_same({.slice_ms = 2.9, .look = true});
  expect_same({.threads = 2, .slice_ms = 4.1, .look = true});
}

TEST_P(Determinism, DoesNotDependOnProbes) {
  expect_same({.more_probes = true});
  expect_same({.threads = 3, .slice_ms = 7, .more_probes = true});
}

TEST_P(Determinism, GoesOnAfterSaveAndRestore) {
  for (const std::size_t before : {1, 3})
    for (const std::size_t after : {1, 2}) expect_same({.threads = before, .save_and_restore = true, .restored_threads = after});
  expect_same({.slice_ms = 0.7, .save_and_restore = true});
  for (const double at : {0.21, 0.3, 0.42, 0.6}) expect_same({.threads = 2, .save_and_restore = true, .save_at = at});
}

INSTANTIATE_TEST_SUITE_P(Networks, Determinism, ::testing::Range<std::size_t>(0, 12));

/// The network that shares rows does so, and the one that bursts changes over: else the tests above show less than they should.
TEST(SampleNetworks, AreWhatTheyAreFor) {
  const auto networks = sample_networks();
  const auto named = [&](const std::string& name) {
    return std::find_if(networks.begin(), networks.end(), [&](const SampleNetwork& n) { return n.name == name; });
  };
  std::vector<std::size_t> sizes;
  for (const auto& group : engine::layout_of(Network(named("merged rows")->description), 1).groups)
    sizes.push_back(group.projections.size());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 3, 3}));
  const auto hash = [&](engine::Update update) { return hash_of(*named("bursts"), {.update = update}); };
  EXPECT_NE(hash(engine::Update::kAuto), hash(engine::Update::kLazy));
  EXPECT_NE(hash(engine::Update::kAuto), hash(engine::Update::kDense));
}

/// Pinned on x86-64 with glibc: the same for the dev, release and sanitized builds.
TEST(Golden, HashesArePinned) {
  const std::uint64_t golden[] = {0xb3bce038dd9baa61, 0xd4972528d0548641, 0xadbfe20dc4d8c0aa, 0xeafaaac169d38be4,
                                  0xcfa8127aec35913a, 0x41e1276af3979a4e, 0xf8f0f9b92ff6d3c3, 0x4faf1837ca985488,
                                  0xe45ef84cb2eb4300, 0x77400e830e3f6789, 0xb2723ada172564cf, 0x6d6c5cdc056eccb6};
  const auto networks = sample_networks();
  ASSERT_EQ(networks.size(), std::size(golden));
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const std::uint64_t hash = hash_of(networks[k], {});
    EXPECT_EQ(hash, golden[k]) << networks[k].name << ", now 0x" << std::hex << hash;
  }
}

}  // namespace
}  // namespace spikeloop::testing
