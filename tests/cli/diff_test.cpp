// SPDX-License-Identifier: Apache-2.0
// `spikeloop diff`: one difference is planted, and has to be found.
#include <gtest/gtest.h>

#include "core/io/nir.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

struct Planted {
  const char* cause;
  const char* from;
  const char* to;
};

/// Two neurons with random weights, one of them inhibited, by regular trains.
constexpr const char* kDiffNetwork = R"(# proto-message: spikeloop.v1.Network
name: "net" resolution_ms: 0.1
populations { name: "in" shape: [3] source { regular { rate_hz: 130 random_phase: true } } }
populations { name: "ext" shape: [2] source { external {} } }
populations { name: "out" shape: [2] neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 reset: RESET_TO_VALUE } } }
projections { source: "in" target: "out" weight { listed { values: [0.311, 0.423, 0.357, 0.218, 0.132, 0.291] } } delay_ms: 0.5 }
projections { source: "ext" target: "out" connect { one_to_one {} } weight { constant: 0.45 } delay_ms: 0.5 }
probes { population: "out" spikes {} }
probes { population: "out" potential { every_ms: 0.5 } }
)";

std::string planted(const std::string& from, const std::string& to) {
  std::string text = kDiffNetwork;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class DiffVerb : public testing::TestWithParam<Planted> {};

TEST_P(DiffVerb, FindsWhatWasPlanted) {
  const auto& [cause, from, to] = GetParam();
  const Folder folder;
  folder.write("a.txtpb", kDiffNetwork), folder.write("b.txtpb", planted(from, to));
  const nlohmann::json report = call_json({"diff", folder / "a.txtpb", folder / "b.txtpb", "--duration", "300ms"}, 0);
  EXPECT_EQ(report["equal"], false);
  EXPECT_EQ(report["probable_cause"], cause);
  ASSERT_EQ(report["differences"].size(), 1U) << report.dump();
  EXPECT_EQ(report["differences"][0]["alone_enough"], true);
  EXPECT_TRUE(report["first"]["time_ns"].is_number());
  EXPECT_LT(report["first"]["neuron"], 3);
  const Outcome text = call({"diff", folder / "a.txtpb", folder / "b.txtpb", "--duration", "300ms"});
  contains(text.out, std::string("probable cause: ") + cause);
}

constexpr Planted kPlanted[] = {
    {"reset", "reset: RESET_TO_VALUE", "reset: RESET_SUBTRACT"},
    {"reset", "reset: RESET_TO_VALUE", "v_reset_mv: -0.3"},
    {"parameters", "tau_m_ms: 20", "tau_m_ms: 12"},
    {"parameters", "v_threshold_mv: 1", "v_threshold_mv: 1 refractory_ms: 9"},
    {"delay", "delay_ms: 0.5", "delay_ms: 0.9"},
    {"dt", "resolution_ms: 0.1", "resolution_ms: 0.5"},
    {"quantisation", "[0.311, 0.423, 0.357, 0.218, 0.132, 0.291]", "[0.3, 0.4, 0.4, 0.2, 0.1, 0.3]"},
    {"weights", "0.357", "0.957"},
    {"weights", "[0.311, 0.423, 0.357, 0.218, 0.132, 0.291]", "[0.9, 0.2, 0.9, 0.2, 0.9, 0.2]"},  // fewer values, but not the same, rounded
    {"connectivity", "one_to_one {}", "pairs { sources: [0, 1] targets: [1, 0] }"},
    {"input", "rate_hz: 130", "rate_hz: 131"},
};
INSTANTIATE_TEST_SUITE_P(Each, DiffVerb, testing::ValuesIn(kPlanted),
                         [](const auto& which) { return std::string(which.param.cause) + std::to_string(which.index); });

TEST(Diff, TellsTwoCausesThatNeitherAloneExplains) {
  const Folder folder;
  std::string both = planted("reset: RESET_TO_VALUE", "reset: RESET_SUBTRACT");
  both.replace(both.find("delay_ms: 0.5"), 13, "delay_ms: 0.9");
  folder.write("a.txtpb", kDiffNetwork), folder.write("b.txtpb", both);
  const nlohmann::json report = call_json({"diff", folder / "a.txtpb", folder / "b.txtpb"}, 0);
  EXPECT_EQ(report["probable_cause"], "reset and delay");
  for (const auto& d : report["differences"]) EXPECT_EQ(d["alone_enough"], false);
}

TEST(Diff, ResetsAreNotUndoneWithTheOtherParameters) {
  const Folder folder;
  std::string both = planted("reset: RESET_TO_VALUE", "reset: RESET_SUBTRACT");
  both.replace(both.find("tau_m_ms: 20"), 12, "tau_m_ms: 12");
  folder.write("a.txtpb", kDiffNetwork), folder.write("b.txtpb", both);
  EXPECT_EQ(call_json({"diff", folder / "a.txtpb", folder / "b.txtpb"}, 0)["probable_cause"], "reset and parameters");
}

TEST(Diff, ShowsTheGapOfPotentialsBeforeTheSpike) {
  const Folder folder;
  const auto often = [](std::string text) { return text.replace(text.find("every_ms: 0.5"), 13, "every_ms: 0.1"); };
  folder.write("a.txtpb", often(kDiffNetwork)), folder.write("b.txtpb", often(planted("tau_m_ms: 20", "tau_m_ms: 12")));
  const nlohmann::json networks = call_json({"diff", folder / "a.txtpb", folder / "b.txtpb", "--rate", "0"}, 0);
  for (const char* name : {"a", "b"}) ASSERT_EQ(call({"run", folder / (std::string(name) + ".txtpb"), "--out", folder / name}).code, 0);
  const nlohmann::json runs = call_json({"diff", folder / "a", folder / "b"}, 0);
  EXPECT_EQ(runs["first"], networks["first"]);
  ASSERT_TRUE(runs.contains("before") && networks.contains("before")) << runs.dump() << networks.dump();
  for (const char* side : {"a_mv", "b_mv", "gap_mv"})
    EXPECT_NEAR(runs["before"][side].get<double>(), networks["before"][side].get<double>(), 1e-9) << side;
  EXPECT_EQ(runs["before"]["time_ns"], networks["before"]["time_ns"]);
  EXPECT_GT(runs["before"]["gap_mv"], 1e-4);
  EXPECT_LT(runs["before"]["a_mv"], 1);
}

TEST(Diff, EqualOnesDoNotDifferAndTheExitCodeMaySaySo) {
  const Folder folder;
  folder.write("a.txtpb", kDiffNetwork), folder.write("b.txtpb", planted("tau_m_ms: 20", "tau_m_ms: 12"));
  folder.write("unheard.txtpb", planted("name: \"net\"", "name: \"other\""));
  const Outcome same = call({"diff", folder / "a.txtpb", folder / "unheard.txtpb", "--exit-code"});
  EXPECT_EQ(same.code, 0);
  contains(same.out, "no spike differs");
  EXPECT_EQ(call({"diff", folder / "a.txtpb", folder / "b.txtpb"}).code, 0);
  EXPECT_EQ(call({"diff", folder / "a.txtpb", folder / "b.txtpb", "--exit-code"}).code, 1);
}

TEST(Diff, RecordingsOfAnyFormatAreComparedWithinATolerance) {
  const Folder folder;
  folder.write("a.csv", "time_ms,population,neuron\n1,x,0\n2,x,1\n3,y,0\n");
  folder.write("b.csv", "time_ms,population,neuron\n3,y,0\n1.05,x,0\n2,x,1\n");
  ASSERT_EQ(call({"convert", folder / "b.csv", folder / "b.h5"}).code, 0);
  const nlohmann::json report = call_json({"diff", folder / "a.csv", folder / "b.h5"}, 0);
  EXPECT_EQ(report["kind"], "recordings");
  EXPECT_EQ(report["first"],
            (nlohmann::json{{"population", "x"}, {"neuron", 0}, {"time_ns", 1000000}, {"a_ns", 1000000}, {"b_ns", 1050000}}));
  EXPECT_EQ(call_json({"diff", folder / "a.csv", folder / "b.h5", "--tolerance", "0.1ms"}, 0)["equal"], true);
  folder.write("events.bin", std::string("\x05\x03\x80\x00\x0a\x07\x08\x00\x00\x20", 10));
  EXPECT_EQ(call_json({"diff", folder / "events.bin", folder / "events.bin"}, 0)["equal"], true);
}

TEST(Diff, RefusesWhatCannotBeCompared) {
  const Folder folder;
  folder.write("a.txtpb", kDiffNetwork);
  folder.write("a.csv", "time_ms,population,neuron\n1,x,0\n");
  const Outcome mixed = call({"diff", folder / "a.csv", folder / "a.txtpb"});
  EXPECT_EQ(mixed.code, 1);
  contains(mixed.err, "two networks, or two recordings");
  const Outcome option = call({"diff", folder / "a.txtpb", folder / "a.txtpb", "--b-reset", "value"});
  EXPECT_EQ(option.code, 1);
  contains(option.err, "--reset is for NIR files");
  EXPECT_EQ(call({"diff", folder / "a.csv", folder / "a.csv", "--dt", "1ms"}).code, 1);
  EXPECT_EQ(call({"diff", folder / "a.txtpb", folder / "missing.txtpb"}).code, 2);
  std::string other = planted("name: \"ext\"", "name: \"else\"");
  other.replace(other.find("source: \"ext\""), 13, "source: \"else\"");
  folder.write("other.txtpb", other);
  const Outcome renamed = call({"diff", folder / "a.txtpb", folder / "other.txtpb"});
  EXPECT_EQ(renamed.code, 2);
  contains(renamed.err, "no population \"ext\"");
}

/// One neuron behind a weight, with a current of its own that Euler steps of 0.1 ms get wrong by several of them in a while.
std::string write_one_neuron(const Folder& folder, const std::string& name = "one.nir", double tau = 0.0025, double weight = 1,
                             double v_reset = 0) {
  const auto real = [](double x) { return nir::Array{nir::Stored::kFloat32, {1}, std::vector<double>{x}}; };
  const nir::Array one{nir::Stored::kInt64, {1}, std::vector<std::int64_t>{1}};
  nir::Graph g;
  g.version = "1.0.7";
  g.nodes = {{"in", "Input", {{"shape", one}}, {}, nullptr},
             {"fc", "Affine", {{"weight", {nir::Stored::kFloat32, {1, 1}, std::vector<double>{weight}}}, {"bias", real(0)}}, {}, nullptr},
             {"lif",
              "LIF",
              {{"tau", real(tau)}, {"r", real(1)}, {"v_leak", real(0)}, {"v_threshold", real(0.1)}, {"v_reset", real(v_reset)}},
              {},
              nullptr},
             {"out", "Output", {{"shape", one}}, {}, nullptr}};
  g.edges = {{"in", "fc"}, {"fc", "lif"}, {"lif", "out"}};
  const std::string file = folder / name;
  io::write_nir(file, g);
  return file;
}

struct PlantedConvention {
  const char* cause;
  std::vector<std::string> options;
};

class DiffOfConventions : public testing::TestWithParam<PlantedConvention> {};

TEST_P(DiffOfConventions, FindsWhichOneItIs) {
  const Folder folder;
  const std::string file = write_one_neuron(folder);
  std::vector<std::string> arguments = {"diff", file, file, "--rate", "900", "--duration", "300ms"};
  arguments.insert(arguments.end(), GetParam().options.begin(), GetParam().options.end());
  const nlohmann::json report = call_json(arguments, 0);
  EXPECT_EQ(report["equal"], false);
  EXPECT_TRUE(report["probable_cause"].get<std::string>().starts_with(GetParam().cause)) << report["probable_cause"];
}

INSTANTIATE_TEST_SUITE_P(
    Each, DiffOfConventions,
    testing::Values(PlantedConvention{"reset", {"--dt", "0.1ms", "--a-reset", "value", "--b-reset", "subtract"}},
                    PlantedConvention{"pulse", {"--dt", "0.1ms", "--a-pulse", "rect", "--b-pulse", "dirac-dt"}},
                    PlantedConvention{"dt", {"--a-dt", "0.1ms", "--b-dt", "0.2ms"}},
                    PlantedConvention{"unit", {"--dt", "1us", "--a-unit", "s", "--b-unit", "ms", "--pulse", "rect"}},
                    PlantedConvention{"dt", {"--dt", "0.1ms", "--a-reset", "value", "--a-pulse", "rect", "--b-as", "norse"}},
                    PlantedConvention{"reset and pulse", {"--dt", "0.1ms", "--a-as", "sinabs", "--b-as", "norse"}},
                    PlantedConvention{"dt", {"--a-as", "norse", "--b-as", "norse", "--a-dt", "0.1ms", "--b-dt", "0.2ms"}}),
    [](const auto& which) { return std::to_string(which.index); });

/// Weights of the network are made of a file's weights and time constants, but only one of them is another.
TEST(Diff, OfNirFilesNamesTheDatasetThatIsAnother) {
  const Folder folder;
  const std::string a = write_one_neuron(folder);
  const std::pair<std::string, std::string> planted[] = {{write_one_neuron(folder, "tau.nir", 0.002), "parameters"},
                                                         {write_one_neuron(folder, "weight.nir", 0.0025, 1.3), "weights"},
                                                         {write_one_neuron(folder, "reset.nir", 0.0025, 1, -0.05), "reset"}};
  for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"--as", "norse"}})
    for (const auto& [b, cause] : planted) {
      if (cause == "reset" && !how.empty()) continue;  // norse does not look at it
      std::vector<std::string> arguments = {"diff", a, b, "--dt", "0.1ms", "--rate", "900", "--duration", "300ms"};
      arguments.insert(arguments.end(), how.begin(), how.end());
      const nlohmann::json report = call_json(arguments, 0);
      const std::string found = report.value("probable_cause", std::string());
      EXPECT_NE(found.find(cause), std::string::npos) << b << " " << report.dump();
      for (const char* other : {"parameters", "weights"})
        if (other != cause) {
          EXPECT_EQ(found.find(other), std::string::npos) << found;
        }
    }
}

