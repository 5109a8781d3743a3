// SPDX-License-Identifier: Apache-2.0
// Values of a description that are other than the file says.
#include "proto/field_change.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "core/network.hpp"
#include "proto/write.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using namespace spikeloop::testing;

LoadOptions with(std::vector<FieldChange> changes) {
  LoadOptions options = with_six_by_six();
  options.changes = std::move(changes);
  return options;
}

NetworkDescription changed_network(std::vector<FieldChange> changes) {
  return load_network_text(kDesignNetwork, "net.txtpb", with(std::move(changes)));
}

Experiment changed_experiment(std::vector<FieldChange> changes) {
  return load_experiment_text(kDesignExperiment, "exp.txtpb", with(std::move(changes)));
}

TEST(FieldChange, ReachesEveryKindOfValue) {
  const NetworkDescription n = changed_network({{"network.rules[learn].feedback_current.eta", "3e-4"},
                                                {"network.rules[0].commit", "COMMIT_IMMEDIATE"},
                                                {"network.populations[hidden].homeostasis.rate", "0.25"},
                                                {"network.populations[hidden].shape[0]", "64"},
                                                {"network.populations[in].shape[1]", "4"},
                                                {"network.controllers[out].target.true_hz", "150"},
                                                {"network.controllers[out].feedback[hidden].amplitude", "-0.5"},
                                                {"network.projections[in->hidden].connect.all_to_all.autapses", "false"},
                                                {"network.projections[1].name", "'to out'"},
                                                {"network.seed", "12345678901234567890"},
                                                {"network.name", "\"other\""}});
  EXPECT_EQ(std::get<FeedbackCurrent>(n.rules[0].kind).eta, 3e-4);
  EXPECT_EQ(n.rules[0].commit, Commit::kImmediate);
  EXPECT_EQ(n.populations[1].homeostasis->rate, 0.25);
  EXPECT_EQ(n.populations[1].shape, (std::vector<std::uint64_t>{64}));
  EXPECT_EQ(n.populations[0].shape, (std::vector<std::uint64_t>{8, 4}));
  EXPECT_EQ(n.controllers[0].true_hz, 150);
  EXPECT_EQ(n.controllers[0].feedback[0].amplitude, -0.5);
  EXPECT_FALSE(std::get<AllToAll>(n.projections[0].connect).autapses);
  EXPECT_EQ(n.projections[1].name, "to out");
  EXPECT_EQ(n.seed, 12345678901234567890u);
  EXPECT_EQ(n.name, "other");
}

TEST(FieldChange, ReachesElementsOfListsOfSingleValues) {
  const NetworkDescription n = load_network_text(
      "populations { name: \"in\" shape: 2 source { spike_list { times_ms: [1, 2] neurons: [0, 1] } } }\n"
      "populations { name: \"out\" shape: 2 neuron { lif {} } v_initial_mv { listed { values: [0.5, 0.25] } } }\n",
      "",
      with({{"network.populations[in].source.spike_list.neurons[0]", "1"}, {"network.populations[1].v_initial_mv.listed.values[1]", "7"}}));
  EXPECT_EQ(std::get<SpikeListSource>(n.populations[0].source()).events.at(0).neuron, 1u);
  EXPECT_EQ(*std::get<Listed>(n.populations[1].v_initial_mv->kind).values, (std::vector<double>{0.5, 7}));
}

TEST(FieldChange, OfTheExperimentAndOfItsNetworkStandInOneList) {
  const std::vector<FieldChange> changes = {
      {"epochs", "7"}, {"network", "other.txtpb"}, {"network.rules[learn].feedback_current.eta", "9"}};
  const Experiment e = changed_experiment(changes);
  EXPECT_EQ(e.epochs, 7u);
  EXPECT_EQ(e.network_file, "other.txtpb");
  EXPECT_EQ(std::get<FeedbackCurrent>(changed_network(changes).rules[0].kind).eta, 9);
}

TEST(FieldChange, WritesGroupsThatAreNotInTheFile) {
  EXPECT_EQ(changed_experiment({{"warm_up.samples", "11"}}).warm_up_samples, 11u);
  EXPECT_EQ(changed_network({{"network.populations[out].homeostasis.rate", "0.5"}}).populations[2].homeostasis->rate, 0.5);
}

