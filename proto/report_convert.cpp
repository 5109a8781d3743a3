// SPDX-License-Identifier: Apache-2.0
#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

void read_counts(const v1::OperationCounts& message, OperationCounts& counts) {
  for (const auto& p : message.populations()) counts.populations.push_back({p.spikes(), p.updates()});
  for (const auto& p : message.projections()) counts.projections.push_back({p.synaptic_events(), p.plastic_updates()});
  counts.simulated = message.simulated_ns();
  counts.late = message.late();
  counts.dropped = message.dropped();
  counts.overflowed = message.overflowed();
  if (!message.has_chip()) return;
  const v1::ChipCounts& c = message.chip();
  counts.chip = ChipCounts{{c.spikes(), c.played(), c.routes(), c.broadcasts(), c.hops(), c.matches(), c.synaptic_events()},
                           c.neurons_per_core(),
                           c.unseen_neurons()};
}

void write_counts(const OperationCounts& counts, v1::OperationCounts& message) {
  for (const auto& p : counts.populations) {
    auto* to = message.add_populations();
    to->set_spikes(p.spikes), to->set_updates(p.updates);
  }
  for (const auto& p : counts.projections) {
    auto* to = message.add_projections();
    to->set_synaptic_events(p.synaptic_events), to->set_plastic_updates(p.plastic_updates);
  }
  message.set_simulated_ns(counts.simulated);
  message.set_late(counts.late);
  message.set_dropped(counts.dropped);
  message.set_overflowed(counts.overflowed);
  if (!counts.chip) return;
  const ChipOperations& o = counts.chip->operations;
  v1::ChipCounts& chip = *message.mutable_chip();
  chip.set_spikes(o.spikes), chip.set_played(o.played), chip.set_routes(o.routes);
  chip.set_broadcasts(o.broadcasts), chip.set_hops(o.hops), chip.set_matches(o.matches);
  chip.set_synaptic_events(o.synaptic_events);
  chip.set_neurons_per_core(counts.chip->neurons_per_core), chip.set_unseen_neurons(counts.chip->unseen_neurons);
}

EpochResult read_epoch(const v1::EpochResult& e) {
  return {e.epoch(), e.train_accuracy(), e.validation_accuracy(), e.help(), e.helped(), e.hidden_spikes()};
}

void write_epoch(const EpochResult& e, v1::EpochResult& message) {
  message.set_epoch(e.epoch);
  message.set_train_accuracy(e.train_accuracy);
  message.set_validation_accuracy(e.validation_accuracy);
  message.set_help(e.help);
  message.set_helped(e.helped);
  message.set_hidden_spikes(e.hidden_spikes);
}

std::vector<RobustnessPoint> read_levels(const google::protobuf::RepeatedPtrField<v1::RobustnessPoint>& message) {
  std::vector<RobustnessPoint> points;
  for (const auto& p : message) points.push_back({p.level(), {p.accuracies().begin(), p.accuracies().end()}});
  return points;
}

void write_levels(const std::vector<RobustnessPoint>& points, google::protobuf::RepeatedPtrField<v1::RobustnessPoint>& message) {
  for (const RobustnessPoint& point : points) {
    auto* to = message.Add();
    to->set_level(point.level);
    to->mutable_accuracies()->Assign(point.accuracies.begin(), point.accuracies.end());
  }
}

RobustnessResult read_robustness(const v1::RobustnessResult& r) {
  return {r.samples(), r.as_trained(), read_levels(r.bits()), read_levels(r.mismatch())};
}

void write_robustness(const RobustnessResult& r, v1::RobustnessResult& message) {
  message.set_samples(r.samples);
  message.set_as_trained(r.as_trained);
  write_levels(r.bits, *message.mutable_bits());
  write_levels(r.mismatch, *message.mutable_mismatch());
}

void write_over_time(const std::vector<TimePoint>& points, v1::Evaluation& message) {
  for (const TimePoint& point : points) {
    auto* to = message.add_over_time();
    to->set_ms(point.ms);
    to->set_accuracy(point.accuracy);
    to->set_spikes(point.spikes);
    to->set_input_spikes(point.input_spikes);
  }
}

Evaluation read_evaluation(const v1::Evaluation& message) {
  Evaluation e;
  e.samples = message.samples();
  e.accuracy = message.accuracy();
  // Rows are cut from the list, so that a number of classes that does not fit it cannot allocate anything.
  const auto& cells = message.confusion();
  const std::uint64_t classes = message.classes(), size = static_cast<std::uint64_t>(cells.size());
  if (classes > 0 && classes <= size && size % classes == 0 && size / classes == classes)
    for (auto row = cells.begin(); row != cells.end(); row += static_cast<std::ptrdiff_t>(classes))
      e.confusion.emplace_back(row, row + static_cast<std::ptrdiff_t>(classes));
  read_counts(message.counts(), e.counts);
  e.latency_ms.assign(message.latency_ms().begin(), message.latency_ms().end());
  e.latency_p50_ms = message.latency_p50_ms();
  e.latency_p99_ms = message.latency_p99_ms();
  e.activation_sparsity = message.activation_sparsity();
  e.bin_ms = message.bin_ms();
  e.dense_operations = message.dense_operations();
  e.effective_operations = message.effective_operations();
  e.parameters = message.parameters();
  e.connection_sparsity = message.connection_sparsity();
  e.count_covariance.assign(message.count_covariance().begin(), message.count_covariance().end());
  for (const auto& p : message.over_time()) e.over_time.push_back({p.ms(), p.accuracy(), p.spikes(), p.input_spikes()});
  return e;
}

