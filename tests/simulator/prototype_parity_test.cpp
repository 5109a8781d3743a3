// SPDX-License-Identifier: Apache-2.0
// One training trial of our learning prototype, spike for spike and weight for weight, by a network that is nothing but a description.
//
// The prototype steps through milliseconds and passes spikes from layer to layer within one; here a connection takes at least a tick (of
// 1 ms). So each layer lives a tick later than the one before it: what the prototype does in ms t, `hidden` does at tick t + 1, `out` at
// t + 2 and `controller` at t + 3. The golden file says how its numbers were made, and why rounding decides none of its spikes.
//
// What is not the same, and does not show in this trial: the prototype holds its floor in every ms, ours where input arrives (and inputs
// that sum to 0 are none). And the prototype bounds what a controller neuron has said in sum (at a value that it never reaches).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

using Rows = std::map<std::uint32_t, std::vector<double>>;

/// The golden file: `set` lines by name, all others by their words before the index, and then by that.
struct Golden {
  std::map<std::string, double> set;
  std::map<std::string, Rows> rows;

  double operator()(const std::string& name) const { return set.at(name); }
  std::uint32_t count(const std::string& name) const { return static_cast<std::uint32_t>(set.at(name)); }
  /// A full matrix, row-major, times `factor`.
  std::vector<float> matrix(const std::string& name, double factor = 1) const {
    std::vector<float> all;
    for (const auto& [index, row] : rows.at(name))
      for (const double value : row) all.push_back(static_cast<float>(factor * value));
    return all;
  }
};

Golden read_golden() {
  Golden g;
  std::ifstream file(SPIKELOOP_SOURCE_DIR "/tests/golden/prototype_trial.txt");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, more;
    if (!(words >> name) || name[0] == '#') continue;
    words >> more;
    if (name == "set") {
      words >> g.set[more];
      continue;
    }
    do name += " " + more;
    while (words >> more && !std::isdigit(static_cast<unsigned char>(more[0])));
    std::vector<double>& row = g.rows[name][static_cast<std::uint32_t>(std::stoul(more))];
    for (double value = 0; words >> value;) row.push_back(value);
  }
  return g;
}

const Golden& golden() {
  static const Golden g = read_golden();
  return g;
}

/// Populations, in the order of the description. Neurons k < K of `target`, `off`, `release` and `controller` belong to "output k spikes
/// too little", K + k to "too much".
enum : std::uint32_t { kIn, kTarget, kOff, kRelease, kHidden, kOut, kController };
/// How many ticks later than in the prototype the spikes of a layer come.
constexpr Tick kHiddenLater = 1, kOutLater = 2, kControllerLater = 3;
/// Plastic projections.
constexpr std::size_t kInToHidden = 0, kHiddenToOut = 1;

Tensor tensor(std::vector<float> weights) { return {std::make_shared<const std::vector<float>>(std::move(weights)), "golden"}; }

/// What the membrane gains in a tick by an exponential current that is 1 mV at its beginning.
double gain(double tau_current_ms, double tau_m_ms) {
  if (tau_current_ms == tau_m_ms) return std::exp(-1 / tau_m_ms) / tau_m_ms;
  return tau_current_ms / (tau_current_ms - tau_m_ms) * (std::exp(-1 / tau_current_ms) - std::exp(-1 / tau_m_ms));
}

/// mV of apical current, at its own tick, per unit of the prototype's, which is added to v as it is: a tick later ours has decayed and
/// moves v by as much as the prototype's has decayed.
double apical_per_unit(double tau_current_ms, double tau_m_ms) { return std::exp(-1 / tau_current_ms) / gain(tau_current_ms, tau_m_ms); }

