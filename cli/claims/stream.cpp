// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "backends/simulator/simulator.hpp"
#include "cli/claims/statistics.hpp"
#include "cli/claims/trains.hpp"
#include "core/controller.hpp"
#include "core/io/events_bin.hpp"
#include "core/random.hpp"
#include "report/charts.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kSigmaMs = 20, kTauMs = 20, kJitterMs = 5;
constexpr Time kPeriodStep = 100 * kMillisecond;
constexpr const char* kOrigin =
    "the Oxford spike-train pair: example/01_Oxford/oxford/{input,output}.bs1 of github.com/bamsumit/slayerPytorch, as events/oxford_*.bs1";

/// One repetition of what is played.
struct Stream {
  std::vector<Spike> input, target;
  Trains wanted;
  Time period = 0;
};

NetworkDescription probed(NetworkDescription d) {
  for (const std::string& population : {std::string("out"), controller_plus("out"), controller_minus("out")}) {
    Probe probe;
    probe.name = "claim." + population;
    probe.population = population;
    d.probes.push_back(std::move(probe));
  }
  return d;
}

std::vector<Spike> read(const Network& network, const std::string& population, std::size_t addresses, const char* file, const char* sha256,
                        const ClaimOptions& options) {
  const auto index = static_cast<std::uint32_t>(network.population_index(population));
  std::vector<Spike> spikes;
  for (const io::Event& e : io::read_events_bin(options.data / file, static_cast<std::uint32_t>(addresses), sha256, kOrigin))
    spikes.push_back({e.time, index, e.address});
  return spikes;
}

Stream read_stream(const Network& network, const ClaimOptions& options) {
  const auto size = [&](const char* population) { return network.populations()[network.population_index(population)].size(); };
  Stream s;
  s.input = read(network, "in", size("in"), "events/oxford_input.bs1", "6713b4b77f9a32cfd64d90e78f8ffdcfcaceffb443f9372bd780549edda80505",
                 options);
  s.target = read(network, controller_target("out"), size("out"), "events/oxford_output.bs1",
                  "b85f1d33ea7edf314c612f4264dabf527cdf1034d94712a7adefcf88b5f8cb40", options);
  for (const auto* spikes : {&s.input, &s.target})
    for (const Spike& spike : *spikes) s.period = std::max(s.period, (spike.time / kPeriodStep + 1) * kPeriodStep);
  s.wanted = trains_of(s.target, s.target.front().population, size("out"));
  return s;
}

/// A session that the stream is played to.
class Player final : public Sink {
 public:
  Player(const Network& network, const Program& program, const Stream& stream)
      : session_(program.start()), stream_(&stream), out_(static_cast<std::uint32_t>(network.population_index("out"))) {}

  /// One repetition more, behind the one before. `taught`: with the target trains; the first of them switches the controller on.
  void play(bool taught, std::span<const Spike> input) {
    start_ = session_->now();
    spikes_.clear(), help_ = 0;
    std::vector<Spike> in(input.begin(), input.end());
    if (taught) {
      in.insert(in.end(), stream_->target.begin(), stream_->target.end());
      if (start_ == 0) in.push_back({0, stream_->target.front().population, static_cast<std::uint32_t>(stream_->wanted.size())});
    }
    for (Spike& s : in) s.time += start_;
    session_->advance(start_ + stream_->period, in, *this);
  }
  Trains trains() const { return trains_of(spikes_, out_, stream_->wanted.size(), start_); }
  double help() const { return static_cast<double>(help_); }
  Session& session() const { return *session_; }

  void spike(const Spike& s) override {
    if (s.population == out_)
      spikes_.push_back(s);
    else
      ++help_;
  }
  void sample(Time, std::uint32_t, std::span<const double>) override {}

 private:
  std::unique_ptr<Session> session_;
  const Stream* stream_;
  std::uint32_t out_;
  std::vector<Spike> spikes_;
  std::uint64_t help_ = 0;
  Time start_ = 0;
};

