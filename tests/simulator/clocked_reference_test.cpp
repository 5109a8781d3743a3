// SPDX-License-Identifier: Apache-2.0
// Every model against a plain clocked reference written here, that visits every tick: spikes at the first tick with v >= threshold, the
// order inside a tick, refractory ticks, both resets.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

/// What arrives at a tick, as the engine's float32 weights.
struct Input {
  double basal = 0, inhibitory = 0, apical = 0;
};

/// Ticks of 0.1 ms, one neuron, every tick visited. Written from the semantics in network.hpp alone.
class Clocked {
 public:
  explicit Clocked(const NeuronModel& model) : model_(model), m_(membrane_of(model)), s_(*spiking_of(model)), v_(m_.v_rest_mv) {}

  bool tick(const Input& in) {
    const bool held = hold_ > 0;
    if (held)
      --hold_;
    else
      advance_v();
    decay();
    const bool synaptic = std::holds_alternative<LifExp>(model_);
    if (synaptic)
      e_ += in.basal, i_ += in.inhibitory;
    else if (!held)
      v_ += in.basal + in.inhibitory;
    a_ += in.apical;
    if (held || v_ < s_.v_threshold_mv + b_) return floor(in, held), false;
    v_ = s_.reset == Reset::kToValue ? s_.v_reset_mv : v_ - (s_.v_threshold_mv + b_ - s_.v_reset_mv);
    if (const auto* alif = std::get_if<Alif>(&model_)) b_ += alif->adaptation_mv;
    hold_ = std::lround(s_.refractory_ms / kTick);
    if (hold_ == 0) floor(in, held);
    return true;
  }
  double v() const { return v_; }

 private:
  static constexpr double kTick = 0.1;
  double tau_e() const { return std::get<LifExp>(model_).tau_syn_ms; }
  double tau_i() const { return std::get<LifExp>(model_).tau_syn_inhibitory_ms.value_or(tau_e()); }

  double response(double tau_s) const {
    if (std::holds_alternative<If>(model_)) return tau_s / m_.tau_m_ms * (1 - std::exp(-kTick / tau_s));
    if (tau_s == m_.tau_m_ms) return kTick / tau_s * std::exp(-kTick / tau_s);
    return tau_s / (tau_s - m_.tau_m_ms) * (std::exp(-kTick / tau_s) - std::exp(-kTick / m_.tau_m_ms));
  }
  void advance_v() {
    if (std::holds_alternative<If>(model_))
      v_ += m_.bias_mv * kTick / m_.tau_m_ms;
    else
      v_ = m_.v_rest_mv + m_.bias_mv + (v_ - m_.v_rest_mv - m_.bias_mv) * std::exp(-kTick / m_.tau_m_ms);
    v_ += a_ * response(m_.tau_apical_ms);
    if (std::holds_alternative<LifExp>(model_)) v_ += e_ * response(tau_e()) + i_ * response(tau_i());
  }
  void decay() {
    a_ *= std::exp(-kTick / m_.tau_apical_ms);
    if (std::holds_alternative<LifExp>(model_)) e_ *= std::exp(-kTick / tau_e()), i_ *= std::exp(-kTick / tau_i());
    if (const auto* alif = std::get_if<Alif>(&model_)) b_ *= std::exp(-kTick / alif->tau_adaptation_ms);
  }
  void floor(const Input& in, bool held) {
    const bool arrived = in.basal != 0 || in.inhibitory != 0 || in.apical != 0;
    if (s_.v_floor_mv && arrived && !held) v_ = std::max(v_, *s_.v_floor_mv);
  }

  NeuronModel model_;
  Membrane m_;
  Spiking s_;
  double v_, e_ = 0, i_ = 0, a_ = 0, b_ = 0;
  long hold_ = 0;
};

struct ReferenceCase {
  const char* name;
  NeuronModel model;
};

template <class Model>
Model with(Reset reset, double refractory_ms, double bias_mv) {
  Model m;
  m.tau_m_ms = 13, m.tau_apical_ms = 21, m.v_rest_mv = -0.05, m.v_reset_mv = -0.1, m.reset = reset, m.refractory_ms = refractory_ms,
  m.bias_mv = bias_mv;
  return m;
}

