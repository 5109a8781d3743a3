// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

std::size_t lines_of(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

TEST(Run, WritesARunDirectory) {
  Folder folder;
  const nlohmann::json object = call_json({"run", kNetworks + "lif_bias.txtpb", "--duration", "100ms", "--out", folder / "out"}, 0);
  EXPECT_EQ(object, json_of(folder / "out/report.json"));
  EXPECT_EQ(object["simulated_s"], 0.1);
  EXPECT_EQ(object["interrupted"], false);
  EXPECT_EQ(object["recording_hash"].get<std::string>().size(), 16u);
  const std::string spikes = read(folder / "out/spikes.csv");
  EXPECT_EQ(lines_of(spikes), 1 + object["populations"]["neuron"]["spikes"].get<std::size_t>());
  EXPECT_TRUE(spikes.starts_with("time_ms,population,neuron\n13.9,neuron,0\n")) << spikes;
  const std::string potentials = read(folder / "out/samples/neuron.potential.csv");
  EXPECT_TRUE(potentials.starts_with("time_ms,0\n0.000000,")) << potentials.substr(0, 50);
  EXPECT_EQ(lines_of(potentials), 101u);
  EXPECT_FALSE(fs::exists(folder / "out/weights"));  // nothing is plastic
  EXPECT_EQ(call({"check", folder / "out/network.txtpb"}).code, 0);
}

TEST(Run, TellsTheSameWithoutJson) {
  Folder folder;
  const Outcome outcome = call({"run", kNetworks + "stdp_pair.txtpb", "--duration", "600ms", "--out", folder / "out"}, false, 80);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  contains(outcome.out, "written to " + folder / "out");
  EXPECT_TRUE(fs::exists(folder / "out/weights/plastic.npy"));
  EXPECT_TRUE(fs::exists(folder / "out/samples/plastic.weights.csv"));
}

TEST(Run, WhatWasWrittenRunsToTheSame) {
  Folder folder;
  const auto hash = [&](const std::string& file, const std::string& out) {
    return call_json({"run", file, "--duration", "50ms", "--seed", "3", "--out", folder / out}, 0)["recording_hash"];
  };
  folder.write_random_network();
  const auto first = hash(folder / "random.txtpb", "a");
  EXPECT_EQ(hash(folder / "a/network.txtpb", "b"), first);
}

TEST(Run, TakesAnExperimentForItsNetworkAndSpikesFromAFile) {
  Folder folder;
  folder.write_experiment();
  std::string spikes = "time_ms,population,neuron\n";
  for (int i = 19; i >= 0; --i)
    for (int k = 0; k < 64; ++k) spikes += std::to_string(2 * i) + ",in," + std::to_string(k) + "\n";
  folder.write("in.csv", spikes + "50,in,1\n-1,in,1\n");
  std::vector<std::string> arguments = {"run",   folder / "exp.txtpb", "--input", folder / "in.csv", "--duration", "40 ms", "--json",
                                        "--out", folder / "out"};
  const Outcome outcome = call(arguments);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  contains(outcome.err, "1 of 1282 spikes");
  contains(outcome.err, "--duration");
  const nlohmann::json report = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(report["populations"]["in"]["spikes"], 1280);
  EXPECT_GT(report["populations"]["hidden"]["spikes"], 0);
  EXPECT_EQ(report["late"], 1);
}

TEST(Run, OtherSeedsDiffer) {
  Folder folder;
  folder.write_random_network();
  const auto hash = [&](const std::string& seed) {
    return call_json({"run", folder / "random.txtpb", "--duration", "30ms", "--seed", seed, "--out", folder / seed}, 0)["recording_hash"];
  };
  EXPECT_NE(hash("1"), hash("2"));
}

TEST(Run, ProfileTellsWhereTheTimeGoesAndChangesNothing) {
  Folder folder;
  folder.write_random_network();
  const auto run = [&](const std::string& out, std::vector<std::string> more) {
    std::vector<std::string> arguments = {"run", folder / "random.txtpb", "--duration", "30ms", "--out", folder / out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return call_json(arguments, 0);
  };
  const nlohmann::json plain = run("plain", {}), measured = run("measured", {"--profile", "--threads", "2"});
  EXPECT_EQ(measured["recording_hash"], plain["recording_hash"]);
  EXPECT_FALSE(plain.contains("profile"));
  EXPECT_FALSE(fs::exists(folder / "plain/trace.json"));
  std::map<std::string, std::uint64_t> operations;
  for (const auto& row : measured["profile"]) operations[row["phase"]] += row["operations"].get<std::uint64_t>();
  for (const char* phase : {"drive", "deliver", "update", "exchange", "record"}) EXPECT_GT(operations[phase], 0u) << phase;
  EXPECT_GT(json_of(folder / "measured/trace.json")["traceEvents"].size(), 300u);  // an epoch a tick, each with its phases

  const Outcome outcome = call({"run", folder / "random.txtpb", "--duration", "30ms", "--out", folder / "table", "--profile"});
  contains(outcome.out, "deliver");
  contains(outcome.out, "events");
}

TEST(Run, WarnsOfANetworkThatExcitesItselfWithoutEnd) {
  Folder folder;
  folder.write("wild.txtpb", R"(# proto-message: spikeloop.v1.Network
resolution_ms: 0.001
populations { name: "in" shape: 1 source { regular { rate_hz: 900 } } }
populations { name: "n" shape: 2 neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 } } }
projections { source: "in" target: "n" weight { constant: 2 } delay_ms: 0.001 }
projections { source: "n" target: "n" weight { constant: 2 } delay_ms: 0.001 }
)");
  const Outcome wild = call({"run", folder / "wild.txtpb", "--duration", "10ms", "--out", folder / "out"});
  EXPECT_EQ(wild.code, 0);
  contains(wild.err, "each neuron of \"n\" spikes");
  EXPECT_EQ(wild.err.find("excite itself?"), wild.err.rfind("excite itself?")) << "once";
  const Outcome tame = call({"run", kNetworks + "lif_bias.txtpb", "--duration", "50ms", "--out", folder / "tame"});
  EXPECT_EQ(tame.err.find("excite itself?"), std::string::npos);
}

TEST(Run, StoppedAtOnceHasWrittenEverything) {
  Folder folder;
  const Outcome outcome = call({"run", kNetworks + "lif_bias.txtpb", "--out", folder / "out", "--json"}, true);
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["interrupted"], true);
  contains(outcome.err, "interrupted at 0 of 1000 ms");
  EXPECT_EQ(read(folder / "out/spikes.csv"), "time_ms,population,neuron\n");
}

}  // namespace
}  // namespace spikeloop::cli::test
