// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

/// Sparse, dense, plastic, driven and sampled.
NetworkDescription everything() {
  Lif lif;
  lif.v_threshold_mv = 20, lif.v_reset_mv = 10;
  NetworkDescription d;
  d.populations = {source("noise", 300, PoissonSource{20'000}), neurons("a", 300, lif), neurons("b", 100, lif),
                   source("in", 3, spike_list({1, 2, 2.5}))};
  d.projections = {connect("noise", "a", OneToOne{}, 0.12), connect("a", "b", FixedInDegree{50}, 0.4), connect("in", "b", AllToAll{}, 1),
                   plastic(connect("a", "a", FixedInDegree{20}, 0.1, 0.5), "stdp"), plastic(connect("b", "a", AllToAll{}, 0.1), "stdp")};
  d.rules = {{"stdp", Stdp{}, Commit::kImmediate, {}, {}}};
  d.probes = {spikes_of("a"), spikes_of("b"), probe_of("b", Probe::Variable::kPotential, 1, 1)};
  return d;
}

std::uint64_t operations(const Profile& profile, Phase phase) {
  return std::accumulate(profile.populations.begin(), profile.populations.end(), std::uint64_t{0},
                         [&](std::uint64_t sum, const auto& cells) { return sum + cells[static_cast<std::size_t>(phase)].operations; });
}

TEST(Profile, CountsWhatTheSessionCountsAndChangesNothing) {
  for (const std::size_t threads : {1, 3}) {
    SCOPED_TRACE(threads);
    const auto plain = start(everything(), threads), measured = start(everything(), threads);
    Recording expected, recording;
    advance(*plain, 50, expected);
    EXPECT_TRUE(plain->profile().spans.empty());
    measured->set_profiling(true);
    advance(*measured, 50, recording);
    EXPECT_EQ(recording.hash(), expected.hash());

    const Profile profile = measured->profile();
    const OperationCounts counts = measured->counts();
    ASSERT_EQ(profile.populations.size(), 5u);
    const auto cell = [&](std::size_t population, Phase phase) { return profile.populations[population][static_cast<std::size_t>(phase)]; };
    const auto events = [&](std::size_t projection) { return counts.projections[projection].synaptic_events; };
    ASSERT_GT(events(1), 0u);
    ASSERT_GT(events(4), 0u);
    EXPECT_EQ(cell(1, Phase::kDrive).operations, events(0));
    EXPECT_EQ(cell(1, Phase::kDeliver).operations, events(1) + events(3));
    EXPECT_EQ(cell(2, Phase::kDeliver).operations, events(4));
    EXPECT_EQ(cell(3, Phase::kDeliver).operations, events(2));
    EXPECT_EQ(cell(1, Phase::kPlasticity).operations, 2 * events(3)) << "once for potentiation, once for depression";
    EXPECT_EQ(cell(2, Phase::kPlasticity).operations, 2 * events(4));
    EXPECT_EQ(operations(profile, Phase::kExchange),
              counts.populations[1].spikes + counts.populations[2].spikes + counts.populations[3].spikes);
    EXPECT_EQ(operations(profile, Phase::kRecord), operations(profile, Phase::kExchange) + recording.samples.size());
    EXPECT_GE(cell(1, Phase::kUpdate).operations, counts.populations[1].updates);
    for (const Phase phase : {Phase::kDrive, Phase::kDeliver, Phase::kUpdate, Phase::kPlasticity})
      EXPECT_GT(cell(1, phase).seconds, 0) << phase_name(phase);
  }
}

TEST(Profile, SpansFollowEachOtherInEachLane) {
  const auto session = start(everything(), 3);
  session->set_profiling(true);
  Recording recording;
  advance(*session, 20, recording);
  const Profile profile = session->profile();
  std::vector<double> end(4, 0), spans(4, 0);
  for (const Profile::Span& span : profile.spans) {
    ASSERT_LT(span.lane, 4u);
    EXPECT_GE(span.start_s, end[span.lane]);
    EXPECT_LE(std::accumulate(span.phases.begin(), span.phases.end(), 0.0), span.seconds + 1e-6);
    end[span.lane] = span.start_s + span.seconds;
    ++spans[span.lane];
  }
  EXPECT_EQ(spans, std::vector<double>(4, 200)) << "an epoch is the smallest delay, 0.1 ms";
  session->set_profiling(false);
  advance(*session, 25, recording);
  EXPECT_EQ(session->profile().spans.size(), profile.spans.size());
}

}  // namespace
}  // namespace spikeloop::testing