TEST(FieldChange, IsAsIfTheFileSaidSo) {
  // weight_max alone bounds both sides, whatever its value.
  const Rule rule = changed_network({{"network.rules[learn].feedback_current.weight_max", "2"}}).rules[0];
  EXPECT_EQ(rule.weight_max, 2);
  EXPECT_EQ(rule.weight_min, -2);
  const Rule open = changed_network({{"network.rules[learn].feedback_current.weight_min", "-inf"}}).rules[0];
  EXPECT_EQ(open.weight_min, std::nullopt);
  // And what is wrong with it is found where the field stands.
  const auto faults = faults_of([] { changed_network({{"network.controllers[out].feedback[hidden].to", "hiden"}}); });
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "controllers[0].feedback[0].to");
  EXPECT_EQ(faults[0].line, 10);
}

TEST(FieldChange, BinaryDescriptionsAreChangedToo) {
  const std::string bytes = write_experiment_binary(load_experiment_text(kDesignExperiment));
  EXPECT_EQ(load_experiment_binary(bytes, "", with({{"epochs", "4"}})).epochs, 4u);
}

TEST(FieldChange, FaultsOfTheTextComeFirst) {
  const auto faults = faults_of([] { load_experiment_text("epoch: 3", "exp.txtpb", with({{"nothing", "1"}})); });
  for (const Diagnostic& fault : faults) EXPECT_NE(fault.path, "nothing");
}

/// A change that cannot be made.
struct BadChange {
  const char* name;
  const char* field;
  const char* value;
  const char* what;        ///< a part of it
  const char* suggestion;  ///< a part of it
};

void PrintTo(const BadChange& c, std::ostream* out) { *out << c.name; }

class BadChanges : public ::testing::TestWithParam<BadChange> {};

TEST_P(BadChanges, AreOneClearFault) {
  const BadChange& c = GetParam();
  const std::vector<FieldChange> changes = {{c.field, c.value}};
  const auto faults = faults_of([&] { changed_experiment(changes), changed_network(changes); });
  ASSERT_EQ(faults.size(), 1u) << DescriptionError(faults).what();
  EXPECT_EQ(faults[0].path, c.field);
  EXPECT_EQ(faults[0].file, std::string(c.field).starts_with("network.") ? "net.txtpb" : "exp.txtpb");
  EXPECT_NE(faults[0].what.find(c.what), std::string::npos) << faults[0].what;
  EXPECT_NE(faults[0].suggestion.find(c.suggestion), std::string::npos) << faults[0].suggestion;
  EXPECT_THROW((changed_experiment(changes), changed_network(changes)), FieldChangeError);
}

