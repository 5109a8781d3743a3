// SPDX-License-Identifier: Apache-2.0
// The same spikes, samples, weights and thresholds to the last bit, however a run is cut, watched, threaded, saved and resumed.
#include <gtest/gtest.h>

#include <ios>

#include "tests/simulator/determinism_networks.hpp"

namespace spikeloop::testing {
namespace {

class Determinism : public ::testing::TestWithParam<std::size_t> {
 protected:
  SampleNetwork network = sample_networks().at(GetParam());
  std::uint64_t plain = hash_of(network, {});

  void SetUp() override { ASSERT_NE(plain, 0u) << network.name << " is silent"; }
  void expect_same(const Manner& manner) { EXPECT_EQ(hash_of(network, manner), plain) << network.name; }
};

TEST_P(Determinism, DoesNotDependOnThreads) {
  for (const std::size_t threads : {2, 3}) expect_same({.threads = threads});
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
}

INSTANTIATE_TEST_SUITE_P(Networks, Determinism, ::testing::Range<std::size_t>(0, 9));

/// Pinned on x86-64 with glibc: the same for the dev, release and sanitized builds.
TEST(Golden, HashesArePinned) {
  const std::uint64_t golden[] = {
      0x277d7bf426787ce2,
      0x2e54ec79196c41b1,
      0x9c4e4ec3390fea15,
      0x7c06fbd78dfe46ed,
      0xe9189d3dda3c1f30,
      0xdbf437958aa94f7c,
      0x5e67bd400c8f2700,
      0xae6a723b5215612f,
      0x237df2a770725c36};
  const auto networks = sample_networks();
  ASSERT_EQ(networks.size(), std::size(golden));
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const std::uint64_t hash = hash_of(networks[k], {});
    EXPECT_EQ(hash, golden[k]) << networks[k].name << ", now 0x" << std::hex << hash;
  }
}

}  // namespace
}  // namespace spikeloop::testing
