// SPDX-License-Identifier: Apache-2.0
// Stopping a training run, and going on with it to the bit.
#include <algorithm>

#include "core/bytes.hpp"
#include "core/random.hpp"
#include "core/trainer.hpp"

namespace spikeloop {
namespace {

constexpr std::uint64_t kMagic = 0x3330524e49415254ull;  // changes with the layout of a trainer's state

}  // namespace

std::uint64_t Trainer::Impl::fingerprint() const {
  std::uint64_t h = network.fingerprint();
  const auto number = [&h](auto x) { h = hash_bytes(h, &x, sizeof x); };
  for (const double x : {experiment.free_ms, experiment.feedback_ms, experiment.test_ms, experiment.anneal_to,
                         experiment.warm_up_homeostasis, experiment.encode.max_hz, experiment.encode.mean.value_or(-1)})
    number(x);
  if (experiment.lead_ms != 0) number(experiment.lead_ms);
  for (const std::size_t x : {experiment.epochs, experiment.batch, warm_up, train.size(), validation.size(), test.size()}) number(x);
  if (experiment.feedback_learning) {
    number(experiment.feedback_learning->samples), number(experiment.feedback_learning->noise_hz),
        number(experiment.feedback_learning->rms.value_or(0));
    for (const std::string& name : experiment.feedback_learning->noise) h = hash_bytes(h, name.data(), name.size());
    number(feedback_network->fingerprint());  // `network` does not say which feedback learns, and by which rule
  }
  number(experiment.patience.value_or(0));
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
  w.put_flag(t.stopped_early);
  w.put(static_cast<std::uint64_t>(t.best_epoch));
  w.put_all(t.best);
  w.put_all(t.feedback_runner ? t.feedback_runner->session().save() : State{});
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
  t.stopped_early = r.get_flag();
  t.best_epoch = r.get<std::uint64_t>();
  t.best = r.get_all<std::byte>();
  const State feedback = r.get_all<std::byte>();
  if (t.best_epoch >= std::max<std::size_t>(t.epochs.size(), 1))
    throw DescriptionError("the saved training state is inconsistent; use an intact checkpoint");
  const State session = r.rest();
  for (const TrialRunner& runner : t.runners) runner.session().restore(session);
  t.feedback_runner.reset();
  if (feedback.empty()) return;
  if (!t.feedback_program) throw DescriptionError("the saved training state is inconsistent; use an intact checkpoint");
  t.begin_feedback();
  t.feedback_runner->session().restore(feedback);
}

}  // namespace spikeloop