/// What came of one seed.
struct Run {
  std::vector<double> help;                       ///< by repetition, with feedback
  std::vector<double> repetitions, correlations;  ///< without feedback, after so many repetitions
  std::vector<double> others;                     ///< the same with the target of other neurons
  Trains before, after;                           ///< without feedback
  double jittered = 0;                            ///< correlation with jittered input
};

double like(const Trains& trains, const Trains& target, const Stream& s) { return correlation(trains, target, kSigmaMs, to_ms(s.period)); }

/// What the weights do without target, feedback and learning, from rest.
Trains alone(Player& tester, const Network& network, const Session& learner, std::span<const Spike> input) {
  for (std::size_t p = 0; p < network.projections().size(); ++p)
    if (!network.projections()[p].rule.empty()) tester.session().set_weights(p, learner.weights(p));
  tester.session().set_learning(0, 0);
  tester.session().reset();
  tester.play(false, input);
  return tester.trains();
}

std::vector<Spike> jittered(const Stream& s, std::uint64_t seed) {
  std::vector<Spike> input = s.input;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const Time moved = input[i].time + from_ms(kJitterMs * random_normal(seed, stream_of("claims/stream", "jitter"), i));
    input[i].time = std::clamp(moved, Time{0}, s.period - 1);
  }
  return input;
}

/// The trains of other neurons.
Trains shuffled(const Trains& target) {
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (std::size_t n = 0; n < target.size(); ++n) order.emplace_back(random_bits(1, stream_of("claims/stream", "shuffle"), n).low, n);
  std::sort(order.begin(), order.end());
  Trains trains;
  for (const auto& [key, n] : order) trains.push_back(target[n]);
  return trains;
}

Run run_seed(const Network& network, const Stream& s, std::size_t repetitions, std::uint64_t seed) {
  const auto program = make_simulator()->compile(network);
  Player learner(network, *program, s), tester(network, *program, s);
  const Trains others = shuffled(s.wanted);
  Run run;
  const auto look = [&](std::size_t repetition) {
    run.after = alone(tester, network, learner.session(), s.input);
    run.repetitions.push_back(static_cast<double>(repetition));
    run.correlations.push_back(like(run.after, s.wanted, s)), run.others.push_back(like(run.after, others, s));
  };
  look(0);
  run.before = run.after;
  for (std::size_t k = 1; k <= repetitions; ++k) {
    learner.play(true, s.input);
    run.help.push_back(learner.help());
    if (k == 1 || k == 2 || k % 5 == 0) look(k);
  }
  run.jittered = like(alone(tester, network, learner.session(), jittered(s, seed)), s.wanted, s);
  return run;
}

/// Every train as regular as its number of spikes allows: what knows the rates of the target, and nothing of its times.
Trains regular(const Trains& target, double period_ms) {
  Trains trains(target.size());
  for (std::size_t n = 0; n < target.size(); ++n)
    for (std::size_t k = 0; k < target[n].size(); ++k)
      trains[n].push_back(period_ms * (static_cast<double>(k) + 0.5) / static_cast<double>(target[n].size()));
  return trains;
}

/// A finding of the worst of the seeds.
void judge(ClaimResult& r, std::string name, const std::vector<double>& values, double limit, bool above) {
  const double worst = above ? least(values) : greatest(values);
  r.findings.push_back({std::move(name), worst, fmt::format("{} {}", above ? ">" : "<", limit), above ? worst > limit : worst < limit});
}

