// SPDX-License-Identifier: Apache-2.0
// Writing and loading are inverse, and the schema keeps reading what it once wrote.
#include <gtest/gtest.h>

#include <google/protobuf/text_format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <set>

#include "proto/load.hpp"
#include "proto/spikeloop/v1/experiment.pb.h"
#include "proto/spikeloop/v1/network.pb.h"
#include "proto/spikeloop/v1/price.pb.h"
#include "proto/spikeloop/v1/report.pb.h"
#include "proto/write.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

/// Each of the experiments among the golden files; together they have every field.
const std::vector<std::string> kExperiments = {"experiment",       "experiment_robustness", "experiment_feedback", "experiment_images",
                                               "experiment_table", "experiment_yin_yang",   "experiment_trial",    "experiment_pool"};

using namespace spikeloop::testing;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

NetworkDescription everything() { return load_network_text(golden("network.txtpb"), "", with_six_by_six()); }

TEST(Write, ANetworkLoadsAgainAsTheSame) {
  for (const NetworkDescription& network : {everything(), load_network_text(kDesignNetwork)}) {
    const std::string text = write_network(network);
    EXPECT_EQ(description_kind(text), DescriptionKind::kNetwork);
    const NetworkDescription again = load_network_text(text, "", with_six_by_six());
    EXPECT_EQ(write_network(again), text);
    EXPECT_EQ(write_network(load_network_binary(write_network_binary(network), "", with_six_by_six())), text);
    EXPECT_EQ(Network(again).fingerprint(), Network(network).fingerprint());
  }
}

