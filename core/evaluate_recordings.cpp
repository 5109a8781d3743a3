// SPDX-License-Identifier: Apache-2.0
#include "core/evaluate_recordings.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/controller.hpp"
#include "core/trial.hpp"

namespace spikeloop {
namespace {

constexpr const char* kPotentialProbe = "eval.potential";
constexpr double kSilent = std::numeric_limits<double>::quiet_NaN();

/// What comes out of one sample.
class AnswerSink final : public Sink {
 public:
  AnswerSink(const Network& network, const std::string& readout) : readout_(static_cast<std::uint32_t>(network.population_index(readout))) {
    counts_.resize(network.populations()[readout_].size());
    potentials_.resize(counts_.size());
    for (std::size_t p = 0; p < network.probes().size(); ++p)
      if (network.probes()[p].name == kPotentialProbe) probe_ = static_cast<std::uint32_t>(p);
  }
  void clear() {
    std::fill(counts_.begin(), counts_.end(), 0u);
    spikes.clear();
    leader_ = 0, decided = 0, first_ms = kSilent;
  }
  void spike(const Spike& s) override {
    spikes.push_back(s);
    if (s.population != readout_) return;
    if (std::isnan(first_ms)) first_ms = decided = to_ms(s.time);
    ++counts_[s.neuron];
    const auto now = static_cast<std::uint32_t>(std::max_element(counts_.begin(), counts_.end()) - counts_.begin());
    if (now != leader_) leader_ = now, decided = to_ms(s.time);
  }
  void sample(Time, std::uint32_t probe, std::span<const double> values) override {
    if (probe == probe_) std::copy(values.begin(), values.end(), potentials_.begin());
  }
  std::uint32_t answer() const { return most_spikes(counts_, potentials_); }
  bool by_spikes() const { return !std::isnan(first_ms) && leader_ == answer(); }

  std::vector<Spike> spikes;
  double decided = 0, first_ms = kSilent;

 private:
  std::uint32_t readout_, probe_ = 0, leader_ = 0;
  std::vector<std::uint32_t> counts_;
  std::vector<double> potentials_;
};

}  // namespace

NetworkDescription with_probes(NetworkDescription d, const RecordingTest& test) {
  for (const Population& p : d.populations) {
    const bool current = p.is_source() && std::holds_alternative<CurrentSource>(p.source());
    const bool there = std::any_of(d.probes.begin(), d.probes.end(), [&](const Probe& probe) {
      return probe.population == p.name && probe.variable == Probe::Variable::kSpikes;
    });
    const bool silent = !p.is_source() && spiking_of(p.neuron()) == nullptr;
    if (!current && !there && !silent) d.probes.push_back({"", p.name, "", Probe::Variable::kSpikes, 0, 1});
  }
  d.probes.push_back({kPotentialProbe, test.readout, "", Probe::Variable::kPotential, 0, 1});
  return d;
}

Evaluation evaluate_recordings(const RecordingTest& test, const Network& network, Session& session, const Workload& workload,
                               std::size_t samples, const std::function<std::optional<LabelledSpikes>(std::size_t)>& load,
                               const std::function<void(std::size_t, double)>& after_each) {
  Evaluation e;
  e.bin_ms = test.bin_ms;
  AnswerSink sink(network, test.readout);
  WorkloadCounter counter(network, workload, test.bin_ms);
  e.confusion.assign(test.classes, std::vector<std::uint32_t>(network.populations()[network.population_index(test.readout)].size()));
  session.set_learning(0, 0);
  OperationsOfSamples operations(session.counts());
  const std::vector<HoldDown> hold_downs = hold_downs_of(network);
  std::size_t right = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    std::optional<LabelledSpikes> loaded = load(i);
    if (!loaded) continue;
    LabelledSpikes& sample = *loaded;
    ++e.samples;
    const Time end = sample.duration + network.resolution();
    for (const HoldDown& which : hold_downs) hold_down(which, network.resolution(), end, sample.spikes);
    sink.clear();
    session.reset(i);
    const auto begin = std::chrono::steady_clock::now();
    session.advance(end, sample.spikes, sink);
    e.wall_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    const std::uint32_t answer = sink.answer();
    ++e.confusion[sample.label][answer];
    right += answer == sample.label;
    e.latency_ms.push_back(sink.by_spikes() ? sink.decided : to_ms(sample.duration));
    e.first_spike_ms.push_back(sink.first_ms);
    counter.add(sink.spikes, sample.duration);
    operations.add(session.counts());
    if (after_each) after_each(i + 1, static_cast<double>(right) / static_cast<double>(e.samples));
  }
  e.accuracy = e.samples == 0 ? kSilent : static_cast<double>(right) / static_cast<double>(e.samples);
  e.latency_p50_ms = percentile(e.latency_ms, 0.5);
  e.latency_p99_ms = percentile(e.latency_ms, 0.99);
  operations.finish(e);
  e.counts.simulated = std::max<Time>(0, e.counts.simulated - static_cast<Time>(e.samples) * network.resolution());
  if (e.samples > 0) counter.finish(e);
  return e;
}

}  // namespace spikeloop
