// SPDX-License-Identifier: Apache-2.0
// Times at which the low 32 bits of a tick come round: seconds and minutes at 1 ns.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/engine/lane.hpp"
#include "core/engine/plasticity.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

using engine::PostLog;
using engine::Potentiation;
using engine::Update;

constexpr Tick kTurn = Tick{1} << 32;  ///< ticks after which the low bits are the same

/// A neuron that fires when `force` says, one plastic synapse (dense) or 40 (rows, of which 39 go to others that never fire).
NetworkDescription pair_at_1_ns(const Stdp& stdp, bool rows, Commit commit) {
  Lif lif;
  lif.v_threshold_mv = 1000;
  NetworkDescription d;
  d.resolution = kNanosecond;
  d.populations = {source("pre", 2), neurons("post", rows ? 40 : 1, lif), source("force", 1)};
  d.rules = {{"rule", stdp, commit, {}, {}}};
  Projection p = connect("pre", "post", AllToAll{}, 0, 1e-6);
  if (rows) p.connect = FixedProbability{1};
  d.projections = {plastic(p, "rule"), connect("force", "post", pairs({0}, {0}), 2000, 1e-6)};
  d.probes = {spikes_of("post")};
  return d;
}

Stdp slow() {
  Stdp s;
  s.a_plus = 0.01, s.a_minus = 0.007, s.tau_plus_ms = 2000, s.tau_minus_ms = 3000;
  return s;
}

/// All pairs, by their definition. Times in ns; those of pre are of arrival.
double all_pairs(const Stdp& s, const std::vector<Time>& pre, const std::vector<Time>& post) {
  double sum = 0;
  for (const Time a : pre)
    for (const Time b : post)
      sum += b >= a ? s.a_plus * std::exp(-to_ms(b - a) / s.tau_plus_ms) : -s.a_minus * std::exp(-to_ms(a - b) / s.tau_minus_ms);
  return sum;
}

struct Protocol {
  const char* name;
  std::vector<Time> pre, post;
};

std::vector<Protocol> protocols() {
  const Time s = kSecond, half = Time{1} << 31;
  return {{"post long after pre", {s}, {s + half - 5, s + half + 5}},
          {"post one turn after pre", {s}, {s + kTurn, s + kTurn + 3}},
          {"post long after post", {s, s + half + 1000, s + half + 2 * s}, {s + 10, s + half + 2000}},
          {"a pre spike one turn after a post spike", {s, s + kTurn + 7}, {s + 10, s + 20, s + kTurn + 20}},
          {"quiet for four turns", {s, s + 4 * kTurn, s + 4 * kTurn + 500}, {s + 5, s + 4 * kTurn + 100, s + 4 * kTurn + 600}},
          {"often, over a turn",
           {s, 2 * s, 3 * s, 4 * s, 5 * s, 6 * s},
           {s + 1, s + 100, 3 * s - 1, 4 * s + 1, 4 * s + 2, 4 * s + 3, 4 * s + 4, 4 * s + 5, 6 * s + 1}}};
}

TEST(LongTimes, PairsFurtherApartThan31BitsOfTicks) {
  const Stdp stdp = slow();
  for (const Protocol& p : protocols())
    for (const bool rows : {false, true})
      for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
        SCOPED_TRACE(::testing::Message() << p.name << ", rows " << rows << ", trial " << (commit == Commit::kTrial));
        const auto session = start(pair_at_1_ns(stdp, rows, commit), 1, Update::kLazy);
        std::vector<Spike> in;
        for (const Time t : p.pre) in.push_back({t - 1, 0, 0});
        for (const Time t : p.post) in.push_back({t - 1, 2, 0});
        Recording r;
        session->advance(30 * kSecond, in, r);
        session->commit();
        EXPECT_EQ(r.spikes.size(), p.post.size());
        const double expected = all_pairs(stdp, p.pre, p.post);
        EXPECT_NE(expected, 0);
        EXPECT_NEAR(session->weights(0)[0], expected, 1e-7);
        for (std::size_t i = 1; rows && i < 40; ++i) ASSERT_EQ(session->weights(0)[i], 0) << i;
        EXPECT_GT(session->counts().projections[0].plastic_updates, 0u);
      }
}