TEST(Write, NumbersKeepEveryBit) {
  NetworkDescription n =
      load_network_text("populations { name: \"a\" neuron { lif {} } } populations { name: \"s\" source { spike_list {} } }");
  const double odd = 0.1 + std::numeric_limits<double>::epsilon();
  std::get<Lif>(std::get<NeuronModel>(n.populations[0].kind)).tau_m_ms = odd;
  n.resolution = 7;
  n.seed = std::numeric_limits<std::uint64_t>::max();
  auto& events = std::get<SpikeListSource>(std::get<SourceModel>(n.populations[1].kind)).events;
  for (const Time t : {Time{0}, Time{1}, Time{100'000}, Time{999'999'999'999'999}}) events.push_back({t, 0});
  const NetworkDescription again = load_network_text(write_network(n));
  EXPECT_EQ(std::get<Lif>(again.populations[0].neuron()).tau_m_ms, odd);
  EXPECT_EQ(again.resolution, 7);
  EXPECT_EQ(again.seed, n.seed);
  const auto& read = std::get<SpikeListSource>(again.populations[1].source()).events;
  ASSERT_EQ(read.size(), events.size());
  for (std::size_t i = 0; i < read.size(); ++i) EXPECT_EQ(read[i].time, events[i].time);
}

TEST(Write, ABoundOnOneSideStaysOnOneSide) {
  NetworkDescription n = load_network_text("populations { name: \"a\" neuron { lif {} } } rules { name: \"r\" stdp {} }");
  using Bound = std::optional<double>;
  for (const auto& [min, max] : {std::pair<Bound, Bound>{{}, {}}, {-1, {}}, {{}, 2}, {-1, 2}}) {
    n.rules[0].weight_min = min;
    n.rules[0].weight_max = max;
    const Rule again = load_network_text(write_network(n)).rules.at(0);
    EXPECT_EQ(again.weight_min, min);
    EXPECT_EQ(again.weight_max, max);
  }
}

TEST(Write, NamesMayHoldQuotesLineBreaksAndOtherLetters) {
  NetworkDescription n = load_network_text("populations { name: \"a\" neuron { lif {} } }");
  n.populations[0].name = "a \"b\"\n\\ \u00e4\u4e2d # {";
  EXPECT_EQ(load_network_text(write_network(n)).populations[0].name, n.populations[0].name);
}

TEST(Write, TensorFilesAreRelativeToTheFolderOfTheDescription) {
  NetworkDescription n = everything();
  for (Projection& p : n.projections)
    if (auto* tensor = std::get_if<Tensor>(&p.connect)) tensor->file = "/data/weights/w.npy";
  EXPECT_NE(write_network(n, {"/data/runs/1"}).find("file: \"../../weights/w.npy\""), std::string::npos);
  EXPECT_NE(write_network(n).find("file: \"/data/weights/w.npy\""), std::string::npos);
}

TEST(Write, AnExperimentLoadsAgainAsTheSame) {
  std::vector<Experiment> all = {load_experiment_text(kDesignExperiment)};
  for (const std::string& name : kExperiments) all.push_back(load_experiment_text(golden(name + ".txtpb")));
  for (const Experiment& e : all) {
    const std::string text = write_experiment(e);
    EXPECT_EQ(description_kind(text), DescriptionKind::kExperiment);
    EXPECT_EQ(write_experiment(load_experiment_text(text)), text);
    EXPECT_EQ(write_experiment(load_experiment_binary(write_experiment_binary(e))), text);
  }
}

TEST(Write, APriceListLoadsAgainAsTheSame) {
  const PriceList prices = load_prices_text(golden("price_list.txtpb"));
  const std::string text = write_prices(prices);
  EXPECT_EQ(description_kind(text), DescriptionKind::kPriceList);
  EXPECT_EQ(write_prices(load_prices_text(text)), text);
  EXPECT_EQ(write_prices(load_prices_binary(write_prices_binary(prices))), text);
}

TEST(WriteExperiment, EveryKindOfDataAndEncodingComesBack) {
  Experiment e = load_experiment_text(golden("experiment.txtpb"));
  e.encode.code = PopulationCode{7};
  e.encode.repeat = 3, e.encode.shift = 2;
  e.dataset.folds = 10;
  const std::vector<decltype(e.dataset.kind)> kinds = {ImagesSource{"a", "b", "c", "d", std::string(64, '0'), "get it"},
                                                       YinYangSource{5, 6, 7},
                                                       TableSource{"t.csv", std::string(64, '1'), 1, {0, 4}, "there"}};
  for (const auto& kind : kinds) {
    e.dataset.kind = kind;
    const std::string text = write_experiment(e);
    const Experiment again = load_experiment_text(text);
    EXPECT_EQ(write_experiment(again), text);
    EXPECT_EQ(again.dataset.kind.index(), kind.index());
    EXPECT_EQ(again.encode.code->neurons, 7u);
    EXPECT_EQ(again.encode.repeat, 3u);
    EXPECT_EQ(again.encode.shift, 2u);
    EXPECT_EQ(again.dataset.folds, 10u);
  }
  EXPECT_EQ(std::get<TableSource>(load_experiment_text(write_experiment(e)).dataset.kind).ignore, (std::vector<std::uint64_t>{0, 4}));
}

TEST(Fingerprint, TellsExperimentsThatTrainDifferentlyApart) {
  const Experiment e = load_experiment_text(golden("experiment.txtpb"));
  Experiment renamed = e, longer = e, other_data = e;
  renamed.name = "x";
  renamed.network_file = "elsewhere/network.txtpb";
  std::get<DigitsSource>(renamed.dataset.kind).file = "elsewhere/digits.csv.gz";
  renamed.seeds = 17;
  renamed.robustness.emplace();
  longer.epochs += 1;
  std::get<DigitsSource>(other_data.dataset.kind).sha256[0] = 'f';
  EXPECT_EQ(experiment_fingerprint(renamed), experiment_fingerprint(e));
  EXPECT_NE(experiment_fingerprint(longer), experiment_fingerprint(e));
  EXPECT_NE(experiment_fingerprint(other_data), experiment_fingerprint(e));
}

// ---- The schema: golden files ----

TEST(Golden, BinaryAndTextOfEachDescriptionSayTheSame) {
  EXPECT_EQ(write_network(load_network_binary(golden("network.bin"), "", with_six_by_six())), write_network(everything()));
  EXPECT_EQ(write_network(load_network_binary(golden("network_feedback.bin"), "", with_six_by_six())),
            write_network(load_network_text(golden("network_feedback.txtpb"), "", with_six_by_six())));
  EXPECT_EQ(write_network(load_network_binary(golden("network_convolution.bin"), "", with_six_by_six())),
            write_network(load_network_text(golden("network_convolution.txtpb"), "", with_six_by_six())));
  EXPECT_EQ(write_network(load_network_binary(golden("network_target.bin"), "", with_six_by_six())),
            write_network(load_network_text(golden("network_target.txtpb"), "", with_six_by_six())));
  EXPECT_EQ(write_network(load_network_binary(golden("network_controller.bin"), "", with_six_by_six())),
            write_network(load_network_text(golden("network_controller.txtpb"), "", with_six_by_six())));
  for (const std::string& name : kExperiments)
    EXPECT_EQ(write_experiment(load_experiment_binary(golden(name + ".bin"))),
              write_experiment(load_experiment_text(golden(name + ".txtpb"))));
  EXPECT_EQ(write_prices(load_prices_binary(golden("price_list.bin"))), write_prices(load_prices_text(golden("price_list.txtpb"))));
}

TEST(Golden, AReportIsReadAndWrittenAgain) {
  const ExperimentResult r = read_report_binary(golden("report.bin"));
  ASSERT_EQ(r.runs.size(), 1u);
  EXPECT_EQ(r.runs[0].epochs.at(0).validation_accuracy, 0.625);
  EXPECT_EQ(r.runs[0].test.confusion, (std::vector<std::vector<std::uint32_t>>{{1, 1}, {0, 2}}));
  EXPECT_EQ(r.runs[0].test.counts.projections.at(0).plastic_updates, 14u);
  EXPECT_EQ(r.runs[0].test.counts.simulated, 160'000'000);
  EXPECT_EQ(r.runs[0].weights_hash, 0xfedcba9876543210u);
  EXPECT_EQ(r.runs[0].example.spikes.at(1), (Spike{2000, 1, 6}));
  EXPECT_EQ(r.control.at(0).test.accuracy, 0.25);
  EXPECT_EQ(r.energy.at(0).lines.at(0).operation, Operation::kSynapticEvent);
  EXPECT_TRUE(r.energy[0].lines[0].measured);
  const ExperimentResult again = read_report_binary(write_report_binary(r));
  EXPECT_EQ(again.runs.at(0).test.latency_p99_ms, 40.25);
  EXPECT_EQ(again.runs[0].test.parameters, 64u);
  EXPECT_TRUE(again.runs[0].example.spikes.empty()) << "reports leave the heavy parts out";
  EXPECT_TRUE(again.runs[0].test.latency_ms.empty());
  EXPECT_EQ(faults_of([] { read_report_binary("no report", "r.binpb"); }).at(0).file, "r.binpb");
}

TEST(Golden, TheCurvesOfAReportAreReadAndWrittenAgain) {
  const ExperimentResult first = read_report_binary(golden("report_robustness.bin"));
  for (const ExperimentResult& r : {first, read_report_binary(write_report_binary(first))}) {
    ASSERT_EQ(r.runs.size(), 1u);
    const auto& over_time = r.runs[0].test.over_time;
    ASSERT_EQ(over_time.size(), 2u);
    EXPECT_EQ(over_time[0].ms, 1);
    EXPECT_EQ(over_time[0].accuracy, 0.5);
    EXPECT_EQ(over_time[0].spikes, 3.5);
    EXPECT_EQ(over_time[0].input_spikes, 6.25);
    ASSERT_TRUE(r.runs[0].robustness);
    const RobustnessResult& robustness = *r.runs[0].robustness;
    EXPECT_EQ(robustness.samples, 4u);
    EXPECT_EQ(robustness.as_trained, 0.75);
    EXPECT_EQ(robustness.bits.at(0).level, 6);
    EXPECT_EQ(robustness.bits[0].accuracies, std::vector<double>{0.5});
    EXPECT_EQ(robustness.mismatch.at(1).level, 0.3);
    EXPECT_EQ(robustness.mismatch[1].accuracies, (std::vector<double>{0.25, 0.5}));
    ASSERT_TRUE(r.experiment.robustness);
    EXPECT_EQ(r.experiment.robustness->draws, 2u);
    EXPECT_EQ(r.experiment.robustness->bits, RobustnessPlan().bits) << "what is left out has the default of the core";
  }
  EXPECT_FALSE(read_report_binary(golden("report.bin")).runs.at(0).robustness) << "of an older report";
}

/// Calls `visit(message, field)` for every field that is set in `message` and in the messages inside.
void for_each_set_field(const Message& message, const std::function<void(const FieldDescriptor&)>& visit) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    visit(*field);
    if (!field->message_type()) continue;
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i)
      for_each_set_field(field->is_repeated() ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                                              : message.GetReflection()->GetMessage(message, field),
                         visit);
  }
}

