// SPDX-License-Identifier: Apache-2.0
// What is wrong with a description, and exactly where.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "proto/load.hpp"
#include "proto/text.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using namespace spikeloop::testing;

/// A text with one fault; ^ marks the byte that it must be found at, and is taken out before loading.
struct OneFault {
  const char* name;
  std::string text;
  const char* path;
  const char* what;        ///< a part of it
  const char* suggestion;  ///< a part of it
};

void PrintTo(const OneFault& f, std::ostream* out) { *out << f.name; }

class Faults : public ::testing::TestWithParam<OneFault> {};

TEST_P(Faults, AreFoundWhereTheyAre) {
  std::string text = GetParam().text;
  const std::size_t mark = text.find('^');
  ASSERT_NE(mark, std::string::npos);
  text.erase(mark, 1);
  const std::size_t line_start = mark == 0 ? 0 : text.rfind('\n', mark - 1) + 1;
  const auto faults = faults_of_network(text);
  ASSERT_EQ(faults.size(), 1u) << DescriptionError(faults).what();
  const Diagnostic& d = faults[0];
  EXPECT_EQ(d.file, "net.txtpb");
  EXPECT_EQ(d.line, 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(mark), '\n'));
  EXPECT_EQ(d.column, static_cast<int>(mark - line_start) + 1);
  EXPECT_EQ(d.path, GetParam().path);
  EXPECT_NE(d.what.find(GetParam().what), std::string::npos) << d.what;
  EXPECT_NE(d.suggestion.find(GetParam().suggestion), std::string::npos) << d.suggestion;
}

const std::string kA = "populations { name: \"a\" neuron { lif {} } }\n";

const OneFault kSyntax[] = {
    {"UnknownField", kA + "populations { name: \"b\" neuron { lif { ^tau_mm_ms: 3 } } }", "populations[1].neuron.lif.tau_mm_ms",
     "not a field of Lif", "\"tau_m_ms\""},
    {"UnknownFieldFarFromAll", kA + "^zzzzzz: 3", "zzzzzz", "not a field of Network", "the fields are name, "},
    {"UnknownFieldBehindAComment", kA + "^seeds # seed?\n : 3", "seeds", "not a field of Network", "\"seed\""},
    {"FieldOfAnInnerMessage", kA + "populations { name: \"b\" neuron { ^tau_m_ms: 3 lif {} } }", "populations[1].neuron.tau_m_ms",
     "not a field of Neuron", "into `lif { ... }`"},
    {"UnknownMessage", kA + "^rulez { name: \"x\" stdp { a: 1 } }", "rulez", "not a field of Network", "\"rules\""},
    {"UnknownEnumValue", "populations { name: \"a\" neuron { lif { reset: ^RESET_SUBSTRACT } } }", "populations[0].neuron.lif.reset",
     "RESET_SUBSTRACT", "did you mean RESET_SUBTRACT?"},
    {"EnumValueWithoutPrefix", "populations { name: \"a\" neuron { lif { reset: ^SUBTRACT } } }", "populations[0].neuron.lif.reset",
     "SUBTRACT", "did you mean RESET_SUBTRACT?"},
    {"EnumNumber", "populations { name: \"a\" neuron { lif { ^reset: 7 } } }", "populations[0].neuron.lif.reset", "is 7",
     "RESET_TO_VALUE or RESET_SUBTRACT"},
    {"WordForANumber", "populations { name: \"a\" neuron { lif { tau_m_ms: ^fast } } }", "populations[0].neuron.lif.tau_m_ms",
     "is fast, but must be a number", ""},
    {"TextForANumber", "populations { name: \"a\" neuron { lif { tau_m_ms: ^\"20\" } } }", "populations[0].neuron.lif.tau_m_ms",
     "must be a number", ""},
    {"FractionForAWholeNumber", "populations { name: \"a\" shape: ^2.5 neuron { lif {} } }", "populations[0].shape[0]",
     "must be a whole number", ""},
    {"NegativeSize", "populations { name: \"a\" shape: [2, ^-3] neuron { lif {} } }", "populations[0].shape[1]", "must not be negative",
     ""},
    {"NumberTooLarge", kA + "seed: ^18446744073709551616", "seed", "must be a smaller number", ""},
    {"WordForABoolean", kA + "projections { source: \"a\" target: \"a\" connect { all_to_all { autapses: ^maybe } } }",
     "projections[0].connect.all_to_all.autapses", "true or false", ""},
    {"TextWithoutQuotes", kA + "name: ^abc", "name", "is abc, but must be a text in quotes", "\"abc\""},
    {"GivenTwice", kA + "seed: 1\n^seed: 2", "seed", "given twice", "remove"},
    {"TwoOfOneGroup", "populations { name: \"a\" neuron { lif {} } ^source { external {} } }", "populations[0].source",
     "cannot stand beside \"neuron\"", "keep one"},
    {"NumberForAGroup", kA + "populations: ^3", "populations[1]", "must be a group in braces", "{ ... }"},
    {"EndsTooEarly", "populations { name: \"a\"\n neuron { lif {}^", "populations[0].neuron.lif", "ends before", "closing brace"},
    {"TextNotClosed", kA + "name: \"abc^", "name", "end of string", ""},
    {"EqualsSign", kA + "seed ^= 3", "seed", "Expected \":\"", ""},
    {"StrayBrace", kA + "^}", "populations[0]", "Expected identifier", ""},
    {"Extension", kA + "[x.y]^: 3", "populations[0]", "extension", ""},
};