void write_evaluation(const Evaluation& e, v1::Evaluation& message, bool heavy) {
  message.set_samples(e.samples);
  message.set_accuracy(e.accuracy);
  message.set_classes(e.confusion.size());
  for (const auto& row : e.confusion) message.mutable_confusion()->Add(row.begin(), row.end());
  write_counts(e.counts, *message.mutable_counts());
  if (heavy) message.mutable_latency_ms()->Assign(e.latency_ms.begin(), e.latency_ms.end());
  message.set_latency_p50_ms(e.latency_p50_ms);
  message.set_latency_p99_ms(e.latency_p99_ms);
  message.set_activation_sparsity(e.activation_sparsity);
  message.set_bin_ms(e.bin_ms);
  message.set_dense_operations(e.dense_operations);
  message.set_effective_operations(e.effective_operations);
  message.set_parameters(e.parameters);
  message.set_connection_sparsity(e.connection_sparsity);
  write_over_time(e.over_time, message);
  message.mutable_count_covariance()->Assign(e.count_covariance.begin(), e.count_covariance.end());
}

ExampleTrial read_example(const v1::ExampleTrial& message) {
  ExampleTrial example;
  example.label = message.label();
  example.free_ms = message.free_ms();
  example.feedback_ms = message.feedback_ms();
  const int spikes = std::min({message.time_ns_size(), message.population_size(), message.neuron_size()});
  for (int i = 0; i < spikes; ++i) example.spikes.push_back({message.time_ns(i), message.population(i), message.neuron(i)});
  return example;
}

void write_example(const ExampleTrial& example, v1::ExampleTrial& message) {
  message.set_label(example.label);
  message.set_free_ms(example.free_ms);
  message.set_feedback_ms(example.feedback_ms);
  for (const Spike& spike : example.spikes) {
    message.add_time_ns(spike.time);
    message.add_population(spike.population);
    message.add_neuron(spike.neuron);
  }
}

}  // namespace

TrainingResult read_training_result(const v1::TrainingResult& message) {
  TrainingResult result;
  result.seed = message.seed();
  for (const auto& epoch : message.epochs()) result.epochs.push_back(read_epoch(epoch));
  result.test = read_evaluation(message.test());
  result.example = read_example(message.example());
  for (const auto& field : message.fields()) result.fields.push_back({field.neuron(), {field.weights().begin(), field.weights().end()}});
  result.weights_hash = message.weights_hash();
  result.kept_epoch = message.kept_epoch();
  result.training_seconds = message.training_seconds();
  if (message.has_robustness()) result.robustness = read_robustness(message.robustness());
  return result;
}

void write_training_result(const TrainingResult& result, v1::TrainingResult& message, bool heavy) {
  message.set_seed(result.seed);
  for (const EpochResult& epoch : result.epochs) write_epoch(epoch, *message.add_epochs());
  write_evaluation(result.test, *message.mutable_test(), heavy);
  if (heavy) write_example(result.example, *message.mutable_example());
  for (std::size_t i = 0; heavy && i < result.fields.size(); ++i) {
    auto* field = message.add_fields();
    field->set_neuron(result.fields[i].neuron);
    field->mutable_weights()->Assign(result.fields[i].weights.begin(), result.fields[i].weights.end());
  }
  message.set_weights_hash(result.weights_hash);
  message.set_kept_epoch(result.kept_epoch);
  message.set_training_seconds(result.training_seconds);
  if (result.robustness) write_robustness(*result.robustness, *message.mutable_robustness());
}

EnergyReport read_energy(const v1::EnergyReport& message) {
  EnergyReport energy{message.machine(), message.note(), {}};
  for (const auto& line : message.lines()) {
    const int operation = std::max(0, static_cast<int>(line.operation()) - 1);
    energy.lines.push_back({line.part(), static_cast<Operation>(operation), line.count(), line.joules(), line.measured(), line.verified(),
                            line.source(), line.missing()});
  }
  if (message.has_spread()) energy.spread = message.spread();
  return energy;
}

void write_energy(const EnergyReport& energy, v1::EnergyReport& message) {
  message.set_machine(energy.machine);
  message.set_note(energy.note);
  for (const EnergyLine& line : energy.lines) {
    auto* to = message.add_lines();
    to->set_part(line.part);
    to->set_operation(static_cast<v1::Operation>(static_cast<int>(line.operation) + 1));
    to->set_count(line.count);
    to->set_joules(line.joules);
    to->set_measured(line.measured);
    to->set_verified(line.verified);
    to->set_source(line.source);
    if (!line.missing.empty()) to->set_missing(line.missing);
  }
  if (energy.spread) message.set_spread(*energy.spread);
}

}  // namespace spikeloop::proto