/// Full names of all fields of a message and of those inside.
void all_fields(const google::protobuf::Descriptor& type, std::set<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i)
    if (names.insert(type.field(i)->full_name()).second && type.field(i)->message_type()) all_fields(*type.field(i)->message_type(), names);
}

template <class M>
M parsed(const std::string& name) {
  M message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(golden(name), &message));
  return message;
}

/// Every field, in one of the files at least.
template <class M>
void expect_every_field_is_set(const std::vector<std::string>& names) {
  std::set<std::string> missing;
  all_fields(*M::descriptor(), missing);
  for (const std::string& name : names)
    for_each_set_field(parsed<M>(name), [&](const FieldDescriptor& field) { missing.erase(field.full_name()); });
  EXPECT_EQ(missing, std::set<std::string>{}) << "not in " << names.front();
}

TEST(Golden, TheSpreadOfEnergyAndWhatIsNotKnownAreReadAndWrittenAgain) {
  const ExperimentResult first = read_report_binary(golden("report_energy.bin"));
  for (const ExperimentResult& r : {first, read_report_binary(write_report_binary(first))}) {
    EXPECT_EQ(r.runs.at(0).test.count_covariance, (std::vector<double>{2.5, -0.5, 1.25}));
    ASSERT_EQ(r.energy.size(), 1u);
    EXPECT_EQ(r.energy[0].spread, 1.5e-9);
    EXPECT_EQ(r.energy[0].lines.at(0).missing, "no mapping");
    EXPECT_TRUE(std::isnan(r.energy[0].lines[0].count));
    EXPECT_EQ(r.energy[0].total(), 0) << "what is not known is not in the total";
  }
  const ExperimentResult older = read_report_binary(golden("report.bin"));
  EXPECT_TRUE(older.runs.at(0).test.count_covariance.empty());
  EXPECT_FALSE(older.energy.at(0).spread);
  EXPECT_TRUE(older.energy[0].complete());
}

