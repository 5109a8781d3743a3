// SPDX-License-Identifier: Apache-2.0
// Resident memory, of a process of its own for each network: while it is built, and while it runs for long.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <string>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

/// A line of /proc/self/status, in bytes.
double status_bytes(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  double kilobytes = 0;
  while (status >> word)
    if (word == name && status >> kilobytes) return kilobytes * 1024;
  return 0;
}

/// What `measure` returns in a new process, where nobody else's memory counts.
std::array<double, 2> in_a_process(const std::function<std::array<double, 2>()>& measure) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    std::ofstream("/proc/self/clear_refs") << "5\n";  // the peak is counted from here
    const std::array<double, 2> result = measure();
    const bool written = write(ends[1], result.data(), sizeof result) == static_cast<ssize_t>(sizeof result);
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::array<double, 2> result{};
  const bool complete = read(ends[0], result.data(), sizeof result) == static_cast<ssize_t>(sizeof result);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(complete && status == 0);
  return result;
}

struct Case {
  const char* name;
  NetworkDescription description;
};

std::vector<Case> cases() {
  constexpr std::uint64_t kSynapses = 8'000'000;
  NetworkDescription d;
  d.populations = {source("in", 20'000), neurons("n", 8000, Lif{})};
  d.rules = {{"trial", Stdp{}, Commit::kTrial, {}, {}}};
  std::vector<Case> all;
  const auto add = [&](const char* name, const Projection& p, Time resolution = 100 * kMicrosecond) {
    all.push_back({name, d});
    all.back().description.projections = {p};
    all.back().description.resolution = resolution;
  };
  const Projection p = connect("in", "n", FixedInDegree{kSynapses / 8000}, 1);
  add("fixed in-degree", p);
  add("fixed probability", connect("in", "n", FixedProbability{0.05}, 1));
  add("fixed total number", connect("in", "n", FixedTotalNumber{kSynapses}, 1));
  add("fixed total number without multapses", connect("in", "n", FixedTotalNumber{kSynapses, false, true}, 1));
  Projection q = p;
  q.delay_ms = normal(3, 0.5);
  add("delays at 0.1 ms", q);
  add("delays at 1 us", q, kMicrosecond);
  add("delays at 1 ns", q, kNanosecond);
  q.weight = normal(0, 1);
  add("delays and weights", q);
  add("plastic", plastic(p, "trial"));
  std::vector<std::uint32_t> from, to;
  for (std::uint64_t i = 0; i < kSynapses; ++i)
    from.push_back(static_cast<std::uint32_t>(i * 7919 % 20'000)), to.push_back(static_cast<std::uint32_t>(i * 104'729 % 8000));
  add("pairs", connect("in", "n", pairs(from, to), 1));
  return all;
}

TEST(MemorySlow, ThePeakOfBuildingIsLittleMoreThanWhatIsBuilt) {
  for (const Case& c : cases())
    for (const std::size_t threads : {1, 2}) {
      SCOPED_TRACE(::testing::Message() << c.name << ", threads " << threads);
      const auto [peak, after] = in_a_process([&]() -> std::array<double, 2> {
        const double before = status_bytes("VmRSS:");
        const auto session = start(c.description, threads);
        return {status_bytes("VmHWM:") - before, status_bytes("VmRSS:") - before};
      });
      EXPECT_GT(after, 2 * 7.9e6);
      EXPECT_LE(peak, 1.3 * after);
    }
}

/// Neurons whose plans for a crossing change at every input, and delays that use every slot of the calendar in turn.
TEST(MemorySlow, ALongRunTakesNoMoreThanAShortOne) {
  If slow;
  slow.bias_mv = 1e-6, slow.v_threshold_mv = 1e6;
  NetworkDescription d;
  d.populations = {source("in", 1000, PoissonSource{100}), neurons("n", 1000, slow), source("clock", 40, RegularSource{5000, 0, true}),
                   neurons("m", 100, slow)};
  d.projections = {connect("in", "n", OneToOne{}, 0.01), connect("clock", "m", AllToAll{}, 0.001)};
  d.projections[1].connect = FixedProbability{0.9};
  d.projections[1].delay_ms = {Uniform{0.1, 5}, {}};
  const auto [early, late] = in_a_process([&]() -> std::array<double, 2> {
    const auto session = start(d, 1, engine::Update::kLazy);
    NullSink nobody;
    session->advance(from_ms(1000), {}, nobody);
    const double then = status_bytes("VmRSS:");
    session->advance(from_ms(9000), {}, nobody);
    return {then, status_bytes("VmRSS:")};
  });
  EXPECT_GT(early, 0);
  EXPECT_LT(late - early, 3e6);
}

}  // namespace
}  // namespace spikeloop::testing
