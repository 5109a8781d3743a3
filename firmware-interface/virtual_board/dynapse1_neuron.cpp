// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_neuron.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloop::firmware {
namespace {

constexpr double kNs = 1e-9;
constexpr double kShortStepS = 0.25e-9;    // nearer than that is there
constexpr double kNegligibleA = 1e-20;     // of a current that decays
constexpr double kLongestS = 1e6;          // nothing is predicted beyond
constexpr int kMaxSteps = 20'000;          // a neuron that creeps towards its threshold for so long is said not to reach it
constexpr std::int64_t kNearNs = 200'000;  // spikes that may be so near are looked for exactly; before others something else may happen
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Sign of a current's effect.
constexpr std::array<double, kCurrents> kSign = {-1, -1, 1, 1, -1};

/// A neuron on its way, which moves by exact steps.
class Walk {
 public:
  Walk(const NeuronParameters& p, double membrane, const std::array<double, kCurrents>& currents) : p_(p), m_(membrane), y_(currents) {}

  /// Moves to `until` s, stopping where the membrane reaches the threshold: true. It never goes below the floor.
  bool run(double until, bool to_threshold);
  /// Only the currents change: the membrane is held.
  void hold(double seconds);

  double time() const { return t_; }
  double membrane() const { return m_; }
  const std::array<double, kCurrents>& currents() const { return y_; }

 private:
  double drive() const { return p_.gain * (up() - down() + p_.drive_a); }
  double up() const { return y_[2] + y_[3]; }
  double down() const { return y_[0] + y_[1] + y_[kAdaptation]; }
  bool never() const { return p_.gain * (up() + p_.drive_a) <= p_.threshold_a; }

  void look(double seconds);
  void move(double seconds);
  bool clamped(double until);
  bool free(double until, bool to_threshold);

  const NeuronParameters& p_;
  double t_ = 0;
  double m_;
  std::array<double, kCurrents> y_;
  double reach_ = kInfinity;               // of the next step at most
  double looked_s_ = -1;                   // the step that `decay_` is for
  std::array<double, kCurrents> decay_{};  // of each current that is not 0
};

void Walk::hold(double seconds) {
  for (std::size_t k = 0; k < kCurrents; ++k)
    if (y_[k] > 0) y_[k] *= std::exp(-seconds / p_.tau_s[k]);
  t_ += seconds;
}

/// What is left of each current after a step.
void Walk::look(double seconds) {
  if (seconds == looked_s_) return;
  looked_s_ = seconds;
  for (std::size_t k = 0; k < kCurrents; ++k)
    if (y_[k] > 0) decay_[k] = std::exp(-seconds / p_.tau_s[k]);
}

/// tau dm/dt = -m + gain (sum of +-y + drive), y decaying: the sum of each current's response, and of the constant's.
void Walk::move(double seconds) {
  look(seconds);
  const double tau = p_.tau_membrane_s, em = std::exp(-seconds / tau);
  double m = m_ * em + p_.gain * p_.drive_a * (1 - em);
  for (std::size_t k = 0; k < kCurrents; ++k) {
    if (y_[k] <= 0) continue;
    const double apart = p_.tau_s[k] - tau;
    const double response = std::abs(apart) < 1e-6 * tau ? seconds / tau * em : p_.tau_s[k] / apart * (decay_[k] - em);
    m += kSign[k] * p_.gain * y_[k] * response;
    y_[k] *= decay_[k];
  }
  m_ = m;
  t_ += seconds;
}

/// At the floor with a drive below it, until the drive rises above; that can only be by the decay of what pulls down, which is fastest now.
bool Walk::clamped(double until) {
  m_ = kFloorA;
  const double left = until - t_, missing = kFloorA - drive();
  double rise = 0;
  for (std::size_t k = 0; k < kCurrents; ++k)
    if (kSign[k] < 0) rise += p_.gain * y_[k] / p_.tau_s[k];
  const bool for_ever = p_.gain * (up() + p_.drive_a) <= kFloorA;
  const double step = for_ever || rise <= 0 ? kInfinity : std::max(missing / rise, kShortStepS);
  hold(std::min(step, left));
  return step >= left;
}

/// One step that passes neither threshold nor floor: True at the threshold. Within it the drive is between bounds, and so the membrane is
/// between the ways that it would take with the bounds for a drive.
bool Walk::free(double until, bool to_threshold) {
  const double span = std::min(reach_, until - t_);
  double up_later = 0, down_later = 0;
  look(span);
  for (std::size_t k = 0; k < kCurrents; ++k)
    if (y_[k] > 0) (kSign[k] > 0 ? up_later : down_later) += y_[k] * decay_[k];
  const double most = p_.gain * (up() - down_later + p_.drive_a), least = p_.gain * (up_later - down() + p_.drive_a);
  const double theta = p_.threshold_a, tau = p_.tau_membrane_s;
  double to_spike = kInfinity, to_floor = kInfinity;
  if (to_threshold && m_ >= theta) return true;
  if (to_threshold && most > theta) to_spike = tau * std::log1p((theta - m_) / (most - theta));
  if (least < kFloorA) to_floor = tau * std::log1p((m_ - kFloorA) / (kFloorA - least));
  const double step = std::min({to_spike, to_floor, span});
  if (step >= kShortStepS || step >= span) {
    move(step);
    reach_ = 2 * step;
    return false;
  }
  if (step == to_spike) {
    if (drive() > theta) return true;
  } else if (drive() <= kFloorA) {
    m_ = kFloorA;
    return false;
  }
  if (span <= 4 * kShortStepS) {  // the bounds are as near as they get: go on
    move(span);
    return false;
  }
  reach_ = span / 4;
  return false;
}

bool Walk::run(double until, bool to_threshold) {
  if (to_threshold) reach_ = p_.tau_membrane_s / 4;
  for (int i = 0; i < kMaxSteps && t_ < until; ++i) {
    if (to_threshold && m_ < p_.threshold_a && never()) return false;
    if (m_ <= kFloorA && drive() <= kFloorA) {
      if (clamped(until)) return false;
      continue;
    }
    if (free(until, to_threshold)) return true;
  }
  if (!to_threshold && t_ < until) move(until - t_);
  return false;
}

}  // namespace