TEST(Golden, WhatAChipHasDoneIsReadAndWrittenAgain) {
  const ExperimentResult first = read_report_binary(golden("report_chip.bin"));
  for (const ExperimentResult& r : {first, read_report_binary(write_report_binary(first))}) {
    const OperationCounts& counts = r.runs.at(0).test.counts;
    EXPECT_EQ(counts.chip, (ChipCounts{{11, 12, 13, 14, 15, 16, 17}, 256, 18}));
    EXPECT_EQ(counts.dropped, 6U);
  }
  EXPECT_FALSE(read_report_binary(golden("report.bin")).runs.at(0).test.counts.chip);
}

TEST(Golden, FilesUseEveryFieldOfTheSchema) {
  expect_every_field_is_set<v1::Network>(
      {"network.txtpb", "network_feedback.txtpb", "network_target.txtpb", "network_controller.txtpb", "network_convolution.txtpb"});
  std::vector<std::string> experiments;
  for (const std::string& name : kExperiments) experiments.push_back(name + ".txtpb");
  expect_every_field_is_set<v1::Experiment>(experiments);
  expect_every_field_is_set<v1::PriceList>({"price_list.txtpb"});
}

/// Clears the set fields of a message one at a time, the whole of a repeated field at once, and calls `visit` with the name each time.
void for_each_clearing(Message& message, const std::function<void(const std::string&)>& visit) {
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::unique_ptr<Message> before(message.New());
    before->CopyFrom(message);
    reflection->ClearField(&message, field);
    visit(field->full_name());
    message.CopyFrom(*before);
    if (!field->message_type()) continue;
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i)
      for_each_clearing(
          field->is_repeated() ? *reflection->MutableRepeatedMessage(&message, field, i) : *reflection->MutableMessage(&message, field),
          visit);
  }
}

/// Fields whose absence neither changes the loaded value nor is refused: nobody reads them, or they say the default in other words.
template <class M, class Rewrite>
std::set<std::string> ignored_fields(const std::string& name, const Rewrite& rewrite) {
  M message = parsed<M>(name);
  const std::string complete = rewrite(message.SerializeAsString());
  std::set<std::string> ignored;
  for_each_clearing(message, [&](const std::string& field) {
    try {
      if (rewrite(message.SerializeAsString()) == complete) ignored.insert(field);
    } catch (const DescriptionError&) {  // noticed
    }
  });
  return ignored;
}

TEST(Schema, NoFieldIsSilentlyIgnored) {
  const auto network = [](const std::string& bytes) { return write_network(load_network_binary(bytes, "", with_six_by_six())); };
  const auto experiment = [](const std::string& bytes) { return write_experiment(load_experiment_binary(bytes)); };
  const auto prices = [](const std::string& bytes) { return write_prices(load_prices_binary(bytes)); };
  EXPECT_EQ(ignored_fields<v1::Network>("network.txtpb", network),
            (std::set<std::string>{"spikeloop.v1.If.reset", "spikeloop.v1.Probe.spikes"}));
  for (const std::string& name : kExperiments)
    EXPECT_EQ(ignored_fields<v1::Experiment>(name + ".txtpb", experiment),
              (std::set<std::string>{"spikeloop.v1.RateEncoding.regular_random_phase", "spikeloop.v1.Readout.most_spikes"}));
  EXPECT_EQ(ignored_fields<v1::PriceList>("price_list.txtpb", prices), std::set<std::string>{});
}

}  // namespace
}  // namespace spikeloop
