// SPDX-License-Identifier: Apache-2.0
#include "core/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "core/team.hpp"
#include "core/trial_runner.hpp"

namespace spikeloop {
namespace {

constexpr std::uint64_t kMagic = 0x3230524e49415254ull;  // changes with the layout of a trainer's state
constexpr std::size_t kWarmUp = SIZE_MAX - 1;            // the "epoch" of the warm-up, for its order of samples

Network network_of_seed(NetworkDescription description, const Experiment& experiment, std::uint64_t seed) {
  description.seed = seed;
  return Network(with_probes(std::move(description), experiment));
}

/// A permutation of n that depends on (seed, epoch) alone (Fisher, Yates).
std::vector<std::size_t> shuffled(std::vector<std::size_t> items, std::uint64_t seed, std::uint64_t epoch) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[random_below(seed, stream_of("epoch", "order") + epoch, i, i)]);
  return items;
}

std::vector<std::size_t> limited(const std::vector<std::size_t>& items, std::size_t limit) {
  return {items.begin(), items.begin() + static_cast<std::ptrdiff_t>(limit == 0 ? items.size() : std::min(limit, items.size()))};
}

}  // namespace

NetworkDescription with_probes(NetworkDescription d, const Experiment& e) {
  const auto add = [&d](Probe probe) {
    for (const Probe& p : d.probes)
      if (p.name == probe.name ||
          (p.population == probe.population && p.variable == Probe::Variable::kSpikes && probe.variable == p.variable))
        return;
    d.probes.push_back(std::move(probe));
  };
  std::vector<std::string> names;
  for (const Population& p : d.populations)
    if (!p.is_source() || std::holds_alternative<ExternalSource>(p.source())) names.push_back(p.name);
  for (const Controller& c : d.controllers) names.push_back(controller_plus(c.population)), names.push_back(controller_minus(c.population));
  for (const std::string& name : names) add({name + ".spikes", name, "", Probe::Variable::kSpikes, 0, 1});
  for (const double at : {e.free_ms, e.test_ms})
    if (at > to_ms(d.resolution))
      add({fmt::format("{}.potential.{}", e.readout.population, at), e.readout.population, "", Probe::Variable::kPotential,
           at - to_ms(d.resolution), 1e9});
  return d;
}

NetworkDescription frozen_hidden(const NetworkDescription& description, const std::string& readout) {
  NetworkDescription d = description;
  for (Projection& p : d.projections)
    if (p.target != readout) p.rule.clear();
  for (Controller& c : d.controllers) std::erase_if(c.feedback, [&](const Feedback& f) { return f.to != readout; });
  return d;
}

struct Trainer::Impl {
  Impl(const Experiment& e, const Network& n, const Backend& backend, const Dataset& d, std::uint64_t s, std::size_t limit,
       std::size_t workers)
      : experiment(e),
        network(network_of_seed(n.description(), e, s)),
        plan(experiment, network),
        folded(d.folds > 1 ? std::optional(part_of_seed(d, s)) : std::nullopt),
        data(folded ? &*folded : &d),
        seed(s),
        team(std::clamp<std::size_t>(workers, 1, e.batch)) {
    const auto program = backend.compile(network);
    for (std::size_t w = 0; w < team.size(); ++w) runners.emplace_back(plan, program->start(), *data, s);
    train = limited(data->train, limit);
    validation = limited(data->validation, limit);
    test = limited(data->test, limit);
    warm_up = limit == 0 ? e.warm_up_samples : std::min(limit, e.warm_up_samples);
    if (limit != 0) experiment.epochs = std::min(e.epochs, e.smoke_epochs);
    if (train.empty()) throw DescriptionError("the training part of the data is empty; nothing can be learned");
  }

