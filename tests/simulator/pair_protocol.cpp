// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/pair_protocol.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace spikeloop::testing {

NetworkDescription pair_protocol(const decltype(Rule::kind)& kind, double delay_ms, Commit commit, Time resolution, const Connect& how) {
  Lif lif;
  lif.v_threshold_mv = 1000, lif.v_reset_mv = 0;
  NetworkDescription d;
  d.resolution = resolution;
  d.populations = {source("pre", 1), neurons("post", 1, lif), source("force", 1), source("teach", 1)};
  d.rules = {{"rule", kind, commit, {}, {}}};
  d.projections = {plastic(connect("pre", "post", how, 0, delay_ms), "rule"), connect("force", "post", AllToAll{}, 2000, to_ms(resolution)),
                   connect("teach", "post", AllToAll{}, 1e-6, to_ms(resolution), Port::kModulator)};
  d.probes = {spikes_of("post")};
  return d;
}

double weight_after(const NetworkDescription& d, const std::vector<double>& pre_ms, const std::vector<double>& post_ms, double gate_ms,
                    double until_ms) {
  const auto session = start(d);
  std::vector<Spike> in;
  const double tick = to_ms(d.resolution);
  for (const double t : pre_ms) in.push_back(at_ms(t, 0, 0));
  for (const double t : post_ms) in.push_back(at_ms(t - tick, 2, 0));
  if (gate_ms >= 0) in.push_back(at_ms(gate_ms - tick, 3, 0));
  Recording r;
  advance(*session, until_ms, r, in);
  EXPECT_EQ(r.spikes.size(), post_ms.size());
  session->commit();
  return static_cast<double>(session->weights(0).at(0));
}

Stdp window() {
  Stdp s;
  s.a_plus = 0.013, s.a_minus = 0.009, s.tau_plus_ms = 17, s.tau_minus_ms = 28;
  return s;
}

double pair_change(const Stdp& s, double dt) {
  if (dt >= s.lag_ms - 1e-9) return s.a_plus * std::exp(-(dt - s.lag_ms) / s.tau_plus_ms);
  if (dt >= -1e-9) return 0;
  return -s.a_minus * std::exp(dt / s.tau_minus_ms);
}

}  // namespace spikeloop::testing