const BadChange kBadChanges[] = {
    {"UnknownField", "epoch", "1", "\"epoch\" is not a field of Experiment", "did you mean \"epochs\"?"},
    {"UnknownFieldInside", "network.rules[learn].feedback_curent.eta", "1", "\"feedback_curent\" is not a field of Rule",
     "did you mean \"feedback_current\"?"},
    {"FieldOfTheNetwork", "rules[learn].feedback_current.eta", "1", "\"rules\" is not a field of Experiment", "write network.rules"},
    {"FieldOfAnInnerGroup", "network.rules[learn].eta", "1", "\"eta\" is not a field of Rule", "into `feedback_current"},
    {"UnknownName", "network.rules[lern].feedback_current.eta", "1", "names \"lern\"", "did you mean \"learn\"?"},
    {"UnknownNameFarFromAll", "network.populations[zzzzzzz].shape[0]", "1", "names \"zzzzzzz\"", "there are in, hidden or out"},
    {"IndexOutOfRange", "network.populations[3].shape[0]", "1", "names element 3 of populations, which has 3", "use 0 to 2"},
    {"IndexOutOfRangeOfOne", "network.rules[1].name", "1", "names element 1 of rules, which has 1", "the only one is 0"},
    {"IndexOutOfRangeOfValues", "network.populations[in].shape[2]", "1", "names element 2 of shape, which has 2", "use 0 to 1"},
    {"HugeIndex", "network.populations[99999999999999999999].name", "1", "of populations, which has 3", "use 0 to 2"},
    {"NegativeIndex", "network.populations[in].shape[-1]", "1", "names \"-1\" of shape", "shape[0]"},
    {"EmptyList", "network.populations[in].v_initial_mv.listed.values[0]", "1", "which is empty in the file", "write it into the file"},
    {"ListWithoutElement", "network.rules.name", "1", "does not say which element of the list \"rules\"", "rules[learn]"},
    {"ValuesWithoutElement", "network.populations[in].shape", "1", "does not say which element of the list \"shape\"", "shape[0]"},
    {"ElementOfNoList", "network.seed[0]", "1", "\"seed\" is not a list", "leave out [0]"},
    {"Group", "anneal", "1", "\"anneal\" is a group, not a single value", "linear_to"},
    {"GroupInside", "network.rules[learn]", "1", "is a group", "feedback_current"},
    {"FieldOfAValue", "epochs.x", "1", "\"epochs\" is a single value", "leave out"},
    {"OtherKind", "network.rules[learn].stdp.a_plus", "1", "\"stdp\" cannot be set, for the file has \"feedback_current\"",
     "use feedback_current"},
    {"OtherKindOfValue", "network.projections[in->hidden].weight.constant", "1", "for the file has \"normal\"", "use normal"},
    {"NotANumber", "anneal.linear_to", "much", "is \"much\", but must be a number", ""},
    {"NumberWithUnit", "trial.free_ms", "30ms", "is \"30ms\", but must be a number", ""},
    {"NotWhole", "epochs", "2.5", "is \"2.5\", but must be a whole number that is not negative", ""},
    {"Negative", "epochs", "-1", "is \"-1\", but must be a whole number that is not negative", ""},
    {"TooLarge", "epochs", "99999999999999999999999", "must be a number that fits", ""},
    {"NotABoolean", "thresholds_learn", "1", "is \"1\", but must be true or false", ""},
    {"UnknownEnumValue", "network.rules[learn].commit", "TRIAL", "is \"TRIAL\", but must be one of its values",
     "did you mean COMMIT_TRIAL?"},
    {"UnspecifiedEnumValue", "network.rules[learn].commit", "COMMIT_UNSPECIFIED", "must be one of its values", "COMMIT_"},
    {"Empty", "", "1", "is not the path of a field", "network.rules[hidden]"},
    {"EmptyStep", "network.rules[learn]..eta", "1", "is not the path of a field", ""},
    {"DotAtTheEnd", "anneal.", "1", "is not the path of a field", ""},
    {"OpenBracket", "network.rules[learn", "1", "is not the path of a field", ""},
    {"EmptyBrackets", "network.rules[].name", "1", "is not the path of a field", ""},
    {"BehindBrackets", "network.rules[learn]name", "1", "is not the path of a field", ""},
};

INSTANTIATE_TEST_SUITE_P(FieldChange, BadChanges, ::testing::ValuesIn(kBadChanges), [](const auto& i) { return i.param.name; });

TEST(FieldChange, AllBadOnesAreToldAtOnce) {
  const auto faults = faults_of([] { changed_experiment({{"epoch", "1"}, {"seeds", "x"}}); });
  ASSERT_EQ(faults.size(), 2u);
}

TEST(FieldChange, AmbiguousNamesWantAPlace) {
  const std::string text = std::string(kDesignNetwork) + "probes { population: \"out\" potential { every_ms: 1 } }";
  const auto faults = faults_of([&] { load_network_text(text, "", with({{"network.probes[out].potential.every_ms", "2"}})); });
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].what.find("2 elements of probes are called \"out\""), std::string::npos) << faults[0].what;
  EXPECT_EQ(load_network_text(text, "", with({{"network.probes[1].potential.every_ms", "2"}})).probes[1].every_ms, 2);
}

TEST(LoadOptions, FilesMayComeFromElsewhere) {
  LoadOptions options;
  std::string asked;
  options.read_file = [&](const std::string& path) { return asked = path, std::string(kDesignExperiment); };
  EXPECT_EQ(load_experiment("nowhere/exp.txtpb", options).epochs, 30u);
  EXPECT_EQ(asked, "nowhere/exp.txtpb");
}

}  // namespace
}  // namespace spikeloop