  std::size_t total() const { return warm_up + experiment.epochs * train.size(); }
  Session& session() const { return runners.front().session(); }
  void batch();
  TrialTask task(std::size_t number);
  void run_side_by_side(std::span<const TrialTask> tasks);
  void add(const TrialOutcome& outcome);
  void begin_epoch(std::size_t epoch);
  void finish_epoch();
  std::uint64_t fingerprint() const;
  Progress report() const;
  ExampleTrial example();
  std::vector<ReceptiveField> fields() const;

  Experiment experiment;
  Network network;
  TrialPlan plan;
  std::optional<Dataset> folded;  ///< cross-validation: this seed's part
  const Dataset* data;
  std::uint64_t seed;
  Team team;
  std::vector<TrialRunner> runners;  ///< one a worker, all with the same weights between batches
  std::vector<std::size_t> train, validation, test, order;
  std::size_t warm_up = 0;
  std::size_t ordered_epoch = SIZE_MAX;
  std::vector<TrialTask> tasks;  ///< of the batch
  std::vector<TrialOutcome> outcomes;
  std::vector<Changes> changes;
  std::size_t done = 0;  ///< trials finished, warm-up included
  std::vector<EpochResult> epochs;
  EpochResult current;  ///< sums over the epoch that is running
  double running_accuracy = 0, running_spikes = 0, running_help = 0, running_weight = 0;
};

Trainer::Trainer(const Experiment& experiment, const Network& network, const Backend& backend, const Dataset& data, std::uint64_t seed,
                 std::size_t samples_limit, std::size_t workers)
    : impl_(std::make_unique<Impl>(experiment, network, backend, data, seed, samples_limit, workers)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;

bool Trainer::done() const { return impl_->done == impl_->total(); }
const std::vector<EpochResult>& Trainer::epochs() const { return impl_->epochs; }
Session& Trainer::session() { return impl_->session(); }
const Network& Trainer::network() const { return impl_->network; }

bool Trainer::run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& progress) {
  Impl& t = *impl_;
  while (!done() && !stop.load(std::memory_order_relaxed)) {
    t.batch();
    if (progress) progress(t.report());
  }
  return done();
}

void Trainer::Impl::begin_epoch(std::size_t epoch) {
  if (ordered_epoch == epoch) return;
  order = shuffled(train, seed, epoch);
  ordered_epoch = epoch;
}

/// Trial `number`, counted from the first of the warm-up.
TrialTask Trainer::Impl::task(std::size_t number) {
  TrialTask t;
  t.trial = number + 1;
  t.warm_up = number < warm_up;
  if (t.warm_up) {  // label-free: thresholds move towards their target rates, weights do not move
    begin_epoch(kWarmUp);
    t.sample = order[number % order.size()];
    t.rules = 0, t.homeostasis = experiment.warm_up_homeostasis;
    return t;
  }
  const std::size_t n = number - warm_up;
  begin_epoch(n / train.size());
  t.sample = order[n % train.size()];
  const double share = static_cast<double>(n) / static_cast<double>(experiment.epochs * train.size());
  t.rules = 1 - share * (1 - experiment.anneal_to);
  t.shift = drawn_shift(plan.encode, seed, t.trial);
  t.homeostasis = experiment.thresholds_learn ? t.rules : 0;
  return t;
}

/// The next trials that run on the same weights; a batch ends with the warm-up, and with each epoch.
void Trainer::Impl::batch() {
  const std::size_t left = done < warm_up ? warm_up - done : train.size() - (done - warm_up) % train.size();
  const std::size_t size = std::min(experiment.batch, left);
  tasks.clear();
  for (std::size_t k = 0; k < size; ++k) tasks.push_back(task(done + k));
  outcomes.assign(size, {});
  if (experiment.batch == 1) {
    outcomes[0] = runners[0].run(tasks[0]);
    session().commit();
  } else {
    run_side_by_side(tasks);
  }
  for (std::size_t k = 0; k < size; ++k) {
    ++done;
    if (tasks[k].warm_up) continue;
    add(outcomes[k]);
    if ((done - warm_up) % train.size() == 0) finish_epoch();
  }
}