/// A current as the prototype has them, which moves v already at the tick at which a spike brings it, while an apical current does from the
/// next: the first step is a delta input.
void connect_current(NetworkDescription& d, const std::string& from, const std::string& to, const std::vector<float>& weights,
                     double tau_current_ms, double tau_m_ms, Tick delay) {
  std::vector<float> apical;
  for (const float w : weights) apical.push_back(static_cast<float>(w * apical_per_unit(tau_current_ms, tau_m_ms)));
  d.projections.push_back(connect(from, to, tensor(weights), 1, static_cast<double>(delay)));
  d.projections.push_back(connect(from, to, tensor(apical), 1, static_cast<double>(delay), Port::kApical));
}

/// The prototype's neuron: subtractive reset, and a floor.
Lif unit(double tau_m_ms, double tau_apical_ms) {
  Lif lif;
  lif.tau_m_ms = tau_m_ms, lif.tau_apical_ms = tau_apical_ms;
  lif.v_threshold_mv = 1, lif.reset = Reset::kSubtract, lif.v_floor_mv = golden()("v_floor");
  return lif;
}

Rule feedback_rule(const std::string& name, double eta, double active_trace, Commit commit) {
  const Golden& g = golden();
  FeedbackCurrent r;
  r.eta = eta / apical_per_unit(g("tau_u_ms"), g("tau_m_ms")), r.tau_trace_ms = g("tau_s_ms"), r.active_trace = active_trace;
  return {name, r, commit, -g("weight_max"), g("weight_max")};
}

/// The two layers and how they learn.
NetworkDescription layers(Commit commit) {
  const Golden& g = golden();
  const std::uint32_t outputs = g.count("outputs");
  NetworkDescription d;
  d.resolution = kMillisecond;
  d.populations = {source("in", g.count("inputs")),
                   source("target", 2 * outputs),
                   source("off", 2 * outputs),
                   source("release", 2 * outputs),
                   neurons("hidden", g.count("hidden"), unit(g("tau_m_ms"), g("tau_u_ms"))),
                   neurons("out", outputs, unit(g("tau_m_ms"), g("tau_u_ms"))),
                   neurons("controller", 2 * outputs, unit(g("tau_c_ms"), g("tau_o_ms")))};
  d.rules = {feedback_rule("hidden", g("eta_hidden"), g("active_trace"), commit), feedback_rule("out", g("eta_out"), 0, commit)};
  d.projections = {plastic(connect("in", "hidden", tensor(g.matrix("weights hidden")), 1, kHiddenLater), "hidden"),
                   plastic(connect("hidden", "out", tensor(g.matrix("weights out")), 1, kOutLater - kHiddenLater), "out")};
  for (const char* name : {"hidden", "out", "controller"}) d.probes.push_back(spikes_of(name));
  return d;
}

/// The controller reads the exponential trace of the outputs, of 1 / tau_o a spike, as a current of sign -1 where too little is looked for.
/// The wanted and the tolerated rate come as a spike a tick, which also means that its floor holds at every tick.
void add_controller(NetworkDescription& d) {
  const Golden& g = golden();
  const std::uint32_t outputs = g.count("outputs");
  const double scale = 1 / (g("dead_zone") * g("tau_c_ms"));
  std::vector<float> read(std::size_t{outputs} * 2 * outputs);
  std::vector<double> target(2 * outputs);
  for (std::uint32_t k = 0; k < outputs; ++k) {
    target[k] = scale * g("rate_true"), target[outputs + k] = -scale * g("rate_other");
    read[k * 2 * outputs + k] = static_cast<float>(-scale / g("tau_o_ms"));
    read[k * 2 * outputs + outputs + k] = static_cast<float>(scale / g("tau_o_ms"));
  }
  connect_current(d, "out", "controller", read, g("tau_o_ms"), g("tau_c_ms"), kControllerLater - kOutLater);
  Projection from_target = connect("target", "controller", OneToOne{}, 0, kControllerLater);
  from_target.weight = listed(target);
  // Off: a spike a tick presses it to the floor, whatever the outputs do. Then one spike lifts what is left of the floor back to 0.
  d.projections.insert(d.projections.end(),
                       {from_target, connect("off", "controller", OneToOne{}, -1000, kControllerLater),
                        connect("release", "controller", OneToOne{}, -g("v_floor") * std::exp(-1 / g("tau_c_ms")), kControllerLater)});

  // In the prototype a layer has the current `feedback_delay_ms` + 1 after the controller's spike.
  for (const auto& [to, later] : {std::pair{"hidden", kHiddenLater}, std::pair{"out", kOutLater}}) {
    std::vector<float> weights = g.matrix(std::string("q ") + to, g("amplitude"));
    const std::vector<float> too_much = g.matrix(std::string("q ") + to, -g("amplitude"));
    weights.insert(weights.end(), too_much.begin(), too_much.end());
    const Tick delay = static_cast<Tick>(g("feedback_delay_ms")) + 1 + later - kControllerLater;
    connect_current(d, "controller", to, weights, g("tau_u_ms"), g("tau_m_ms"), delay);
  }
}