const OneFault kMeaning[] = {
    {"AfterATab", "populations {\n\tname: \"a\"\tneuron { lif {\t^tau_m_ms: -1 } } }", "populations[0].neuron.lif.tau_m_ms",
     "greater than 0", ""},
    {"AfterOtherLetters", "name: \"\u00e4\u00f6\" populations { name: \"a\" neuron { lif { ^tau_m_ms: 0 } } }",
     "populations[0].neuron.lif.tau_m_ms", "greater than 0", ""},
    {"NotFinite", "populations { name: \"a\" neuron { lif { ^v_rest_mv: nan } } }", "populations[0].neuron.lif.v_rest_mv", "nan", ""},
    {"Overflow", "populations { name: \"a\" neuron { lif { ^v_rest_mv: 1e999 } } }", "populations[0].neuron.lif.v_rest_mv", "inf", ""},
    {"InsideAValue", kA + "projections { source: \"a\" target: \"a\" weight { normal { ^std: -1 } } }", "projections[0].weight.normal.std",
     "negative", ""},
    {"UnknownName",
     kA + "controllers { population: \"a\" feedback { to: \"a\" weights { identity {} } }\n  feedback { ^to: \"aa\" weights { identity {} "
          "} } }",
     "controllers[0].feedback[1].to", "\"aa\"", "\"a\""},
    {"ResolutionNotWholeNanoseconds", "^resolution_ms: 2.5e-6 " + kA, "resolution_ms", "not a whole number of nanoseconds",
     "multiple of 1e-6"},
    {"ResolutionTooLargeForATime", "^resolution_ms: 1e300 " + kA, "resolution_ms", "", ""},
    {"DelayNotWholeTicks", kA + "projections { source: \"a\" target: \"a\" ^delay_ms: 0.15 }", "projections[0].delay_ms",
     "whole number of ticks", ""},
    {"MissingFieldAtTheMessageAroundIt", "^populations { neuron { lif {} } }", "populations[0].name", "missing", ""},
    {"TimeTooLarge", "populations { name: \"a\" source { current { steps { ^time_ms: 1e300 value_mv: 1 } } } }",
     "populations[0].source.current.steps[0].time_ms", "no time", ""},
    {"TimeNotANumber", "populations { name: \"a\" source { spike_list { spikes { ^time_ms: nan } } } }",
     "populations[0].source.spike_list.spikes[0].time_ms", "not a time", ""},
    {"CompactSpikeTooLarge", "populations { name: \"a\" source { spike_list { ^times_ms: [1, 1e30] neurons: [0, 0] } } }",
     "populations[0].source.spike_list.times_ms[1]", "not a time", ""},
    {"CompactSpikeOfNoNeuron", "populations { name: \"a\" source { spike_list { ^times_ms: [1, 2] neurons: [0, 1] } } }",
     "populations[0].source.spike_list.spikes[1].neuron", "is 1", ""},
    {"ListsOfDifferentLength", "populations { name: \"a\" source { spike_list { ^times_ms: [1, 2] neurons: 0 } } }",
     "populations[0].source.spike_list.times_ms", "2 times for 1 neurons", ""},
    {"NeitherNeuronNorSource", kA + "^populations { name: \"b\" }", "populations[1]", "neither neurons nor a source", "lif"},
    {"NeuronWithoutModel", "populations { name: \"a\" ^neuron {} }", "populations[0].neuron", "which model", "alif"},
    {"SourceWithoutKind", "populations { name: \"a\" ^source {} }", "populations[0].source", "which kind", "poisson"},
    {"RuleWithoutKind", kA + "^rules { name: \"r\" }", "rules[0]", "which rule", "stdp"},
    {"EmptyValue", kA + "projections { source: \"a\" target: \"a\" ^weight {} }", "projections[0].weight", "which value", "constant"},
    {"EmptyConnect", kA + "projections { source: \"a\" target: \"a\" ^connect {} }", "projections[0].connect", "how", "all_to_all"},
    {"FeedbackToTheBasalPort", kA + "controllers { population: \"a\" feedback { to: \"a\" weights { identity {} } ^port: PORT_BASAL } }",
     "controllers[0].feedback[0].port", "PORT_BASAL", "PORT_APICAL"},
    {"NegativeBoundAlone", kA + "rules { name: \"r\" stdp { ^weight_max: -1 } }", "rules[0].stdp.weight_max", "negative", "weight_min"},
    {"BoundsExchanged", kA + "rules { name: \"r\" stdp { ^weight_min: 2 weight_max: 1 } }", "rules[0].stdp.weight_min", "above weight_max",
     ""},
    {"ControllerTarget",
     kA + "controllers { population: \"a\" target { ^dead_zone_hz: 0 } feedback { to: \"a\" weights { identity {} } } }",
     "controllers[0].target.dead_zone_hz", "greater than 0", ""},
    {"ProbeInterval", kA + "probes { population: \"a\" potential { ^every_ms: -1 } }", "probes[0].every_ms", "greater than 0", ""},
    {"DelayDistribution", kA + "projections { source: \"a\" target: \"a\" ^delays_ms { constant: 0 } }", "projections[0].delay_ms", "", ""},
    {"KernelOfThree", kA + "projections { source: \"a\" target: \"a\" connect { pooling { ^kernel: [1, 1, 1] } } }",
     "projections[0].connect.pooling.kernel", "3 numbers", ""},
    {"TensorWithoutReader", kA + "projections { source: \"a\" target: \"a\" connect { tensor { ^file: \"w.npy\" } } }",
     "projections[0].connect.tensor.file", "no reader", ""},
    {"TensorWithoutFile", kA + "projections { source: \"a\" target: \"a\" connect { ^tensor {} } }", "projections[0].connect.tensor.file",
     "missing", ""},
    {"InvalidUtf8InAnEscape", kA + "^name: \"\\xff\"", "name", "UTF-8", ""},
    {"InvalidUtf8", kA + "name: \"^\xff\"", "", "UTF-8", "text file"},
    {"AnotherMessage", "# proto-message: ^spikeloop.v1.Experiment\n" + kA, "", "a spikeloop.v1.Network is wanted", ""},
};