/// Each worker takes the next trial that nobody has; then all workers' sessions take in the changes of all trials.
void Trainer::Impl::run_side_by_side(std::span<const TrialTask> batch) {
  changes.assign(batch.size(), {});
  std::atomic<std::size_t> next{0};
  team.run([&](std::size_t w) {
    for (std::size_t k = next++; k < batch.size(); k = next++) {
      outcomes[k] = runners[w].run(batch[k]);
      changes[k] = runners[w].session().take_changes();
    }
  });
  team.run([&](std::size_t w) { runners[w].session().commit(changes); });
}

void Trainer::Impl::add(const TrialOutcome& o) {
  current.train_accuracy += o.right;
  current.help += static_cast<double>(o.help);
  current.helped += o.help > 0;
  current.hidden_spikes += static_cast<double>(o.hidden);
  constexpr double kForget = 1.0 / 200;
  running_weight += kForget * (1 - running_weight);
  running_accuracy += kForget * (o.right - running_accuracy);
  running_spikes += kForget * (static_cast<double>(o.total) - running_spikes);
  running_help += kForget * (static_cast<double>(o.help) - running_help);
}

void Trainer::Impl::finish_epoch() {
  const double trials = static_cast<double>(train.size());
  for (double* x : {&current.train_accuracy, &current.help, &current.helped, &current.hidden_spikes}) *x /= trials;
  current.epoch = epochs.size();
  current.validation_accuracy = evaluate(experiment, network, session(), *data, validation, seed).accuracy;
  epochs.push_back(current);
  current = {};
}

Progress Trainer::Impl::report() const {
  Progress p;
  p.seed = seed;
  p.warm_up = done <= warm_up;
  p.epoch = p.warm_up ? 0 : (done - warm_up - 1) / train.size();
  p.epochs = experiment.epochs;
  p.samples_done = done, p.samples_total = total();
  const double weight = std::max(running_weight, 1e-12);
  p.running_accuracy = running_accuracy / weight;
  p.spikes_per_sample = running_spikes / weight;
  p.help = running_help / weight;
  return p;
}

std::uint64_t Trainer::Impl::fingerprint() const {
  std::uint64_t h = network.fingerprint();
  const auto number = [&h](auto x) { h = hash_bytes(h, &x, sizeof x); };
  for (const double x : {experiment.free_ms, experiment.feedback_ms, experiment.test_ms, experiment.anneal_to,
                         experiment.warm_up_homeostasis, experiment.encode.max_hz, experiment.encode.mean.value_or(-1)})
    number(x);
  for (const std::size_t x : {experiment.epochs, experiment.batch, warm_up, train.size(), validation.size(), test.size()}) number(x);
  number(seed);
  number(experiment.thresholds_learn);
  number(experiment.encode.code ? experiment.encode.code->neurons : 0), number(experiment.encode.repeat), number(experiment.encode.shift);
  h = hash_bytes(h, data->sha256.data(), data->sha256.size());
  for (const Rule& r : network.rules()) {
    number(r.kind.index());
    if (const auto* f = std::get_if<FeedbackCurrent>(&r.kind)) number(f->eta);
    if (const auto* s = std::get_if<StdpFeedback>(&r.kind)) number(s->a_plus), number(s->a_minus);
  }
  return h;
}

State Trainer::save() const {
  const Impl& t = *impl_;
  StateWriter w;
  w.put(kMagic);
  w.put(t.fingerprint());
  w.put(static_cast<std::uint64_t>(t.done));
  for (const double x : {t.running_accuracy, t.running_spikes, t.running_help, t.running_weight}) w.put(x);
  w.put(t.current);
  w.put_all(t.epochs);
  const State session = t.session().save();
  w.bytes.insert(w.bytes.end(), session.begin(), session.end());
  return std::move(w.bytes);
}

