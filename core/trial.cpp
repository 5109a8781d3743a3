// SPDX-License-Identifier: Apache-2.0
#include "core/trial.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/controller.hpp"
#include "core/random.hpp"

namespace spikeloop {

TrialPlan::TrialPlan(const Experiment& e, const Network& network)
    : input(static_cast<std::uint32_t>(network.population_index(e.encode.population))),
      readout(static_cast<std::uint32_t>(network.population_index(e.readout.population))),
      outputs(static_cast<std::uint32_t>(network.populations()[readout].size())),
      free(from_ms(e.free_ms)),
      feedback(from_ms(e.feedback_ms)),
      test(from_ms(e.test_ms)),
      lead(from_ms(e.lead_ms)),
      tick(network.resolution()),
      encode(e.encode) {
  for (const Controller& c : network.controllers()) {
    if (c.population != e.readout.population) continue;
    target = static_cast<std::uint32_t>(network.population_index(controller_target(c.population)));
    true_hz = c.true_hz, other_hz = c.other_hz, target_spikes = c.target_spikes, held_down = spikeloop::held_down(c);
  }
  hold_downs = hold_downs_of(network);
  if (e.feedback_learning) {
    noise_hz = e.feedback_learning->noise_hz;
    for (const std::string& name : e.feedback_learning->noise) {
      const std::size_t p = network.population_index(name);
      noise.emplace_back(p, network.populations()[p].size());
    }
  }
  for (std::uint32_t p = 0; p < network.populations().size(); ++p) {
    const Population& population = network.populations()[p];
    controller.push_back(population.name.starts_with("ctrl.") && !population.is_source());
    hidden.push_back(!population.is_source() && !controller[p] && p != readout);
  }
  for (const Probe& p : network.probes())
    potential.push_back(p.variable == Probe::Variable::kPotential && p.population == e.readout.population);
}

void input_values(const RateEncoding& encode, std::span<const float> sample, std::span<const std::size_t> shape, std::array<int, 2> shift,
                  std::vector<float>& values) {
  values.assign(sample.begin(), sample.end());
  if (shape.size() >= 2 && (shift[0] != 0 || shift[1] != 0)) {
    const auto height = static_cast<int>(shape[shape.size() - 2]), width = static_cast<int>(shape.back());
    std::fill(values.begin(), values.end(), 0.0f);
    for (std::size_t plane = 0; plane + static_cast<std::size_t>(height * width) <= sample.size();
         plane += static_cast<std::size_t>(height * width))
      for (int y = std::max(0, shift[0]); y < std::min(height, height + shift[0]); ++y)
        for (int x = std::max(0, shift[1]); x < std::min(width, width + shift[1]); ++x)
          values[plane + static_cast<std::size_t>(y * width + x)] =
              sample[plane + static_cast<std::size_t>((y - shift[0]) * width + x - shift[1])];
  }
  if (encode.pool > 1) {
    for (std::size_t i = 0; i < values.size() / encode.pool; ++i) {
      const auto from = values.begin() + static_cast<std::ptrdiff_t>(i * encode.pool);
      values[i] = std::accumulate(from, from + static_cast<std::ptrdiff_t>(encode.pool), 0.0f) / static_cast<float>(encode.pool);
    }
    values.resize(values.size() / encode.pool);
  }
  if (!encode.code && encode.repeat == 1) return;
  const std::vector<float> plain = values;
  const std::size_t n = encode.code ? encode.code->neurons : 1;
  values.clear();
  for (const float x : plain)
    for (std::size_t i = 0; i < n; ++i) {
      const float z = x * static_cast<float>(n - 1) - static_cast<float>(i);
      values.insert(values.end(), encode.repeat, encode.code ? std::exp(-0.5f * z * z) : x);
    }
}

std::array<int, 2> drawn_shift(const RateEncoding& encode, std::uint64_t seed, std::uint64_t trial) {
  if (encode.shift == 0) return {0, 0};
  const std::uint64_t stream = stream_of("encode", "shift"), range = 2 * encode.shift + 1;
  const auto drawn = [&](std::uint64_t index) {
    return static_cast<int>(random_below(seed, stream, index, range)) - static_cast<int>(encode.shift);
  };
  return {drawn(2 * trial), drawn(2 * trial + 1)};
}

void encode_sample(const TrialPlan& plan, std::span<const float> sample, std::uint64_t seed, std::uint64_t trial, Time until,
                   std::vector<Spike>& spikes) {
  double gain = 1;
  if (plan.encode.mean) {
    const double sum = std::accumulate(sample.begin(), sample.end(), 0.0);
    gain = *plan.encode.mean * static_cast<double>(sample.size()) / std::max(sum, 1e-9);
  }
  const std::uint64_t stream = stream_of_trial(stream_of("encode", plan.encode.population), trial);
  const double most_hz = 1e9 / static_cast<double>(plan.tick);  // one spike a tick
  for (std::uint32_t i = 0; i < sample.size(); ++i) {
    const double hz = std::min(most_hz, plan.encode.max_hz * gain * static_cast<double>(sample[i]));
    if (hz <= 0) continue;
    const double phase = random_unit(seed, stream, i), period = 1e9 / hz;
    for (double k = phase;; k += 1) {
      const double ticks = std::floor(k * period / static_cast<double>(plan.tick));  // may be far beyond what Time holds, for tiny rates
      if (ticks * static_cast<double>(plan.tick) >= static_cast<double>(until)) break;
      spikes.push_back({static_cast<Time>(ticks) * plan.tick, plan.input, i});
    }
  }
}

void encode_noise(const TrialPlan& plan, std::uint64_t seed, std::uint64_t trial, Time until, std::vector<Spike>& spikes) {
  const double mean_gap = 1e9 / plan.noise_hz;
  for (const auto& [population, size] : plan.noise) {
    const std::uint64_t stream = stream_of_trial(stream_of("noise", std::to_string(population)), trial);
    for (std::uint32_t i = 0; i < size; ++i) {
      double t = 0;
      for (std::uint64_t k = 0;; ++k) {
        t -= mean_gap * std::log1p(-random_unit(seed, stream, std::uint64_t{i} << 32 | k));
        if (!(t < static_cast<double>(until))) break;
        spikes.push_back({static_cast<Time>(t), population, i});
      }
    }
  }
}

namespace {

/// Teaching on, and target k at the rate hz_of(k).
void encode_rates(const TrialPlan& plan, std::vector<Spike>& spikes, auto&& hz_of) {
  if (!plan.target || plan.feedback == 0) return;
  if (!plan.held_down) spikes.push_back({plan.free, *plan.target, plan.outputs});
  for (std::uint32_t k = 0; k < plan.outputs; ++k) {
    const double hz = hz_of(k) * plan.target_spikes;
    for (double n = -std::floor(static_cast<double>(plan.lead) * 1e-9 * hz); hz > 0; n += 1) {
      const Time t = plan.free + static_cast<Time>(std::floor(n * 1e9 / hz / static_cast<double>(plan.tick))) * plan.tick;
      if (t >= plan.free + plan.feedback) break;
      spikes.push_back({t, *plan.target, k});
    }
  }
}

}  // namespace

void encode_target(const TrialPlan& plan, std::uint32_t label, std::vector<Spike>& spikes) {
  encode_rates(plan, spikes, [&](std::uint32_t k) { return k == label ? plan.true_hz : plan.other_hz; });
}

void encode_all_targets(const TrialPlan& plan, double hz, std::vector<Spike>& spikes) {
  encode_rates(plan, spikes, [hz](std::uint32_t) { return hz; });
}

void encode_teaching_off(const TrialPlan& plan, Time off, Time until, std::vector<Spike>& spikes) {
  for (const HoldDown& which : plan.hold_downs) hold_down(which, plan.tick, which.population == plan.target ? off : until, spikes);
}

void TrialSink::clear() {
  std::fill(answers_.begin(), answers_.end(), 0u);
  potentials_.resize(answers_.size());
  sampled_.clear();
  help = hidden = total = 0;
  decided = 0;
  spoke = false;
  leader_ = 0;
  spikes.clear();
}

void TrialSink::spike(const Spike& s) {
  ++total;
  help += plan_->controller[s.population];
  hidden += plan_->hidden[s.population];
  spikes.push_back(s);
  if (s.population != plan_->readout) return;
  ++answers_[s.neuron];
  const auto most = static_cast<std::uint32_t>(std::max_element(answers_.begin(), answers_.end()) - answers_.begin());
  if (spoke && most == leader_) return;
  spoke = true;
  leader_ = most;
  decided = s.time;
}

void TrialSink::sample(Time time, std::uint32_t probe, std::span<const double> values) {
  if (!plan_->potential[probe]) return;
  sampled_.push_back(time);
  potentials_.insert(potentials_.end(), values.begin(), values.end());
}

std::span<const double> TrialSink::potentials_at(Time time) const {
  const auto found = std::find(sampled_.begin(), sampled_.end(), time);
  if (found == sampled_.end()) return {};
  const auto row = static_cast<std::size_t>(found - sampled_.begin()) + 1;
  return std::span(potentials_).subspan(row * answers_.size(), answers_.size());
}

std::uint32_t TrialSink::answer() const { return most_spikes(answers_, std::span(potentials_).last(answers_.size())); }

std::uint32_t TrialSink::answer_at(Time time) const {
  std::vector<std::uint32_t> answers(answers_.size());
  for (const Spike& s : spikes)
    if (s.population == plan_->readout && s.time < time) ++answers[s.neuron];
  std::size_t row = 0;  // the zeros, if nothing was sampled before
  for (std::size_t i = 0; i < sampled_.size(); ++i)
    if (sampled_[i] < time) row = i + 1;
  return most_spikes(answers, std::span(potentials_).subspan(row * answers_.size(), answers_.size()));
}

std::uint32_t most_spikes(std::span<const std::uint32_t> counts, std::span<const double> potentials) {
  std::uint32_t best = 0;
  for (std::uint32_t k = 1; k < counts.size(); ++k)
    if (counts[k] > counts[best] || (counts[k] == counts[best] && !potentials.empty() && potentials[k] > potentials[best])) best = k;
  return best;
}

}  // namespace spikeloop