INSTANTIATE_TEST_SUITE_P(OfSyntax, Faults, ::testing::ValuesIn(kSyntax), [](const auto& fault) { return fault.param.name; });
INSTANTIATE_TEST_SUITE_P(OfMeaning, Faults, ::testing::ValuesIn(kMeaning), [](const auto& fault) { return fault.param.name; });

TEST(AllFaults, OfAFileAreReportedTogetherInItsOrder) {
  const auto faults = faults_of_network(R"(sed: 3
resolution_ms: 1e-7
populations { name: "a" shape: -2 neuron { lif { tau_ms: 3 } } }
populations { name: "b" neuron { lif { reset: SUBTRACT tau_apical_ms: -4 } } }
populations { name: "c" neuron { lif { refractory_ms: long } } }
populations { name: "d" }
projections { source: "a" target: "x" connect { all_to_all { autapses: yes } } }
projections { source: "a" target: "b" weight { normal { std: -1 } } }
rules { name: "r" stdp { tau_plus_ms: 0 } commit: COMMIT_TRAIL }
)");
  std::vector<std::string> found;
  for (const Diagnostic& d : faults) found.push_back(fmt::format("{}:{} {}", d.line, d.column, d.path));
  EXPECT_EQ(found,
            (std::vector<std::string>{"1:1 sed", "2:1 resolution_ms", "3:32 populations[0].shape[0]",
                                      "3:50 populations[0].neuron.lif.tau_ms", "4:47 populations[1].neuron.lif.reset",
                                      "4:56 populations[1].neuron.lif.tau_apical_ms", "5:55 populations[2].neuron.lif.refractory_ms",
                                      "6:1 populations[3]", "7:27 projections[0].target", "7:72 projections[0].connect.all_to_all.autapses",
                                      "8:57 projections[1].weight.normal.std", "9:26 rules[0].stdp.tau_plus_ms", "9:51 rules[0].commit"}));
}

TEST(AllFaults, OfAnExperimentAreReportedTogether) {
  const auto faults = faults_of([] { load_experiment_text("\nepoch: 3\nencode {}\n", "e.txtpb"); });
  std::vector<std::string> found;
  for (const Diagnostic& d : faults) found.push_back(fmt::format("{}:{} {}", d.line, d.column, d.path));
  EXPECT_EQ(found, (std::vector<std::string>{"1:1 network", "1:1 dataset", "2:1 epoch", "3:1 encode"}));
}