void Trainer::restore(const State& state) {
  Impl& t = *impl_;
  StateReader r(state);
  if (r.get<std::uint64_t>() != kMagic)
    throw DescriptionError("the saved training state was written by another version of the program; start the run anew");
  if (r.get<std::uint64_t>() != t.fingerprint())
    throw DescriptionError(
        "the saved training state belongs to another experiment, network or data set; resume it with the files it was started with");
  t.done = r.get<std::uint64_t>();
  for (double* x : {&t.running_accuracy, &t.running_spikes, &t.running_help, &t.running_weight}) *x = r.get<double>();
  t.current = r.get<EpochResult>();
  t.epochs = r.get_all<EpochResult>();
  if (t.epochs.size() > t.experiment.epochs || t.done > t.total())
    throw DescriptionError("the saved training state is inconsistent; use an intact checkpoint");
  const State session = r.rest();
  for (const TrialRunner& runner : t.runners) runner.session().restore(session);
}

TrainingResult Trainer::finish(bool with_test) {
  Impl& t = *impl_;
  if (!done()) throw BugError("a training run is finished before it is done");
  TrainingResult r;
  r.seed = t.seed;
  r.epochs = t.epochs;
  if (with_test) {
    r.test = evaluate(t.experiment, t.network, t.session(), *t.data, t.test, t.seed);
    r.example = t.example();
  }
  r.fields = t.fields();
  r.weights_hash = kHashStart;
  for (std::size_t k = 0; k < t.network.projections().size(); ++k) {
    if (t.network.projections()[k].rule.empty()) continue;
    const std::vector<float> weights = t.session().weights(k);
    r.weights_hash = hash_bytes(r.weights_hash, weights.data(), weights.size() * sizeof(float));
  }
  return r;
}

std::optional<RobustnessResult> Trainer::probe(const Evaluation& reported, const std::atomic<bool>& stop) {
  Impl& t = *impl_;
  if (!t.experiment.robustness || t.test.empty()) return std::nullopt;
  const TestedNetwork tested{&t.experiment, &t.network, &t.session(), t.data, t.test, reported.accuracy, t.seed};
  return probe_robustness(*t.experiment.robustness, tested, stop);
}

/// The first test sample with teaching on and learning off: what the controller still has to do.
ExampleTrial Trainer::Impl::example() {
  ExampleTrial e;
  if (test.empty()) return e;
  const std::size_t i = test.front();
  e.spikes = runners[0].show(done + 1, i);
  e.label = data->labels[i];
  e.free_ms = experiment.free_ms, e.feedback_ms = experiment.feedback_ms;
  return e;
}

/// Weights from the input into the neurons of the largest plastic projection out of it; the strongest 24 neurons.
std::vector<ReceptiveField> Trainer::Impl::fields() const {
  constexpr std::size_t kFields = 24;
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& p = network.projections()[k];
    if (p.source != experiment.encode.population || network.population_index(p.target) == plan.readout || p.port != Port::kBasal) continue;
    const std::size_t n = network.populations()[network.population_index(p.target)].size();
    const std::vector<float> weights = session().weights(k);
    if (weights.size() != data->features * n) continue;
    std::vector<ReceptiveField> all(n);
    for (std::size_t j = 0; j < n; ++j) {
      all[j].neuron = static_cast<std::uint32_t>(j);
      for (std::size_t i = 0; i < data->features; ++i) all[j].weights.push_back(weights[i * n + j]);
    }
    const auto norm = [](const ReceptiveField& f) {
      return std::inner_product(f.weights.begin(), f.weights.end(), f.weights.begin(), 0.0f);
    };
    std::stable_sort(all.begin(), all.end(), [&](const ReceptiveField& a, const ReceptiveField& b) { return norm(a) > norm(b); });
    all.resize(std::min(n, kFields));
    return all;
  }
  return {};
}

}  // namespace spikeloop