/// The recent spikes of a neuron as 32 bits tell, for the span that is promised, before from after, however long ago they were.
TEST(LongTimes, RecentSpikesStayInOrder) {
  constexpr std::uint32_t kNeurons = 5;
  PostLog log(kNeurons);
  std::vector<Tick> last(kNeurons, -1);
  Tick now = 10;
  const Tick steps[] = {1,  1000, PostLog::kFresh - 1, PostLog::kFresh + 1, 3 * PostLog::kFresh, kTurn - 1, kTurn, kTurn + 1, 5 * kTurn + 3,
                        17, 2,    kTurn / 2,           kTurn / 2 - 1};
  int serial = 0;
  for (int round = 0; round < 20; ++round)
    for (const Tick step : steps) {
      now += step;
      log.refresh(now);
      for (std::uint32_t j = 0; j < kNeurons; ++j) {
        const auto since = [&](Tick first) {
          return static_cast<std::int32_t>(static_cast<std::uint32_t>(log.recent[Potentiation::kRecent - 1][j]) -
                                           static_cast<std::uint32_t>(first));
        };
        for (const Tick ago : {Tick{0}, Tick{1}, Tick{500}, PostLog::kFresh - 1})
          ASSERT_EQ(since(now - ago) >= 0, last[j] >= 0 && last[j] >= now - ago)
              << "neuron " << j << ", last " << last[j] << ", now " << now << ", ago " << ago;
      }
      const std::uint32_t j = static_cast<std::uint32_t>(serial++ % 7);  // neuron 4 spikes seldom
      if (j < kNeurons - 1 || round == 3) log.add(std::min(j, kNeurons - 1), now), last[std::min(j, kNeurons - 1)] = now;
    }
}

/// A neuron that is held for a long time, and one that has been silent for a turn: lazy and dense agree where they change over.
TEST(LongTimes, APopulationThatIsSweptAfterATurnOfTicks) {
  Lif lif;
  lif.refractory_ms = 3, lif.tau_m_ms = 0.02;
  NetworkDescription d;
  d.resolution = kNanosecond;
  d.populations = {neurons("n", 4, lif), source("in", 4)};
  d.projections = {connect("in", "n", OneToOne{}, 2, 1e-6)};
  d.probes = {spikes_of("n")};
  // Neuron 0 spikes early, and then never: its hold is one turn old when the sweeping begins, and would look like the future.
  const Time late = kTurn + kMillisecond;
  std::vector<Spike> in = {{late - kTurn, 1, 0}, {late - kMillisecond, 1, 3}};
  for (Time t = 0; t < 2000; ++t) in.push_back({late + t, 1, 1 + static_cast<std::uint32_t>(t % 2)});  // a burst: swept
  in.push_back({late + 2005, 1, 0});
  in.push_back({late + 2005, 1, 3});  // still held, since 1 ms
  const Recording chosen = run(d, to_ms(late + 5 * kMicrosecond), in), lazy = run(d, to_ms(late + 5 * kMicrosecond), in, 1, Update::kLazy);
  EXPECT_EQ(chosen.spikes, lazy.spikes);
  EXPECT_EQ(times_of(chosen, 0, 0), (std::vector<Time>{late - kTurn + 1, late + 2006}));
  EXPECT_EQ(times_of(chosen, 0, 3), std::vector<Time>{late - kMillisecond + 1});
  EXPECT_EQ(times_of(chosen, 0, 1), std::vector<Time>{late + 1});
}

/// Swept for 50 turns of ticks. To visit them all would take a day: the lane is told that it has, between a few that it does visit, and
/// neurons are lifted above their threshold now and then. Held are those that fired less than the refractory time ago, and no others.
TEST(LongTimes, APopulationThatIsSweptForManyTurns) {
  constexpr std::uint32_t kNeurons = 40;
  for (const Tick refractory : {Tick{0}, Tick{3}, Tick{1} << 29, (Tick{1} << 30) - 1}) {
    Lif lif;
    lif.refractory_ms = to_ms(refractory);
    NetworkDescription d;
    d.resolution = kNanosecond;
    d.populations = {neurons("n", kNeurons, lif)};
    const Network network(d);
    const engine::Layout layout = engine::layout_of(network, 1);
    engine::Modes modes(network, Update::kDense);
    modes.begin(1);
    engine::Lane lane(network, layout, 0, modes);
    lane.run(0, 2);
    engine::Block& block = lane.block(0);
    ASSERT_TRUE(block.swept);
    std::mt19937 random(4);
    std::vector<Tick> fired(kNeurons, -2 * refractory - 1);
    std::size_t held = 0, free = 0;
    Tick now = 2;
    while (now < 50 * kTurn) {
      now += static_cast<Tick>(random() % (Tick{1} << 28));
      block.swept_at = now - 1;
      for (std::uint32_t j = 0; j < kNeurons; ++j) block.v[j] = random() % (1u << j % 12) == 0 ? 2 : 0;  // some often, some seldom
      const std::vector<double> lifted = block.v;
      lane.run(now, now + 1);
      std::vector<bool> got(kNeurons);
      for (const engine::TickSpike& s : lane.spikes()) got[s.neuron] = true;
      lane.spikes().clear();
      for (std::uint32_t j = 0; j < kNeurons; ++j) {
        if (lifted[j] == 0) continue;
        const bool may = now > fired[j] + refractory;
        ASSERT_EQ(got[j], may) << j << " at " << now << ", fired at " << fired[j];
        (may ? free : held) += 1;
        if (may) fired[j] = now;
      }
      now += 2;
    }
    EXPECT_GT(free, 100u);
    EXPECT_EQ(held > 0, refractory > 3);
  }
}

}  // namespace
}  // namespace spikeloop::testing
