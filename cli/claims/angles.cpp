// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/angles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "backends/simulator/simulator.hpp"
#include "cli/claims/angle_plot.hpp"
#include "cli/claims/digits.hpp"
#include "cli/claims/statistics.hpp"
#include "cli/claims/updates.hpp"
#include "core/controller.hpp"
#include "core/io/digits.hpp"
#include "core/io/files.hpp"
#include "core/random.hpp"
#include "core/trial_runner.hpp"

namespace spikeloop::cli {
namespace {

constexpr std::size_t kLayers = 2;
constexpr std::array kPopulations = {"in", "hidden", "out"};

/// kHebbianApart: of other trials of the same samples, so that no spike noise is shared.
enum Rule { kStdp, kHebbian, kHebbianApart, kCurrent, kError, kRules };
/// How the help comes while updates are compared; the network was trained `kAsTrained`.
enum Help { kAsTrained, kTransposed, kRedrawn, kFlipped, kNoDrive, kHelps };

/// How much is run.
struct Size {
  std::size_t seeds, warm_up, train, compare;
};

/// The free phase is long: rates must have settled before the help comes, or STDP takes their settling for a signal.
Experiment protocol() {
  Experiment e;
  e.encode.population = "in";
  e.encode.max_hz = 300;
  e.encode.mean = 0.3;
  e.free_ms = 150, e.feedback_ms = 100;
  e.readout.population = "out";
  return e;
}

/// Trials whose random phases no training trial has; the next number is that of another trial of the same sample.
std::uint64_t trial_of(std::size_t i) { return 1'000'000 + 2 * i; }

/// What the network has learned before updates are compared.
struct Learned {
  std::array<std::vector<float>, kLayers> weights;
  std::vector<double> thresholds;  ///< of the hidden neurons
};

/// A network that runs trials.
struct Bench {
  Network network;
  TrialPlan plan;
  mutable TrialRunner runner;
  std::array<std::uint32_t, kLayers + 1> populations{};
  std::array<std::size_t, kLayers> projections{};