/// Limits lie between what was measured (seeds 1 to 12, either size) and what a network has that has not learned, or has learned no more
/// than the rates of the target.
void judge_all(ClaimResult& r, const std::vector<Run>& runs, const Stream& s) {
  const Trains rates = regular(s.wanted, to_ms(s.period));
  const auto each = [&](auto&& of) {
    std::vector<double> values;
    for (const Run& run : runs) values.push_back(of(run));
    return values;
  };
  const auto show = [&](std::string name, double value) { r.findings.push_back({std::move(name), value, "", true}); };
  judge(r, "correlation with the target", each([](const Run& x) { return x.correlations.back(); }), 0.65, true);
  judge(r, "the same before learning", each([](const Run& x) { return x.correlations.front(); }), 0.2, false);
  judge(r, "correlation with the targets of others", each([](const Run& x) { return x.others.back(); }), 0.3, false);
  judge(r, "van Rossum D² from the target, silence 1", each([&](const Run& x) { return van_rossum(x.after, s.wanted, kTauMs); }), 0.42,
        false);
  judge(r, "the same D² before learning", each([&](const Run& x) { return van_rossum(x.before, s.wanted, kTauMs); }), 0.8, true);
  judge(r, "help left in the last five repetitions", each([](const Run& x) {
          return (x.help.end()[-1] + x.help.end()[-2] + x.help.end()[-3] + x.help.end()[-4] + x.help.end()[-5]) / 5 / x.help.front();
        }),
        0.8, false);
  show("D² of regular trains of the same rates", van_rossum(rates, s.wanted, kTauMs));
  show("correlation of such trains", like(rates, s.wanted, s));
  show(fmt::format("correlation, input moved by {} ms at random", kJitterMs), runs.front().jittered);
  show("controller spikes in the first repetition", runs.front().help.front());
  show("fewest controller spikes in a repetition", least(runs.front().help));
}

/// Every fourth neuron.
report::RasterGroup raster(const char* name, const Trains& trains, int colour) {
  report::RasterGroup group;
  group.name = name, group.colour = colour;
  for (std::size_t n = 0; n < trains.size(); n += 4, ++group.neurons)
    for (const double t : trains[n]) group.times_ms.push_back(t), group.rows.push_back(group.neurons);
  return group;
}

void draw(ClaimResult& r, const std::vector<Run>& runs, const Stream& s) {
  report::LinePlot help, alike;
  help.title = "Help by repetition", help.x_label = "repetition of the stream", help.y_label = "controller spikes", help.y_low = 0;
  alike.title = "Correlation with the target by repetition", alike.x_label = "repetitions learned", alike.y_label = "correlation";
  for (const Run& run : runs) {
    const bool named = &run == &runs.front();
    help.series.push_back(curve("", run.help, 0));
    alike.series.push_back(curve(named ? "own target" : "", run.repetitions, run.correlations, 0));
    alike.series.push_back(curve(named ? "other targets" : "", run.repetitions, run.others, 6));
    alike.series.back().dashed = true;
  }
  report::RasterPlot spikes;
  spikes.title = "Target, and outputs without feedback", spikes.duration_ms = to_ms(s.period);
  spikes.groups = {raster("target", s.wanted, 6), raster("after learning", runs.front().after, 0),
                   raster("before", runs.front().before, 1)};
  r.plots.push_back({report::line_plot(help), "Controller spikes a repetition, while teaching is on all the time; a line a seed."});
  r.plots.push_back(
      {report::line_plot(alike),
       "Mean correlation of the outputs with their targets (dashed: those of other neurons), both smoothed by 20 ms, with feedback and "
       "learning off; a line a seed."});
  r.plots.push_back({report::raster_plot(spikes), "Every fourth output, without feedback, before and after learning, and its target."});
}

}  // namespace

ClaimResult stream(const NetworkDescription& description, const ClaimOptions& options) {
  const std::size_t seeds = options.smoke ? 1 : 3, repetitions = options.smoke ? 20 : 30;
  std::vector<Run> runs;
  Stream s;
  for (std::uint64_t seed = options.seed; seed < options.seed + seeds; ++seed) {
    NetworkDescription d = probed(description);
    d.seed = seed;
    const Network network(std::move(d));
    s = read_stream(network, options);
    runs.push_back(run_seed(network, s, repetitions, seed));
  }
  ClaimResult r;
  judge_all(r, runs, s);
  draw(r, runs, s);
  return r;
}

Claim stream_claim() {
  return {"stream",
          "A temporal stream is learned without phases: everything runs on, every synapse learns at once, and the feedback is needed less "
          "and less.",
          stream};
}

}  // namespace spikeloop::cli