nir::Array reals_of(std::vector<std::uint64_t> shape, std::vector<double> values) {
  return {nir::Stored::kFloat32, std::move(shape), std::move(values)};
}

/// Two neurons, each behind an input of its own.
std::string write_pair(const Folder& folder, const std::string& name, const std::string& type,
                       std::map<std::string, nir::Array> parameters) {
  const nir::Array two{nir::Stored::kInt64, {1}, std::vector<std::int64_t>{2}};
  nir::Graph g;
  g.version = "1.0.7";
  g.nodes = {{"in", "Input", {{"shape", two}}, {}, nullptr},
             {"fc", "Linear", {{"weight", reals_of({2, 2}, {1, 0.5, 0.25, 0.75})}}, {}, nullptr},
             {"a", type, std::move(parameters), {}, nullptr},
             {"out", "Output", {{"shape", two}}, {}, nullptr}};
  g.edges = {{"in", "fc"}, {"fc", "a"}, {"a", "out"}};
  const std::string file = folder / name;
  io::write_nir(file, g);
  return file;
}

const std::map<std::string, nir::Array> kLeaky = {{"tau", reals_of({2}, {0.01, 0.01})},
                                                  {"r", reals_of({2}, {1, 1})},
                                                  {"v_leak", reals_of({2}, {0, 0})},
                                                  {"v_threshold", reals_of({2}, {1.5, 1.5})},
                                                  {"v_reset", reals_of({2}, {0, 0})}};