  Bench(const NetworkDescription& d, const Experiment& e, const Dataset& data, std::uint64_t seed)
      : network(with_probes(d, e)), plan(e, network), runner(plan, make_simulator()->compile(network)->start(), data, seed) {
    for (std::size_t k = 0; k <= kLayers; ++k) populations[k] = static_cast<std::uint32_t>(network.population_index(kPopulations[k]));
    for (std::size_t k = 0; k < kLayers; ++k) {
      projections[k] = network.projection_index(fmt::format("{}->{}", kPopulations[k], kPopulations[k + 1]));
      const Projection& p = network.projections()[projections[k]];
      if (!std::holds_alternative<AllToAll>(p.connect))
        throw DescriptionError(p.name + " does not connect all to all, and updates are compared as full matrices");
    }
    if (size(0) != data.features) throw DescriptionError(fmt::format("\"in\" has {} neurons for {} pixels", size(0), data.features));
    if (!plan.target) throw DescriptionError("\"out\" has no controller, and what its feedback teaches is claimed");
  }
  Session& session() const { return runner.session(); }
  void run(const TrialTask& task) const { runner.run(task); }
  std::size_t size(std::size_t k) const { return network.populations()[populations[k]].size(); }
  const spikeloop::Rule& rule(std::size_t layer) const {
    const spikeloop::Rule* rule = network.rule_of(network.projections()[projections[layer]]);
    if (!rule) throw DescriptionError(network.projections()[projections[layer]].name + " has no rule whose updates could be compared");
    return *rule;
  }
  Learned learned() const {
    Learned l;
    for (std::size_t k = 0; k < kLayers; ++k) l.weights[k] = session().weights(projections[k]);
    l.thresholds = session().thresholds(populations[1]);
    return l;
  }
  void set(const Learned& l) const {
    for (std::size_t k = 0; k < kLayers; ++k) session().set_weights(projections[k], l.weights[k]);
    session().set_thresholds(populations[1], l.thresholds);
  }
};

/// Mean updates by rule and layer; not divided by the number of trials, since only directions matter.
using Updates = std::array<std::array<Update, kLayers>, kRules>;

NetworkDescription with_current_rules(NetworkDescription d) {
  for (Projection& p : d.projections)
    if (!p.rule.empty()) p.rule += "_current";
  return d;
}

void add_hebbian(std::array<Update, kLayers>& sum, std::span<const Spike> spikes, const Bench& b) {
  const Time end = b.plan.free + b.plan.feedback;
  Gate gate{end, end, b.plan.tick, 0};
  for (const Spike& s : spikes)
    if (b.plan.controller[s.population]) gate.start = std::min(gate.start, s.time + b.plan.tick);  // when it arrives
  for (std::size_t k = 0; k < kLayers; ++k) {
    const auto* rule = std::get_if<StdpFeedback>(&b.rule(k).kind);
    if (!rule) throw DescriptionError(fmt::format("rule \"{}\" is not stdp_feedback", b.rule(k).name));
    gate.active_trace = rule->active_trace;
    cli::add_hebbian(sum[k], spikes, {b.populations[k], b.populations[k + 1], b.size(k), b.size(k + 1), b.plan.tick}, gate,
                     rule->tau_plus_ms);
  }
}

/// Of rates without help: what gradient descent on the squared error of the output rates would change, with the step of a threshold for the
/// slope of a hidden neuron.
void add_error(std::array<Update, kLayers>& sum, std::span<const Spike> spikes, const Bench& b, std::uint32_t label, const Learned& l) {
  std::array<std::vector<double>, kLayers + 1> rates;
  for (std::size_t k = 0; k <= kLayers; ++k) rates[k] = rates_of(spikes, b.populations[k], b.size(k), b.plan.free);
  const std::size_t outputs = b.size(2);
  std::vector<double> error(outputs), hidden(b.size(1), 0.0);
  for (std::size_t o = 0; o < outputs; ++o) error[o] = (o == label ? b.plan.true_hz : b.plan.other_hz) - rates[2][o];
  for (std::size_t j = 0; j < hidden.size(); ++j)
    for (std::size_t o = 0; rates[1][j] > 0 && o < outputs; ++o) hidden[j] += double{l.weights[1][j * outputs + o]} * error[o];
  add_outer(sum[0], rates[0], hidden);
  add_outer(sum[1], rates[1], error);
}

Learned trained(const NetworkDescription& d, const Dataset& data, const Size& size, std::uint64_t seed) {
  Bench b(with_current_rules(d), protocol(), data, seed);
  for (std::size_t i = 0; i < size.warm_up + size.train; ++i) {
    const bool warm_up = i < size.warm_up;
    b.runner.run(
        {i, i % data.train.size(), warm_up ? TrialKind::kWarmUp : TrialKind::kTraining, warm_up ? 0.0 : 1.0, warm_up ? 40.0 : 1.0, {0, 0}});
    b.session().commit();
  }
  return b.learned();
}

/// What the rules of a network would change on samples that it was not trained with: the trials commit once, at the end.
std::array<Update, kLayers> changes(const Bench& b, const Dataset& data, const Learned& l, std::size_t trials) {
  b.set(l);
  for (std::size_t i = 0; i < trials; ++i) b.run({trial_of(i), data.test[i % data.test.size()], TrialKind::kTraining, 1, 0, {0, 0}});
  b.session().commit();
  std::array<Update, kLayers> u;
  for (std::size_t k = 0; k < kLayers; ++k) {
    const std::vector<float> after = b.session().weights(b.projections[k]);
    for (std::size_t i = 0; i < after.size(); ++i) u[k].push_back(double{after[i]} - double{l.weights[k][i]});
  }
  return u;
}

/// The same of all rules, those that are computed from spikes included.
Updates compare(const NetworkDescription& d, const Dataset& data, const Learned& l, const Size& size, std::uint64_t seed) {
  Bench b(d, protocol(), data, seed);
  Updates u;
  for (auto& rule : u)
    for (std::size_t k = 0; k < kLayers; ++k) rule[k].assign(l.weights[k].size(), 0.0);
  u[kStdp] = changes(b, data, l, size.compare);
  u[kCurrent] = changes(Bench(with_current_rules(d), protocol(), data, seed), data, l, size.compare);
  b.set(l);
  for (std::size_t i = 0; i < size.compare; ++i) {
    const std::size_t sample = data.test[i % data.test.size()];
    const std::vector<Spike> spikes = b.runner.show(trial_of(i), sample);
    add_hebbian(u[kHebbian], spikes, b);
    add_error(u[kError], spikes, b, data.labels[sample], l);
    add_hebbian(u[kHebbianApart], b.runner.show(trial_of(i) + 1, sample), b);
  }
  return u;
}

/// The network with other help for `to`; where it drives nobody, none of its populations is driven.
NetworkDescription helped(NetworkDescription d, Help help, const std::string& to, const Learned& l) {
  const std::size_t hidden = l.thresholds.size(), outputs = l.weights[1].size() / hidden;
  double square = 0;
  for (const float w : l.weights[1]) square += double{w} * double{w};
  const auto of_out = std::find_if(d.controllers.begin(), d.controllers.end(), [](const Controller& c) { return c.population == "out"; });
  for (Feedback& f : of_out->feedback) {  // `Bench` has seen that it is there
    if (help == kNoDrive) f.drives = false;
    if (f.to != to) continue;
    if (help == kFlipped) f.amplitude *= -1;
    if (help != kTransposed && help != kRedrawn) continue;
    const auto* normal = std::get_if<Normal>(&f.weights.kind);
    const double std = normal ? normal->std : 1, rms = std::sqrt(square / static_cast<double>(l.weights[1].size()));
    std::vector<double> q(outputs * hidden);
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t j = 0; j < hidden; ++j)
        q[o * hidden + j] = std * (help == kRedrawn ? random_normal(d.seed, stream_of("claims/angles", "redrawn"), o * hidden + j)
                                                    : double{l.weights[1][j * outputs + o]} / std::max(rms, 1e-12));
    f.weights.kind = Listed{std::make_shared<const std::vector<double>>(std::move(q))};
  }
  return d;
}

/// A comparison of two updates in one layer, by seed.
struct Comparison {
  std::vector<double> angles, correlations;

