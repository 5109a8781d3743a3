// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

/// The flat core struct is grouped in the schema; each function here is one group.
template <class Access>
void top_fields(const Access& a, auto& e) {
  a("name", e.name), a("network", e.network_file), a("epochs", e.epochs), a("seeds", e.seeds), a("batch", e.batch);
  a("thresholds_learn", e.thresholds_learn);
}

template <class Access>
void digits_fields(const Access& a, auto& d) {
  a("file", d.file), a("sha256", d.sha256);
}

template <class Access>
void images_fields(const Access& a, auto& d) {
  a("train_images", d.train_images), a("train_labels", d.train_labels), a("test_images", d.test_images), a("test_labels", d.test_labels);
  a("sha256", d.sha256), a("origin", d.origin);
}

template <class Access>
void yin_yang_fields(const Access& a, auto& d) {
  a("train", d.train), a("validation", d.validation), a("test", d.test);
}

template <class Access>
void table_fields(const Access& a, auto& d) {
  a("file", d.file), a("sha256", d.sha256), a("header_lines", d.header_lines), a("origin", d.origin);
}

template <class Access>
void split_fields(const Access& a, auto& d) {
  a("validation_from_train", d.validation_from_train), a("train", d.train), a("test", d.test), a("folds", d.folds);
}

template <class Access>
void rate_fields(const Access& a, auto& r) {
  a("population", r.population), a("max_hz", r.max_hz), a("mean", r.mean), a("repeat", r.repeat), a("shift", r.shift), a("pool", r.pool);
}

template <class Access>
void trial_fields(const Access& a, auto& e) {
  a("free_ms", e.free_ms), a("feedback_ms", e.feedback_ms), a("test_ms", e.test_ms), a("lead_ms", e.lead_ms);
}

template <class Access>
void warm_up_fields(const Access& a, auto& e) {
  a("samples", e.warm_up_samples), a("homeostasis_rate_factor", e.warm_up_homeostasis);
}

template <class Access>
void feedback_learning_fields(const Access& a, auto& l) {
  a("samples", l.samples), a("noise_hz", l.noise_hz), a("rms", l.rms);
}

template <class Access>
void smoke_fields(const Access& a, auto& e) {
  a("samples", e.smoke_samples), a("epochs", e.smoke_epochs);
}

template <class Access>
void robustness_fields(const Access& a, auto& r) {
  a("draws", r.draws), a("samples", r.samples);
}

RobustnessPlan read_robustness(const Reader& reader, const v1::Robustness& message) {
  RobustnessPlan plan;
  robustness_fields(reader, plan);
  if (message.bits_size() > 0) plan.bits.assign(message.bits().begin(), message.bits().end());
  if (message.mismatch_size() > 0) plan.mismatch.assign(message.mismatch().begin(), message.mismatch().end());
  return plan;
}

void write_robustness(const RobustnessPlan& plan, v1::Robustness& message) {
  robustness_fields(Writer(message), plan);
  message.mutable_bits()->Assign(plan.bits.begin(), plan.bits.end());
  message.mutable_mismatch()->Assign(plan.mismatch.begin(), plan.mismatch.end());
}

void read_dataset(const Reader& reader, const v1::DatasetSource& message, DatasetSource& dataset) {
  if (message.has_images()) {
    images_fields(reader.at("images", message.images()), dataset.kind.emplace<ImagesSource>());
  } else if (message.has_yin_yang()) {
    yin_yang_fields(reader.at("yin_yang", message.yin_yang()), dataset.kind.emplace<YinYangSource>());
  } else if (message.has_table()) {
    auto& table = dataset.kind.emplace<TableSource>();
    table_fields(reader.at("table", message.table()), table);
    table.ignore.assign(message.table().ignore().begin(), message.table().ignore().end());
  } else {
    if (!message.has_digits()) reader.fault("", "does not say which data", "e.g. `digits { file: \"digits.csv.gz\" }`");
    auto& digits = dataset.kind.emplace<DigitsSource>();
    digits_fields(reader.at("digits", message.digits()), digits);
    reader.at("split", message.split())("file", digits.split_file);
  }
  split_fields(reader.at("split", message.split()), dataset);
}