TEST(Diff, ANodeOfAnotherTypeIsAnotherNeuronAndNotAnotherWeight) {
  const Folder folder;
  std::map<std::string, nir::Array> plain = kLeaky;
  plain.erase("tau"), plain.erase("v_leak");
  const std::string a = write_pair(folder, "a.nir", "LIF", kLeaky), b = write_pair(folder, "b.nir", "IF", plain);
  const nlohmann::json report = call_json({"diff", a, b, "--pulse", "dirac-1", "--rate", "400", "--duration", "300ms"}, 0);
  EXPECT_EQ(report["equal"], false);
  EXPECT_EQ(report["probable_cause"], "parameters");
  ASSERT_EQ(report["differences"].size(), 1U) << report.dump();
  EXPECT_EQ(report["differences"][0]["what"], "a: LIF in A, IF in B");
  EXPECT_EQ(report["differences"][0]["alone_enough"], true);
}

TEST(Diff, ParametersThatMeanTheSameAreNoDifference) {
  const Folder folder;
  std::map<std::string, nir::Array> scalars = {
      {"tau", reals_of({}, {0.01})}, {"r", reals_of({}, {1})}, {"v_leak", reals_of({1}, {0})}, {"v_threshold", reals_of({}, {1.5})}};
  const std::string a = write_pair(folder, "a.nir", "LIF", kLeaky), b = write_pair(folder, "b.nir", "LIF", scalars);
  const std::vector<std::string> how = {"--pulse", "dirac-1", "--reset", "value", "--rate", "400", "--duration", "300ms"};
  const auto diff = [&](const std::string& other) {
    std::vector<std::string> arguments = {"diff", a, other};
    arguments.insert(arguments.end(), how.begin(), how.end());
    return call_json(arguments, 0);
  };
  EXPECT_EQ(diff(b)["differences"], nlohmann::json::array()) << diff(b).dump();
  scalars["v_threshold"] = reals_of({}, {1.25});
  EXPECT_EQ(diff(write_pair(folder, "c.nir", "LIF", scalars))["differences"][0]["what"], "a.v_threshold: 2 of 2, by up to 0.25");
}