std::vector<ReferenceCase> reference_cases() {
  std::vector<ReferenceCase> all;
  for (const Reset reset : {Reset::kToValue, Reset::kSubtract})
    for (const double refractory : {0.0, 0.1, 2.0})
      for (const double bias : {0.0, 0.6, 1.4}) {
        all.push_back({"lif", with<Lif>(reset, refractory, bias)});
        all.push_back({"if", with<If>(reset, refractory, bias)});
        Alif alif = with<Alif>(reset, refractory, bias);
        alif.tau_adaptation_ms = 50, alif.adaptation_mv = 0.2;
        all.push_back({"alif", alif});
        for (const double tau_s : {3.0, 13.0, 40.0}) {
          LifExp e = with<LifExp>(reset, refractory, bias);
          e.tau_syn_ms = tau_s, e.tau_syn_inhibitory_ms = 8;
          all.push_back({"lif_exp", e});
        }
        Lif floor = with<Lif>(reset, refractory, bias);
        floor.v_floor_mv = -0.2;
        all.push_back({"lif with a floor", floor});
      }
  return all;
}

class ClockedReference : public ::testing::TestWithParam<engine::Update> {};

TEST_P(ClockedReference, EveryModelSpikesAtTheSameTicks) {
  std::mt19937 random(7);
  constexpr int kTicks = 5000;
  std::size_t spikes = 0;
  for (const ReferenceCase& c : reference_cases()) {
    SCOPED_TRACE(c.name);
    const bool strong = !std::holds_alternative<LifExp>(c.model);
    const float weights[] = {strong ? 0.31f : 0.7f, strong ? -0.23f : -0.5f, 0.4f};
    const double rates[] = {0.03, 0.02, 0.01};
    std::map<int, Input> input;
    NetworkDescription d;
    d.populations = {neurons("n", 1, c.model), source("in", 3)};
    d.probes = {spikes_of("n"), probe_of("n", Probe::Variable::kPotential, 37.3, 50)};
    Projection basal = connect("in", "n", pairs({0, 1}, {0, 0}), 0);
    basal.weight = listed({static_cast<double>(weights[0]), static_cast<double>(weights[1])});
    Projection apical = connect("in", "n", pairs({2}, {0}), static_cast<double>(weights[2]), 0.1, Port::kApical);
    d.projections = {basal, apical};
    std::vector<Spike> in;
    std::uniform_real_distribution<double> unit(0, 1);
    for (int t = 1; t < kTicks; ++t)
      for (std::uint32_t k = 0; k < 3; ++k) {
        if (unit(random) >= rates[k]) continue;
        in.push_back({(t - 1) * 100 * kMicrosecond, 1, k});
        double& sum = k == 0 ? input[t].basal : k == 1 ? input[t].inhibitory : input[t].apical;
        sum += static_cast<double>(weights[k]);
      }
    Clocked reference(c.model);
    std::vector<Time> expected;
    std::vector<double> potentials;
    for (int t = 1; t < kTicks; ++t) {
      const auto found = input.find(t);
      if (reference.tick(found == input.end() ? Input{} : found->second)) expected.push_back(t * 100 * kMicrosecond);
      if (t % 500 == 373) potentials.push_back(reference.v());
    }
    const Recording r = run(d, 500, in, 1, GetParam());
    EXPECT_EQ(times_of(r, 0, 0), expected);
    spikes += expected.size();
    const auto samples = samples_of(r, 1);
    ASSERT_EQ(samples.size(), potentials.size());
    for (std::size_t k = 0; k < samples.size(); ++k) EXPECT_NEAR(samples[k][0], potentials[k], 1e-6) << k;
    if (HasFailure()) return;
  }
  EXPECT_GT(spikes, 1000u);
}

/// At 0.1 ms, closed form: the first tick at or after the crossing.
TEST_P(ClockedReference, CoarseTicksRoundEachCrossingUp) {
  NetworkDescription d;
  Lif lif;
  lif.bias_mv = 1.3, lif.refractory_ms = 0.5;
  d.populations = {neurons("n", 1, lif)};
  d.probes = {spikes_of("n")};
  const auto period = static_cast<Time>(std::ceil(20 * std::log(1.3 / 0.3) / 0.1));
  const auto times = times_of(run(d, 300, {}, 1, GetParam()), 0, 0);
  ASSERT_GT(times.size(), 5u);
  Time tick = period;
  for (const Time t : times) {
    EXPECT_EQ(t, tick * 100 * kMicrosecond);
    tick += period + 5;
  }
}

INSTANTIATE_TEST_SUITE_P(Updates, ClockedReference, ::testing::ValuesIn(kEveryUpdate),
                         [](const auto& update) { return name_of(update.param); });

}  // namespace
}  // namespace spikeloop::testing