TEST(AllFaults, OfAPriceListAreReportedTogether) {
  const auto faults = faults_of([] {
    load_prices_text("neurons_per_core: 0\nprices {}\nprices { part: \"a\" operation: OPERATION_SPIKE joules: -1 source: \"s\" }",
                     "p.txtpb");
  });
  std::vector<std::string> found;
  for (const Diagnostic& d : faults) found.push_back(fmt::format("{}:{} {}", d.line, d.column, d.path));
  EXPECT_EQ(found, (std::vector<std::string>{"1:1 machine", "1:1 neurons_per_core", "2:1 prices[0].part", "2:1 prices[0].operation",
                                             "2:1 prices[0].joules", "2:1 prices[0].source", "3:47 prices[1].joules"}));
}

TEST(AllFaults, ManyUnknownFieldsEndInABoundedList) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += fmt::format("x{}: 1\n", i);
  const auto faults = faults_of_network(text);
  EXPECT_GE(faults.size(), 50u);
  EXPECT_LE(faults.size(), 1002u);
}

TEST(AllFaults, MillionsOfEntriesAreOneFault) {
  std::string text = "populations { name: \"a\" neuron { lif {} } }\n";
  for (int i = 0; i < 100'001; ++i) text += "probes{}";
  const auto faults = faults_of_network(text);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "probes");
  EXPECT_EQ(faults[0].line, 2);
}

TEST(Tensors, OfTheWrongShapeAreRefused) {
  const std::string text =
      "populations { name: \"a\" shape: 2 source { external {} } } populations { name: \"b\" shape: 3 neuron { lif {} } }\n"
      "projections { source: \"a\" target: \"b\" connect { tensor { file: \"w.npy\" } } }";
  const LoadOptions transposed{[](const std::string&) { return TensorData{{3, 2}, std::vector<float>(6)}; }};
  const auto faults = faults_of([&] { load_network_text(text, "", transposed); });
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "projections[0].connect.tensor.file");
  EXPECT_EQ(faults[0].suggestion, "transpose the matrix");
  EXPECT_EQ(faults[0].line, 2);
  const LoadOptions broken{[](const std::string&) -> TensorData { throw DescriptionError("no such file"); }};
  const auto missing = faults_of([&] { load_network_text(text, "", broken); });
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].what, "no such file");
}

TEST(Files, ThatCannotBeReadAreRefused) {
  const TemporaryFolder folder;
  EXPECT_EQ(faults_of([&] { load_network(folder / "none.txtpb"); }).at(0).what, "cannot be opened");
  EXPECT_EQ(faults_of([&] { load_network(folder.path().string()); }).at(0).what, "is a directory, not a description");
  put(folder / "bad.binpb", "this is no message");
  EXPECT_EQ(faults_of([&] { load_network(folder / "bad.binpb"); }).at(0).file, folder / "bad.binpb");
}

TEST(Files, ThatAreTooLargeAreRefused) {
  const TemporaryFolder folder;
  put(folder / "large.txtpb", "");
  std::filesystem::resize_file(folder / "large.txtpb", proto::kMaxDescriptionBytes + 1);
  EXPECT_NE(faults_of([&] { load_network(folder / "large.txtpb"); }).at(0).what.find("64 MiB"), std::string::npos);
}

TEST(Depth, IsBounded) {
  for (const std::string piece : {"populations { ", "x { ", "x <y "}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += piece;
    EXPECT_FALSE(faults_of_network(text).empty());
  }
  std::string text = "x: ";
  text.append(100000, '[');
  EXPECT_FALSE(faults_of_network(text).empty());
}

TEST(Binary, FromALaterVersionIsRefused) {
  const std::string field_1000 = {'\xc0', '\x3e', '\x01'};
  const auto faults = faults_of([&] { load_network_binary(golden("network.bin") + field_1000, "net.binpb", with_six_by_six()); });
  EXPECT_NE(faults.at(0).what.find("newer"), std::string::npos);
}

TEST(Locate, FindsThePlacesOfFaultsThatOthersFound) {
  const TemporaryFolder folder;
  put(folder / "net.txtpb", kA + "projections {\n  source: \"a\"\n  target: \"a\" }\n");
  const auto faults =
      locate({{"projections[0].source", "w", "", "", 0, 0}, {"projections[0].delay_ms", "w", "", "", 0, 0}, {"nothing", "w", "", "", 0, 0}},
             folder / "net.txtpb");
  EXPECT_EQ(faults[0].line, 3);
  EXPECT_EQ(faults[0].column, 3);
  EXPECT_EQ(faults[1].line, 2);
  EXPECT_EQ(faults[2].line, 1);
  EXPECT_EQ(faults[0].file, folder / "net.txtpb");
}

}  // namespace
}  // namespace spikeloop