NetworkDescription prototype(Commit commit) {
  NetworkDescription d = layers(commit);
  add_controller(d);
  return d;
}

/// The inputs, and the teaching: which controller neurons are on, from the last ms of the free phase on, says the label.
std::vector<Spike> stimulus() {
  const Golden& g = golden();
  std::vector<Spike> in;
  for (const auto& [neuron, times] : g.rows.at("spikes in"))
    for (const double ms : times) in.push_back(at_ms(ms, kIn, neuron));
  const std::uint32_t outputs = g.count("outputs"), on = g.count("t1_ms") - 1, end = g.count("t1_ms") + g.count("t2_ms");
  for (std::uint32_t n = 0; n < 2 * outputs; ++n) {
    const bool taught = (n % outputs == g.count("label")) == (n < outputs);
    for (std::uint32_t ms = 0; ms < end; ++ms) in.push_back(at_ms(ms, taught && ms >= on ? kTarget : kOff, n));
    if (taught) in.push_back(at_ms(on, kRelease, n));
  }
  return in;
}

/// Spikes by neuron, in ms of the prototype; those after its trial are left out.
Rows spikes_in_prototype_time(const Recording& r, std::uint32_t population, Tick later) {
  Rows rows;
  for (const Spike& s : r.spikes)
    if (const double ms = to_ms(s.time) - static_cast<double>(later);
        s.population == population && ms < golden()("t1_ms") + golden()("t2_ms"))
      rows[s.neuron].push_back(ms);
  return rows;
}

/// The prototype has one controller neuron a class, whose sign the label decides.
Rows expected_controller(const std::string& mode) {
  Rows rows;
  for (const auto& [k, times] : golden().rows.at(mode + " spikes controller"))
    rows[k == golden().count("label") ? k : golden().count("outputs") + k] = times;
  return rows;
}

/// What differs from the prototype: spike trains, and weight changes by more than float32 rounding of weights below 1 adds up to.
std::vector<std::string> differences(const NetworkDescription& d, const std::string& mode, std::size_t threads, engine::Update update) {
  const Golden& g = golden();
  const auto session = start(d, threads, update);
  const std::vector<float> before[] = {session->weights(kInToHidden), session->weights(kHiddenToOut)};
  Recording r;
  const double end = g("t1_ms") + g("t2_ms");
  advance(*session, end + kOutLater, r, stimulus());  // the last ms of the prototype's trial has passed in `out`
  session->commit();
  const std::vector<float> after[] = {session->weights(kInToHidden), session->weights(kHiddenToOut)};
  advance(*session, end + kControllerLater, r);  // and in the controller

  std::vector<std::string> found;
  const auto compare = [&](const std::string& name, const Rows& got, const Rows& expected) {
    if (got != expected) found.push_back("spikes of " + name);
  };
  compare("hidden", spikes_in_prototype_time(r, kHidden, kHiddenLater), g.rows.at(mode + " spikes hidden"));
  compare("out", spikes_in_prototype_time(r, kOut, kOutLater), g.rows.at(mode + " spikes out"));
  compare("controller", spikes_in_prototype_time(r, kController, kControllerLater), expected_controller(mode));
  for (const std::size_t layer : {kInToHidden, kHiddenToOut}) {
    const std::string name = layer == kInToHidden ? "hidden" : "out";
    const Rows& expected = g.rows.at(mode + " change " + name);
    const std::size_t width = g.rows.at("weights " + name).at(0).size();
    for (std::size_t i = 0; i < after[layer].size(); ++i) {
      const auto row = expected.find(static_cast<std::uint32_t>(i / width));
      const double change = static_cast<double>(after[layer][i]) - static_cast<double>(before[layer][i]);
      if (std::abs(change - (row == expected.end() ? 0 : row->second.at(i % width))) > 2e-6)
        found.push_back("weight " + std::to_string(i / width) + " to " + name + " " + std::to_string(i % width));
    }
  }
  return found;
}

