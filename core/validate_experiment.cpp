// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/experiment.hpp"

namespace spikeloop {
namespace {

struct Report {
  std::vector<Diagnostic>& all;
  void operator()(const char* path, std::string what, std::string suggestion = "") const {
    all.push_back({path, std::move(what), std::move(suggestion), "", 0, 0});
  }
};

const Population* find(const Network& network, const std::string& name, const char* path, const Report& report) {
  std::vector<std::string> names;
  for (const Population& p : network.populations()) {
    if (p.name == name) return &p;
    names.push_back(p.name);
  }
  const std::string near = did_you_mean(name, names);
  report(path, fmt::format("names population \"{}\", which the network does not have", name),
         near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
  return nullptr;
}

void check_populations(const Experiment& e, const Network& network, const Dataset* data, const Report& report) {
  if (const Population* in = find(network, e.encode.population, "encode.rate.population", report)) {
    if (!in->is_source() || !std::holds_alternative<ExternalSource>(in->source()))
      report("encode.rate.population", fmt::format("\"{}\" is not an external source", in->name),
             "declare it with `source { external {} }`");
    if (data && in->size() != e.encode.inputs(data->features))
      report("encode.rate.population", fmt::format("\"{}\" has {} neurons, but a sample of {} features needs {}", in->name, in->size(),
                                                   data->features, e.encode.inputs(data->features)));
  }
  const Population* out = find(network, e.readout.population, "readout.population", report);
  if (!out) return;
  if (out->is_source() || !spiking_of(out->neuron()))
    report("readout.population", fmt::format("\"{}\" does not spike, so its most active neuron cannot be found", out->name));
  if (data && out->size() < data->classes)
    report("readout.population", fmt::format("\"{}\" has {} neurons for {} classes", out->name, out->size(), data->classes));
}

/// Phases are whole ticks, so that teaching starts at the tick at which the free phase ends.
void check_ticks(const Experiment& e, Time resolution, const Report& report) {
  const auto check = [&](const char* path, double ms) {
    const double ticks = ms / to_ms(resolution);
    if (std::isfinite(ticks) && std::abs(ticks - std::round(ticks)) > 1e-6 * std::max(1.0, ticks))
      report(path, fmt::format("is {}, which is not a whole number of ticks of {} ms", ms, to_ms(resolution)),
             "round it, or use a finer resolution_ms");
  };
  check("trial.free_ms", e.free_ms);
  check("trial.feedback_ms", e.feedback_ms);
  check("trial.test_ms", e.test_ms);
  check("trial.lead_ms", e.lead_ms);
}

void check_split(const DatasetSource& source, const Dataset& data, const Report& report) {
  const auto check = [&](const char* path, const std::optional<std::uint64_t>& stated, std::size_t found) {
    if (stated && *stated != found)
      report(path, fmt::format("is {}, but the split file gives {}", *stated, found),
             "use the split file that the experiment was made with");
  };
  check("dataset.split.train", source.train, data.train.size() + data.validation.size());
  check("dataset.split.test", source.test, data.test.size());
}

/// Trials that run side by side see the weights of before the batch.
void check_batch(const Experiment& e, const Network& network, const Report& report) {
  if (e.batch == 1) return;
  for (const Rule& r : network.rules())
    if (r.commit != Commit::kTrial)
      report("batch", fmt::format("is {}, but rule \"{}\" changes weights within a trial", e.batch, r.name),
             "use `commit: COMMIT_TRIAL` for the rule, or batch: 1");
}

/// Whether the population can spike in a training trial, of those that might teach: no external source does but the input and the target of
/// the readout's controller, so that the neurons of other controllers are silent too.
bool spikes_in_training(const Experiment& e, const Network& network, const std::string& name) {
  for (const Controller& c : network.controllers())
    if (name == controller_plus(c.population) || name == controller_minus(c.population))
      return c.population == e.readout.population && e.feedback_ms > 0;
  const Population& p = network.populations()[network.population_index(name)];
  if (!p.is_source()) return true;
  if (std::holds_alternative<ExternalSource>(p.source())) return name == e.encode.population;
  return !std::holds_alternative<CurrentSource>(p.source());
}

std::string how_to_teach(const Experiment& e, const Network& network, const std::string& target) {
  const auto& all = network.controllers();
  const std::string& readout = e.readout.population;
  if (std::none_of(all.begin(), all.end(), [&](const Controller& c) { return c.population == readout; }))
    return fmt::format("add `controllers {{ population: \"{}\" ... feedback {{ to: \"{}\" ... }} }}`{}", readout, target,
                       all.empty() ? "" : "; in training only the controller of the readout gets a target");
  if (e.feedback_ms == 0) return "trial.feedback_ms is 0; give feedback the time to come";
  return fmt::format("add `feedback {{ to: \"{}\" ... }}` to the controller of \"{}\"", target, readout);
}

/// Where every rule waits for feedback, and none ever comes, all epochs would go by and no weight change.
void check_teaching(const Experiment& e, const Network& network, const Report& report) {
  const auto is_readout = [&](const Population& p) { return p.name == e.readout.population; };
  if (std::none_of(network.populations().begin(), network.populations().end(), is_readout)) return;  // that has been said already
  std::set<std::string> taught;
  for (const Projection& p : network.projections())
    if (p.port != Port::kBasal && spikes_in_training(e, network, p.source)) taught.insert(p.target);
  const Projection* waits = nullptr;
  for (const Projection& p : network.projections()) {
    const Rule* rule = network.rule_of(p);
    if (!rule) continue;
    if (std::holds_alternative<Stdp>(rule->kind) || taught.contains(p.target)) return;
    if (!waits || p.target == e.readout.population) waits = &p;
  }
  if (!waits) return;  // nobody asked for learning
  report(
      "network",
      fmt::format("can learn nothing: rule \"{}\" of {} changes weights only while feedback is active, but in training no spike reaches an "
                  "apical or modulator port of \"{}\", and no other rule could change a weight either",
                  waits->rule, waits->name, waits->target),
      how_to_teach(e, network, waits->target));
}

void check_feedback_learning(const FeedbackLearning& learning, const Network& network, const Report& report) {
  if (learning.noise.empty())
    report("feedback_learning.noise", "names no source of noise", "add an external source that projects to an apical port");
  std::set<std::string> seen;
  for (const std::string& name : learning.noise) {
    const Population* p = find(network, name, "feedback_learning.noise", report);
    if (!p) continue;
    const auto reaches_apical = [&](const Projection& q) { return q.source == name && q.port == Port::kApical; };
    if (!p->is_source() || !std::holds_alternative<ExternalSource>(p->source()))
      report("feedback_learning.noise", fmt::format("\"{}\" is not an external source", name), "declare it with `source { external {} }`");
    else if (!seen.insert(name).second)
      report("feedback_learning.noise", fmt::format("names \"{}\" twice, which would be the same trains twice", name), "name it once");
    else if (std::none_of(network.projections().begin(), network.projections().end(), reaches_apical))
      report("feedback_learning.noise", fmt::format("\"{}\" projects to no apical port, so that it moves nobody there", name),
             "add a projection with `port: PORT_APICAL`");
  }
  if (const double most_hz = 1000 / to_ms(network.resolution()); learning.noise_hz > most_hz)
    report("feedback_learning.noise_hz", fmt::format("is {}, more than the {} Hz of a spike a tick", learning.noise_hz, most_hz));
  if (!learns_feedback(network.description()))
    report("feedback_learning", "has nothing to learn: no feedback of the network names a rule", "add `rule: ...` to a feedback");
}

void check_robustness(const RobustnessPlan& plan, const Report& report) {
  for (const std::uint32_t bits : plan.bits)
    if (bits < 2 || bits > 32) report("robustness.bits", fmt::format("holds {}, but must be between 2 and 32", bits));
  for (const double level : plan.mismatch)
    if (!(level >= 0) || !(level <= 1))
      report("robustness.mismatch", fmt::format("holds {}, but must be between 0 and 1", level), "20 % are 0.2");
  if (plan.draws == 0 || plan.draws > 1000) report("robustness.draws", fmt::format("is {}, but must be between 1 and 1000", plan.draws));
  if (plan.bits.size() + plan.mismatch.size() > 100) report("robustness", "asks for more than 100 levels");
}

void check_numbers(const Experiment& e, const Report& report) {
  const auto positive = [&](const char* path, double x) {
    if (!(x > 0) || !(x <= 1e9)) report(path, fmt::format("is {}, but must be greater than 0 (and at most 1e9)", x));
  };
  positive("encode.rate.max_hz", e.encode.max_hz);
  if (e.encode.mean) positive("encode.rate.mean", *e.encode.mean);
  if (e.encode.code && (e.encode.code->neurons < 2 || e.encode.code->neurons > 1000))
    report("encode.rate.population_code.neurons", fmt::format("is {}, but must be between 2 and 1000", e.encode.code->neurons));
  if (e.encode.repeat == 0 || e.encode.repeat > 1000)
    report("encode.rate.repeat", fmt::format("is {}, but must be between 1 and 1000", e.encode.repeat));
  if (e.encode.pool == 0 || e.encode.pool > 1'000'000)
    report("encode.rate.pool", fmt::format("is {}, but must be between 1 and 1,000,000", e.encode.pool));
  if (e.encode.shift > 1000) report("encode.rate.shift", fmt::format("is {}, but must be at most 1000", e.encode.shift));
  positive("trial.free_ms", e.free_ms);
  positive("trial.test_ms", e.test_ms);
  if (!(e.feedback_ms >= 0) || !(e.feedback_ms <= 1e9))
    report("trial.feedback_ms", fmt::format("is {}, but must not be negative", e.feedback_ms));
  if (!(e.lead_ms >= 0) || !(e.lead_ms <= std::max(0.0, e.free_ms)))
    report("trial.lead_ms", fmt::format("is {}, but must be between 0 and free_ms ({})", e.lead_ms, e.free_ms));
  if (!(e.anneal_to >= 0) || !(e.anneal_to <= 1))
    report("anneal.linear_to", fmt::format("is {}, but must be between 0 and 1", e.anneal_to));
  if (!(e.warm_up_homeostasis >= 0) || !(e.warm_up_homeostasis <= 1e9)) report("warm_up.homeostasis_rate_factor", "must not be negative");
  if (e.warm_up_samples > 1'000'000'000) report("warm_up.samples", fmt::format("is {}, but must be at most 1e9", e.warm_up_samples));
  if (e.feedback_learning) positive("feedback_learning.noise_hz", e.feedback_learning->noise_hz);
  if (e.feedback_learning && e.feedback_learning->rms) positive("feedback_learning.rms", *e.feedback_learning->rms);
  if (e.feedback_learning && (e.feedback_learning->samples == 0 || e.feedback_learning->samples > 1'000'000'000))
    report("feedback_learning.samples", fmt::format("is {}, but must be between 1 and 1e9", e.feedback_learning->samples));
  if (e.patience && (*e.patience == 0 || *e.patience > 1'000'000))
    report("early_stop.patience", fmt::format("is {}, but must be between 1 and 1,000,000", *e.patience));
  if (e.epochs == 0 || e.epochs > 1'000'000) report("epochs", fmt::format("is {}, but must be between 1 and 1,000,000", e.epochs));
  if (e.batch == 0 || e.batch > 100'000) report("batch", fmt::format("is {}, but must be between 1 and 100,000", e.batch));
  if (e.seeds == 0 || e.seeds > 1000) report("seeds", fmt::format("is {}, but must be between 1 and 1000", e.seeds));
  if (e.robustness) check_robustness(*e.robustness, report);
  const double share = e.dataset.validation_from_train;
  if (!(share >= 0) || !(share < 1))
    report("dataset.split.validation_from_train", fmt::format("is {}, but must be at least 0 and below 1", share));
}

}  // namespace

std::vector<Diagnostic> validate(const Experiment& experiment) {
  std::vector<Diagnostic> all;
  check_numbers(experiment, Report{all});
  return all;
}

std::vector<Diagnostic> validate(const Experiment& experiment, const Network& network, const Dataset* data) {
  std::vector<Diagnostic> all = validate(experiment);
  const Report report{all};
  check_ticks(experiment, network.resolution(), report);
  check_populations(experiment, network, data, report);
  check_batch(experiment, network, report);
  if (experiment.epochs > 0) check_teaching(experiment, network, report);
  if (experiment.feedback_learning) check_feedback_learning(*experiment.feedback_learning, network, report);
  if (data && experiment.patience && data->validation.empty())
    report("early_stop", "needs a validation part, and there is none", "set dataset.split.validation_from_train");
  if (data && experiment.encode.shift > 0 && data->shape.size() < 2)
    report("encode.rate.shift", "moves images, but the samples are no images", "leave it out");
  if (data && experiment.encode.pool > 0 && data->features % experiment.encode.pool != 0)
    report("encode.rate.pool", fmt::format("is {}, but a sample has {} features", experiment.encode.pool, data->features),
           "a number that divides the features");
  if (data) check_split(experiment.dataset, *data, report);
  return all;
}

}  // namespace spikeloop