/// A picture of 4 x 4, a kernel of 3 x 3, and neurons as many as the padding leaves.
std::string write_picture(const Folder& folder, const std::string& name, nir::Array padding, std::uint64_t side) {
  const auto whole = [](std::vector<std::int64_t> v) { return nir::Array{nir::Stored::kInt64, {v.size()}, v}; };
  const std::uint64_t n = side * side;
  const nir::Array each = reals_of({1, side, side}, std::vector<double>(n, 1));
  std::vector<double> kernel;
  for (int i = 1; i < 10; ++i) kernel.push_back(i / 8.0);
  nir::Graph g;
  g.version = "1.0.7";
  g.nodes = {{"in", "Input", {{"shape", whole({1, 4, 4})}}, {}, nullptr},
             {"c",
              "Conv2d",
              {{"weight", reals_of({1, 1, 3, 3}, kernel)},
               {"stride", whole({1, 1})},
               {"padding", std::move(padding)},
               {"dilation", whole({1, 1})},
               {"groups", whole({1})},
               {"bias", reals_of({1}, {0})}},
              {},
              nullptr},
             {"n", "IF", {{"r", each}, {"v_threshold", each}, {"v_reset", reals_of(each.shape, std::vector<double>(n, 0))}}, {}, nullptr},
             {"out", "Output", {{"shape", whole({static_cast<std::int64_t>(n)})}}, {}, nullptr}};
  g.edges = {{"in", "c"}, {"c", "n"}, {"n", "out"}};
  const std::string file = folder / name;
  io::write_nir(file, g);
  return file;
}

