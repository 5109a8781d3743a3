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
void split_fields(const Access& a, auto& d) {
  a("file", d.split_file), a("validation_from_train", d.validation_from_train), a("train", d.train), a("test", d.test);
}

template <class Access>
void rate_fields(const Access& a, auto& r) {
  a("population", r.population), a("max_hz", r.max_hz), a("mean", r.mean);
}

template <class Access>
void trial_fields(const Access& a, auto& e) {
  a("free_ms", e.free_ms), a("feedback_ms", e.feedback_ms), a("test_ms", e.test_ms);
}

template <class Access>
void warm_up_fields(const Access& a, auto& e) {
  a("samples", e.warm_up_samples), a("homeostasis_rate_factor", e.warm_up_homeostasis);
}

template <class Access>
void smoke_fields(const Access& a, auto& e) {
  a("samples", e.smoke_samples), a("epochs", e.smoke_epochs);
}

void read_dataset(const Reader& reader, const v1::DatasetSource& message, DatasetSource& dataset) {
  if (!message.has_digits()) reader.fault("", "does not say which data", "e.g. `digits { file: \"digits.csv.gz\" }`");
  digits_fields(reader.at("digits", message.digits()), dataset);
  split_fields(reader.at("split", message.split()), dataset);
}

}  // namespace

Experiment read_experiment(const Reader& reader, const v1::Experiment& message) {
  Experiment e;
  top_fields(reader, e);
  if (e.network_file.empty()) reader.fault("network", "is missing: it must name the file of a network");
  read_dataset(reader.at("dataset", message.dataset()), message.dataset(), e.dataset);
  if (!message.encode().has_rate())
    reader.fault("encode", "does not say how samples become spikes", "add `rate { population: ... max_hz: ... }`");
  rate_fields(reader.at("encode.rate", message.encode().rate()), e.encode);
  trial_fields(reader.at("trial", message.trial()), e);
  reader.at("readout", message.readout())("population", e.readout.population);
  reader.at("anneal", message.anneal())("linear_to", e.anneal_to);
  warm_up_fields(reader.at("warm_up", message.warm_up()), e);
  smoke_fields(reader.at("smoke", message.smoke()), e);
  e.frozen_hidden_control = message.controls().has_frozen_hidden();
  return e;
}

void write_experiment(const Experiment& e, v1::Experiment& message) {
  top_fields(Writer(message), e);
  digits_fields(Writer(*message.mutable_dataset()->mutable_digits()), e.dataset);
  split_fields(Writer(*message.mutable_dataset()->mutable_split()), e.dataset);
  rate_fields(Writer(*message.mutable_encode()->mutable_rate()), e.encode);
  message.mutable_encode()->mutable_rate()->mutable_regular_random_phase();
  trial_fields(Writer(*message.mutable_trial()), e);
  Writer (*message.mutable_readout())("population", e.readout.population);
  message.mutable_readout()->mutable_most_spikes();
  Writer (*message.mutable_anneal())("linear_to", e.anneal_to);
  warm_up_fields(Writer(*message.mutable_warm_up()), e);
  smoke_fields(Writer(*message.mutable_smoke()), e);
  if (e.frozen_hidden_control) message.mutable_controls()->mutable_frozen_hidden();
}

}  // namespace spikeloop::proto