void write_dataset(const DatasetSource& dataset, v1::DatasetSource& message) {
  if (const auto* d = std::get_if<DigitsSource>(&dataset.kind)) {
    digits_fields(Writer(*message.mutable_digits()), *d);
    Writer (*message.mutable_split())("file", d->split_file);
  }
  if (const auto* d = std::get_if<ImagesSource>(&dataset.kind)) images_fields(Writer(*message.mutable_images()), *d);
  if (const auto* d = std::get_if<YinYangSource>(&dataset.kind)) yin_yang_fields(Writer(*message.mutable_yin_yang()), *d);
  if (const auto* d = std::get_if<TableSource>(&dataset.kind)) {
    table_fields(Writer(*message.mutable_table()), *d);
    for (const std::uint64_t column : d->ignore) message.mutable_table()->add_ignore(column);
  }
  split_fields(Writer(*message.mutable_split()), dataset);
}

}  // namespace

Experiment read_experiment(const Reader& reader, const v1::Experiment& message) {
  Experiment e;
  top_fields(reader, e);
  if (e.network_file.empty()) reader.fault("network", "is missing: it must name the file of a network");
  read_dataset(reader.at("dataset", message.dataset()), message.dataset(), e.dataset);
  if (!message.encode().has_rate())
    reader.fault("encode", "does not say how samples become spikes", "add `rate { population: ... max_hz: ... }`");
  const v1::RateEncoding& rate = message.encode().rate();
  rate_fields(reader.at("encode.rate", rate), e.encode);
  if (rate.has_population_code())
    reader.at("encode.rate.population_code", rate.population_code())("neurons", e.encode.code.emplace().neurons);
  trial_fields(reader.at("trial", message.trial()), e);
  reader.at("readout", message.readout())("population", e.readout.population);
  reader.at("anneal", message.anneal())("linear_to", e.anneal_to);
  warm_up_fields(reader.at("warm_up", message.warm_up()), e);
  if (message.has_feedback_learning()) {
    FeedbackLearning& learning = e.feedback_learning.emplace();
    feedback_learning_fields(reader.at("feedback_learning", message.feedback_learning()), learning);
    learning.noise.assign(message.feedback_learning().noise().begin(), message.feedback_learning().noise().end());
  }
  if (message.has_early_stop()) reader.at("early_stop", message.early_stop())("patience", e.patience.emplace(1));
  smoke_fields(reader.at("smoke", message.smoke()), e);
  if (message.has_robustness()) e.robustness = read_robustness(reader.at("robustness", message.robustness()), message.robustness());
  e.frozen_hidden_control = message.controls().has_frozen_hidden();
  return e;
}

void write_experiment(const Experiment& e, v1::Experiment& message) {
  top_fields(Writer(message), e);
  write_dataset(e.dataset, *message.mutable_dataset());
  rate_fields(Writer(*message.mutable_encode()->mutable_rate()), e.encode);
  if (e.encode.code) Writer (*message.mutable_encode()->mutable_rate()->mutable_population_code())("neurons", e.encode.code->neurons);
  message.mutable_encode()->mutable_rate()->mutable_regular_random_phase();
  trial_fields(Writer(*message.mutable_trial()), e);
  Writer (*message.mutable_readout())("population", e.readout.population);
  message.mutable_readout()->mutable_most_spikes();
  Writer (*message.mutable_anneal())("linear_to", e.anneal_to);
  warm_up_fields(Writer(*message.mutable_warm_up()), e);
  if (e.feedback_learning) {
    feedback_learning_fields(Writer(*message.mutable_feedback_learning()), *e.feedback_learning);
    message.mutable_feedback_learning()->mutable_noise()->Assign(e.feedback_learning->noise.begin(), e.feedback_learning->noise.end());
  }
  if (e.patience) Writer (*message.mutable_early_stop())("patience", *e.patience);
  smoke_fields(Writer(*message.mutable_smoke()), e);
  if (e.robustness) write_robustness(*e.robustness, *message.mutable_robustness());
  if (e.frozen_hidden_control) message.mutable_controls()->mutable_frozen_hidden();
}

}  // namespace spikeloop::proto