void advance_neuron(const NeuronParameters& p, NeuronState& s, std::int64_t until_ns) {
  if (until_ns <= s.time_ns) return;
  const double end = static_cast<double>(until_ns - s.time_ns) * kNs;
  const double held = std::clamp(static_cast<double>(s.held_until_ns - s.time_ns) * kNs, 0.0, end);
  Walk walk(p, s.membrane_a, s.current_a);
  if (held > 0) walk.hold(held);
  walk.run(end, /*to_threshold=*/false);
  s.membrane_a = std::max(walk.membrane(), kFloorA);
  s.current_a = walk.currents();
  for (double& y : s.current_a)
    if (y < kNegligibleA) y = 0;
  s.time_ns = until_ns;
}

std::int64_t next_spike_ns(const NeuronParameters& p, const NeuronState& s) {
  Walk walk(p, s.membrane_a, s.current_a);
  if (s.held_until_ns > s.time_ns) walk.hold(static_cast<double>(s.held_until_ns - s.time_ns) * kNs);
  if (!walk.run(kLongestS, /*to_threshold=*/true)) return kNever;
  return s.time_ns + std::max<std::int64_t>(1, std::llround(std::ceil(walk.time() / kNs)));
}

/// Were all that pulls up to stay, and all that pulls down gone, then the membrane would be at its threshold after this time.
NeuronOutlook outlook(const NeuronParameters& p, const NeuronState& s) {
  double up = p.drive_a;
  for (std::size_t k = 0; k < kCurrents; ++k)
    if (kSign[k] > 0) up += s.current_a[k];
  const double most = p.gain * up, missing = p.threshold_a - s.membrane_a;
  if (most <= p.threshold_a && missing > 0) return {};
  const double soonest = missing > 0 ? p.tau_membrane_s * std::log1p(missing / (most - p.threshold_a)) : 0;
  if (soonest > kLongestS) return {};
  const std::int64_t look_again = std::max(s.time_ns, s.held_until_ns) + static_cast<std::int64_t>(soonest / kNs);
  if (look_again - s.time_ns > kNearNs) return {look_again, false};
  return {next_spike_ns(p, s), true};
}

void spike_neuron(const NeuronParameters& p, NeuronState& s, std::int64_t time_ns) {
  Walk walk(p, s.membrane_a, s.current_a);
  walk.hold(static_cast<double>(std::max<std::int64_t>(0, time_ns - s.time_ns)) * kNs);
  s.current_a = walk.currents();
  s.current_a[kAdaptation] += p.jump_a[kAdaptation];
  s.membrane_a = kFloorA;
  s.time_ns = time_ns;
  s.held_until_ns = time_ns + p.refractory_ns;
}

}  // namespace spikeloop::firmware