  void add(const Update& a, const Update& b) {
    angles.push_back(angle_deg(a, b));
    correlations.push_back(pearson(a, b));
  }
  double largest() const { return greatest(angles); }
  double smallest() const { return least(angles); }
  AngleBar bar() const { return {mean_spread(angles).mean, smallest(), largest()}; }
};

/// [layer][pair of rules] with the help that the network was trained with, and STDP against error by [layer][help].
struct Comparisons {
  static constexpr std::array<std::pair<Rule, Rule>, 6> kPairs = {std::pair{kStdp, kHebbian},  std::pair{kStdp, kHebbianApart},
                                                                  std::pair{kStdp, kError},    std::pair{kHebbian, kError},
                                                                  std::pair{kCurrent, kError}, std::pair{kStdp, kCurrent}};
  static constexpr std::array kPairNames = {"STDP and differential Hebbian",
                                            "STDP and differential Hebbian of other trials",
                                            "STDP and error",
                                            "differential Hebbian and error",
                                            "feedback current and error",
                                            "STDP and feedback current"};
  std::array<std::array<Comparison, kPairs.size()>, kLayers> pairs;
  std::array<std::array<Comparison, kHelps>, kLayers> helps;
  /// How far STDP goes along the error where the feedback drives nobody, as a share of how far it goes where it does.
  std::array<std::vector<double>, kLayers> undriven;
};

constexpr std::array kHelpNames = {"as trained", "transposed forward weights", "drawn anew", "with the opposite sign",
                                   "only teaches, drives nobody"};
constexpr std::array kLayerNames = {"hidden", "output"};

void run_seed(Comparisons& c, const NetworkDescription& d, const Dataset& data, const Size& size, std::uint64_t seed) {
  const Learned l = trained(d, data, size, seed);
  const Updates u = compare(d, data, l, size, seed);
  for (std::size_t k = 0; k < kLayers; ++k) {
    for (std::size_t p = 0; p < c.pairs[k].size(); ++p)
      c.pairs[k][p].add(u[Comparisons::kPairs[p].first][k], u[Comparisons::kPairs[p].second][k]);
    c.helps[k][kAsTrained].add(u[kStdp][k], u[kError][k]);
  }
  const auto other = [&](Help help, std::size_t layer) {
    return changes(Bench(helped(d, help, kPopulations[layer + 1], l), protocol(), data, seed), data, l, size.compare);
  };
  for (const Help help : {kTransposed, kRedrawn, kFlipped}) c.helps[0][help].add(other(help, 0)[0], u[kError][0]);
  c.helps[1][kFlipped].add(other(kFlipped, 1)[1], u[kError][1]);  // the output's own feedback is the identity, and not drawn
  const auto undriven = other(kNoDrive, 0);
  for (std::size_t k = 0; k < kLayers; ++k) {
    c.helps[k][kNoDrive].add(undriven[k], u[kError][k]);
    const auto along = [&](const Update& x) { return std::inner_product(x.begin(), x.end(), u[kError][k].begin(), 0.0); };
    c.undriven[k].push_back(std::abs(along(undriven[k]) / along(u[kStdp][k])));
  }
}

void at_most(ClaimResult& r, const std::string& name, const Comparison& c, double limit) {
  r.findings.push_back({fmt::format("{}: largest angle (deg)", name), c.largest(), fmt::format("< {:.0f}", limit), c.largest() < limit});
}

void at_least(ClaimResult& r, const std::string& name, const Comparison& c, double limit) {
  r.findings.push_back({fmt::format("{}: smallest angle (deg)", name), c.smallest(), fmt::format("> {:.0f}", limit), c.smallest() > limit});
}

/// Limits lie between what was measured with the mechanism (seeds 1 to 12) and what was measured without it.
void judge(ClaimResult& r, const Comparisons& c) {
  const auto name = [](std::size_t layer, std::size_t pair) {
    return fmt::format("{}, {}", kLayerNames[layer], Comparisons::kPairNames[pair]);
  };
  const auto help = [](std::size_t layer, Help h) {
    return fmt::format("{}, STDP and error, feedback {}", kLayerNames[layer], kHelpNames[h]);
  };
  constexpr double kLimits[kLayers][4] = {{35, 50, 75, 72}, {30, 35, 40, 40}};
  for (std::size_t k = 0; k < kLayers; ++k)
    for (std::size_t p = 0; p < 4; ++p) at_most(r, name(k, p), c.pairs[k][p], kLimits[k][p]);
  at_most(r, help(0, kTransposed), c.helps[0][kTransposed], 65);
  at_least(r, help(0, kRedrawn), c.helps[0][kRedrawn], 75);
  at_least(r, help(0, kFlipped), c.helps[0][kFlipped], 95), at_least(r, help(1, kFlipped), c.helps[1][kFlipped], 90);
  for (std::size_t k = 0; k < kLayers; ++k) {
    const double most = greatest(c.undriven[k]);
    r.findings.push_back({fmt::format("{}, STDP along the error: left without drive", kLayerNames[k]), most, "< 0.25", most < 0.25});
  }
  for (std::size_t k = 0; k < kLayers; ++k)
    for (std::size_t p = 0; p < c.pairs[k].size(); ++p) {
      if (p > 3) r.findings.push_back({name(k, p) + ": mean angle (deg)", c.pairs[k][p].bar().mean, "", true});
      r.findings.push_back({name(k, p) + ": mean correlation", mean_spread(c.pairs[k][p].correlations).mean, "", true});
    }
}

void draw(ClaimResult& r, const Comparisons& c) {
  const std::vector<std::string> layers(kLayerNames.begin(), kLayerNames.end());
  std::vector<AngleRow> pairs, helps;
  for (std::size_t p = 0; p < Comparisons::kPairs.size(); ++p)
    pairs.push_back({Comparisons::kPairNames[p], {c.pairs[0][p].bar(), c.pairs[1][p].bar()}});
  for (std::size_t h = 0; h < kHelps; ++h) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    const bool both = !c.helps[1][h].angles.empty();
    helps.push_back(
        {fmt::format("feedback {}", kHelpNames[h]), {c.helps[0][h].bar(), both ? c.helps[1][h].bar() : AngleBar{kNone, kNone, kNone}}});
  }
  r.plots.push_back({angle_plot("Angles between the updates of learning rules", layers, pairs),
                     "Angles between mean updates of one trained network; 90 degrees: nothing in common. Whiskers: all seeds."});
  r.plots.push_back(
      {angle_plot("Angle between STDP and error by feedback", layers, helps),
       "STDP and the error, by the feedback that comes while updates are compared: it is what the feedback does to the rates that "
       "turns STDP into descent."});
}

}  // namespace

ClaimResult angles(const NetworkDescription& description, const ClaimOptions& options) {
  const Size size = options.smoke ? Size{1, 300, 600, 200} : Size{3, 300, 600, 400};
  const auto path = digits_folder(options.data) / "digits.csv.gz";
  const std::string bytes = io::read_file(path, std::size_t{1} << 24, "it lies in examples/data");
  io::check_sha256(bytes, kDigitsSha256, path.string());
  Dataset data = io::parse_digits(bytes, path.string());
  for (std::size_t i = 0; i < data.size(); ++i) (i < 1200 ? data.train : data.test).push_back(i);
  Comparisons c;
  for (std::uint64_t seed = options.seed; seed < options.seed + size.seeds; ++seed) {
    NetworkDescription d = description;
    d.seed = seed;
    run_seed(c, d, data, size, seed);
  }
  ClaimResult r;
  judge(r, c);
  draw(r, c);
  return r;
}

Claim angles_claim() {
  return {"angles",
          "Spike-timing-dependent plasticity under feedback does what the differential-Hebbian rule does, and both descend the error of "
          "the output, in every layer.",
          angles};
}

}  // namespace spikeloop::cli