TEST(Diff, DatasetsThatNeedOneAnotherAreUndoneTogether) {
  const Folder folder;
  const auto text = [](const char* t) { return nir::Array{nir::Stored::kString, {}, std::vector<std::string>{t}}; };
  const std::string same = write_picture(folder, "same.nir", text("same"), 4), valid = write_picture(folder, "valid.nir", text("valid"), 2),
                    one = write_picture(folder, "one.nir", {nir::Stored::kInt64, {2}, std::vector<std::int64_t>{1, 1}}, 4);
  const nlohmann::json report = call_json({"diff", same, valid, "--pulse", "dirac-1", "--duration", "100ms"}, 0);
  EXPECT_EQ(report["equal"], false);
  EXPECT_EQ(report["probable_cause"], "reset and parameters and connectivity") << report.dump();
  EXPECT_EQ(call_json({"diff", same, one, "--pulse", "dirac-1", "--duration", "100ms"}, 0)["differences"], nlohmann::json::array());
}

TEST(Diff, StepsAreTheCauseWhereTheOneDifferenceThereIsDoesNotExplainIt) {
  const Folder folder;
  const std::string file = write_pair(folder, "a.nir", "LIF", kLeaky);
  folder.write("in.csv", [] {
    std::string text = "time_ms,population,neuron\n";
    for (int i = 0; i < 60; ++i)
      text += std::to_string(i * 13 / 10) + "." + std::to_string(i * 13 % 10) + ",in," + std::to_string(i * 7 % 2) + "\n";
    return text;
  }());
  const nlohmann::json report = call_json(
      {"diff", file, file, "--input", folder / "in.csv", "--dt", "4ms", "--a-reset", "value", "--b-as", "nengo", "--duration", "100ms"}, 0);
  EXPECT_EQ(report["equal"], false);
  ASSERT_EQ(report["differences"].size(), 1U) << report.dump();
  EXPECT_EQ(report["differences"][0]["alone_enough"], false);
  EXPECT_EQ(report["probable_cause"], "dt: one goes in steps, and nothing else is left that differs");
}

