// SPDX-License-Identifier: Apache-2.0
#include "core/trainer.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "core/random.hpp"

namespace spikeloop {
namespace {

constexpr std::size_t kPrelude = SIZE_MAX - 1;  // the "epoch" of the trials before the first, for their order of samples

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

/// Nothing happens to weights that are all 0.
void scale_to_rms(std::vector<float>& weights, double rms) {
  const double squares = std::inner_product(weights.begin(), weights.end(), weights.begin(), 0.0);
  if (!(squares > 0)) return;
  const auto factor = static_cast<float>(rms / std::sqrt(squares / static_cast<double>(weights.size())));
  for (float& w : weights) w *= factor;
}

}  // namespace

Trainer::Impl::Impl(const Experiment& e, const Network& n, const Backend& backend, const Dataset& d, std::uint64_t s, std::size_t limit,
                    std::size_t workers)
    : experiment(e),
      network(network_of_seed(e.feedback_learning ? learning_forward(n.description()) : n.description(), e, s)),
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
  const auto cut = [limit](std::size_t trials) { return limit == 0 ? trials : std::min(limit, trials); };
  warm_up = cut(e.warm_up_samples);
  if (e.feedback_learning) {
    feedback_trials = cut(e.feedback_learning->samples);
    feedback_network.emplace(network_of_seed(learning_feedback(n.description()), e, s));
    feedback_program = backend.compile(*feedback_network);
  }
  if (limit != 0) experiment.epochs = std::min(e.epochs, e.smoke_epochs);
  if (train.empty()) throw DescriptionError("the training part of the data is empty; nothing can be learned");
}

Trainer::Trainer(const Experiment& experiment, const Network& network, const Backend& backend, const Dataset& data, std::uint64_t seed,
                 std::size_t samples_limit, std::size_t workers)
    : impl_(std::make_unique<Impl>(experiment, network, backend, data, seed, samples_limit, workers)) {}
Trainer::~Trainer() = default;
Trainer::Trainer(Trainer&&) noexcept = default;

bool Trainer::done() const { return impl_->is_done(); }
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
  if (number < prelude()) {  // label-free: first thresholds move towards their target rates and weights do not move, then feedback learns
    t.kind = number < warm_up ? TrialKind::kWarmUp : TrialKind::kFeedback;
    begin_epoch(kPrelude);
    t.sample = order[number % order.size()];
    t.rules = t.kind == TrialKind::kWarmUp ? 0 : 1;
    t.homeostasis = t.kind == TrialKind::kWarmUp ? experiment.warm_up_homeostasis : 0;
    return t;
  }
  const std::size_t n = number - prelude();
  begin_epoch(n / train.size());
  t.sample = order[n % train.size()];
  const double share = static_cast<double>(n) / static_cast<double>(experiment.epochs * train.size());
  t.rules = 1 - share * (1 - experiment.anneal_to);
  t.shift = drawn_shift(plan.encode, seed, t.trial);
  t.homeostasis = experiment.thresholds_learn ? t.rules : 0;
  return t;
}

/// The network whose feedback learns takes over the thresholds that the warm-up found.
void Trainer::Impl::begin_feedback() {
  feedback_runner.emplace(plan, feedback_program->start(), *data, seed);
  for (std::size_t p = 0; p < network.populations().size(); ++p)
    if (network.populations()[p].homeostasis) feedback_runner->session().set_thresholds(p, session().thresholds(p));
}

void Trainer::Impl::feedback_trial() {
  if (!feedback_runner) begin_feedback();
  feedback_runner->run(task(done++));
  feedback_runner->session().commit();
  if (done == prelude()) end_feedback();
}

/// From now on the feedback weights are those that were learned.
void Trainer::Impl::end_feedback() {
  for (std::size_t k = 0; k < feedback_network->projections().size(); ++k) {
    if (feedback_network->projections()[k].rule.empty()) continue;
    std::vector<float> learned = feedback_runner->session().weights(k);
    if (experiment.feedback_learning->rms) scale_to_rms(learned, *experiment.feedback_learning->rms);
    for (const TrialRunner& runner : runners) runner.session().set_weights(k, learned);
  }
  feedback_runner.reset();
}

/// The next trials that run on the same weights; a batch ends with the warm-up, and with each epoch.
void Trainer::Impl::batch() {
  if (done >= warm_up && done < prelude()) return feedback_trial();
  const std::size_t left = done < warm_up ? warm_up - done : train.size() - (done - prelude()) % train.size();
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
    if (tasks[k].kind == TrialKind::kWarmUp) continue;
    add(outcomes[k]);
    if ((done - prelude()) % train.size() == 0) finish_epoch();
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
  if (!experiment.patience) return;
  if (epochs.size() == 1 || epochs.back().validation_accuracy > epochs[best_epoch].validation_accuracy)
    best_epoch = epochs.size() - 1, best = session().save();
  stopped_early = epochs.size() - 1 - best_epoch >= *experiment.patience;
  if (!is_done() || best_epoch + 1 == epochs.size()) return;
  for (const TrialRunner& runner : runners) runner.session().restore(best);
}

Progress Trainer::Impl::report() const {
  Progress p;
  p.seed = seed;
  p.warm_up = done <= prelude();
  p.epoch = p.warm_up ? 0 : (done - prelude() - 1) / train.size();
  p.epochs = experiment.epochs;
  p.samples_done = done, p.samples_total = total();
  const double weight = std::max(running_weight, 1e-12);
  p.running_accuracy = running_accuracy / weight;
  p.spikes_per_sample = running_spikes / weight;
  p.help = running_help / weight;
  return p;
}

}  // namespace spikeloop