const std::pair<Commit, std::string> kModes[] = {{Commit::kImmediate, "online"}, {Commit::kTrial, "trial"}};

class PrototypeParity : public ::testing::TestWithParam<engine::Update> {};

TEST_P(PrototypeParity, OneTrialSpikeForSpikeAndWeightForWeight) {
  for (const auto& [commit, mode] : kModes)
    for (const std::size_t threads : {1, 2})
      EXPECT_EQ(differences(prototype(commit), mode, threads, GetParam()), std::vector<std::string>{}) << mode << ' ' << threads;
}

INSTANTIATE_TEST_SUITE_P(Updates, PrototypeParity, ::testing::ValuesIn(kEveryUpdate),
                         [](const auto& update) { return name_of(update.param); });

FeedbackCurrent& rule_of(NetworkDescription& d, std::size_t rule) { return std::get<FeedbackCurrent>(d.rules[rule].kind); }
Lif& lif_of(NetworkDescription& d, std::size_t population) { return std::get<Lif>(std::get<NeuronModel>(d.populations[population].kind)); }

/// The trial is rich enough: a network that differs in one point from what the prototype says does not pass for it.
TEST(PrototypeTrial, TellsAnythingElseApart) {
  const std::map<std::string, std::function<void(NetworkDescription&)>> broken = {
      {"eta of the hidden layer", [](NetworkDescription& d) { rule_of(d, 0).eta *= 1.001; }},
      {"eta of the outputs", [](NetworkDescription& d) { rule_of(d, 1).eta *= 1.001; }},
      {"silent neurons learn", [](NetworkDescription& d) { rule_of(d, 0).active_trace = 0; }},
      {"only active outputs learn", [](NetworkDescription& d) { rule_of(d, 1).active_trace = 1; }},
      {"no bounds", [](NetworkDescription& d) { d.rules[1].weight_min = d.rules[1].weight_max = std::nullopt; }},
      {"feedback a tick later",
       [](NetworkDescription& d) {
         d.projections.back().delay_ms = {Constant{3}, {}};
       }},
      {"feedback that only teaches", [](NetworkDescription& d) { d.projections.back().port = Port::kModulator; }},
      {"reset to 0", [](NetworkDescription& d) { lif_of(d, kHidden).reset = Reset::kToValue; }},
      {"outputs without a floor", [](NetworkDescription& d) { lif_of(d, kOut).v_floor_mv = std::nullopt; }},
      {"a controller without a floor", [](NetworkDescription& d) { lif_of(d, kController).v_floor_mv = std::nullopt; }},
      {"slower feedback", [](NetworkDescription& d) { lif_of(d, kOut).tau_apical_ms = 41; }},
  };
  for (const auto& [commit, mode] : kModes) {
    for (const auto& [what, damage] : broken) {
      NetworkDescription d = prototype(commit);
      damage(d);
      EXPECT_NE(differences(d, mode, 1, engine::Update::kAuto), std::vector<std::string>{}) << mode << ": " << what;
    }
    const Commit other = commit == Commit::kTrial ? Commit::kImmediate : Commit::kTrial;
    EXPECT_NE(differences(prototype(other), mode, 1, engine::Update::kAuto), std::vector<std::string>{}) << mode << ": the other commit";
  }
}

}  // namespace
}  // namespace spikeloop::testing