/// Steps of 4 ms take several spikes each.
TEST(Diff, WhatBothAreGivenIsNoPlaceToPart) {
  const Folder folder;
  const std::string file = write_pair(folder, "a.nir", "LIF", kLeaky);
  folder.write("in.csv", "time_ms,population,neuron\n1,in,0\n2,in,0\n3,in,0\n3.5,in,1\n9,in,1\n");
  for (const char* tolerance : {"4ms", "1ns"}) {
    const nlohmann::json report = call_json({"diff", file, file, "--input", folder / "in.csv", "--dt", "4ms", "--a-reset", "value",
                                             "--a-pulse", "rect", "--b-as", "norse", "--duration", "20ms", "--tolerance", tolerance},
                                            0);
    EXPECT_EQ(report["populations"][0], (nlohmann::json{{"name", "in"}, {"a", 5}, {"b", 5}, {"shared", 5}})) << tolerance;
    if (report.contains("first")) {
      EXPECT_EQ(report["first"]["population"], "a");
    }
  }
}

TEST(Diff, EndsWhereANetworkSpikesWithoutEnd) {
  const Folder folder;
  const std::string wild =
      planted("delay_ms: 0.5 }\nprobes",
              "delay_ms: 0.5 }\nprojections { source: \"out\" target: \"out\" weight { constant: 2 } delay_ms: 0.1 }\nprobes");
  folder.write("a.txtpb", kDiffNetwork), folder.write("b.txtpb", wild);
  const Outcome outcome = call({"diff", folder / "a.txtpb", folder / "b.txtpb", "--duration", "1000s"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "does the network excite itself?");
}

TEST(Diff, OfANirFileAndItsDescriptionIsNothing) {
  const Folder folder;
  const std::string file = write_one_neuron(folder);
  ASSERT_EQ(call({"convert", file, folder / "one.txtpb", "--pulse", "dirac-1"}).code, 0);
  const nlohmann::json report =
      call_json({"diff", file, folder / "one.txtpb", "--pulse", "dirac-1", "--rate", "400", "--duration", "300ms"}, 0);
  EXPECT_EQ(report["equal"], true) << report.dump();
  EXPECT_GT(report["populations"][1]["shared"], 3);
}

}  // namespace
}  // namespace spikeloop::cli::test
