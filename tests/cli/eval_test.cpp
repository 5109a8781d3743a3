// SPDX-License-Identifier: Apache-2.0
// `eval` of network files on folders of recordings.
#include <gtest/gtest.h>

#include "core/io/nir.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

/// An event as N-MNIST has it.
std::string five_bytes(unsigned x, unsigned y, bool on, unsigned us) {
  return {static_cast<char>(x), static_cast<char>(y), static_cast<char>((on ? 0x80 : 0) | us >> 16), static_cast<char>(us >> 8),
          static_cast<char>(us)};
}

nir::Node node_of(std::string name, std::string type, std::map<std::string, nir::Array> parameters) {
  return {std::move(name), std::move(type), std::move(parameters), {}, nullptr};
}
nir::Array values_of(std::vector<std::uint64_t> shape, std::vector<double> values) {
  return {nir::Stored::kFloat32, std::move(shape), std::move(values)};
}

/// A network that says on which side of a picture of 4 columns and 2 rows more happened, and recordings of both sides.
class EvalRecordings : public testing::Test {
 protected:
  EvalRecordings() {
    nir::Graph g;
    g.version = "1.0.7";
    g.nodes = {node_of("input", "Input", {{"shape", values_of({3}, {2, 2, 4})}}),
               node_of("pool", "SumPool2d", {{"kernel_size", values_of({2}, {2, 2})}, {"stride", values_of({2}, {2, 2})}}),
               node_of("flat", "Flatten", {{"start_dim", values_of({}, {0})}, {"end_dim", values_of({}, {-1})}}),
               node_of("fc", "Linear", {{"weight", values_of({2, 4}, {1, 0, 1, 0, 0, 1, 0, 1})}}),
               node_of("side", "IF", {{"r", values_of({}, {1})}, {"v_threshold", values_of({}, {1.5})}, {"v_reset", values_of({}, {0})}}),
               node_of("output", "Output", {{"shape", values_of({1}, {2})}})};
    for (std::size_t i = 0; i + 1 < g.nodes.size(); ++i) g.edges.emplace_back(g.nodes[i].name, g.nodes[i + 1].name);
    io::write_nir(folder / "net.nir", g);
    for (const auto& [name, side, n] : {std::tuple{"0/a", 0u, 4u}, {"0/b", 0u, 6u}, {"0/c", 1u, 4u}, {"1/a", 1u, 8u}}) {
      std::string bytes;
      for (unsigned i = 0; i < n; ++i) bytes += five_bytes(side * 2 + i % 2, i / 2 % 2, i % 3 == 0, 1000 * (i + 1));
      fs::create_directories(fs::path(folder / "set" + "/" + name).parent_path());
      folder.write(std::string("set/") + name + ".bin", bytes);
    }
  }
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"eval", folder / "net.nir", "--recordings", folder / "set", "--pulse", "dirac-1"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Folder folder;
};

TEST_F(EvalRecordings, GivesNeuroBenchsKeysAndOurOwnFigures) {
  const nlohmann::json json = call_json(command({"--price", "dynapse1"}), 0);
  EXPECT_EQ(json["test_accuracy"], 0.75);
  EXPECT_EQ(json["confusion"], nlohmann::json::parse("[[2, 1], [0, 1]]"));
  const auto& bench = json["neurobench"];
  std::vector<std::string> keys;
  for (const auto& [key, value] : bench.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"ActivationSparsity", "ClassificationAccuracy", "ConnectionSparsity", "Footprint",
                                            "SynapticOperations"}));
  EXPECT_EQ(bench["SynapticOperations"].size(), 3u);
  EXPECT_EQ(bench["Footprint"], 4 * (8 + 1));
  EXPECT_EQ(bench["ConnectionSparsity"], 0.5);
  EXPECT_EQ(bench["SynapticOperations"]["Effective_ACs"], 22 / 4.0);
  EXPECT_EQ(bench["SynapticOperations"]["Effective_MACs"], 0);
  const auto& extra = json["extra"];
  EXPECT_EQ(extra["samples"], 4);
  EXPECT_EQ(extra["spikes_per_inference"], (22 + 11) / 4.0) << "every second event";
  EXPECT_GT(extra["synaptic_events_per_inference"], 0);
  EXPECT_GT(extra["neuron_updates_per_inference"], 0);
  EXPECT_GT(extra["spikes_sd"], 0);
  EXPECT_NEAR(extra["latency_p50_ms"], 2.000001, 1e-9);
  EXPECT_NEAR(extra["first_output_spike_p99_ms"], 2.000001, 1e-9);
  EXPECT_EQ(extra["samples_without_output_spike"], 0);
  EXPECT_GT(extra["wall_p50_ms"], 0);
  ASSERT_EQ(json["energy"].size(), 1u);
  EXPECT_EQ(json["energy"][0]["kind"], "estimated");
  EXPECT_GT(json["energy"][0]["joules"], 0);
  EXPECT_GT(json["energy"][0]["standard_deviation_over_samples"], 0);
  EXPECT_EQ(json["conventions"]["reset"], "v becomes v_reset (v_reset is in the file)");
}

TEST_F(EvalRecordings, TakesTheClassesInTurnUpToTheLimit) {
  const nlohmann::json json = call_json(command({"--limit", "3"}), 0);
  EXPECT_EQ(json["confusion"], nlohmann::json::parse("[[2, 0], [0, 1]]"));
}

TEST_F(EvalRecordings, EndsARecordingAtTheDurationGiven) {
  const nlohmann::json json = call_json(command({"--duration", "3ms"}), 0);
  EXPECT_EQ(json["extra"]["spikes_per_inference"], 2 + 1) << "events at 1 and 2 ms, and one spike";
  EXPECT_NEAR(json["extra"]["inference_ms"], 3, 1e-3);
}

/// Recordings end after 5, 7, 5 and 9 ms: 26 bins of 1 ms, of 2 neurons, and 8 operations in a step.
TEST_F(EvalRecordings, CountsTheBinsThatASampleHasAndNoneMore) {
  const nlohmann::json whole = call_json(command(), 0);
  EXPECT_EQ(whole["neurobench"]["SynapticOperations"]["Dense"], 8 * 26 / 4.0);
  EXPECT_DOUBLE_EQ(whole["neurobench"]["ActivationSparsity"], 1 - 11 / (26.0 * 2));
  EXPECT_EQ(whole["extra"]["inference_ms"], 26 / 4.0);
  const nlohmann::json cut = call_json(command({"--duration", "3.5ms", "--bin", "0.5ms"}), 0);
  EXPECT_EQ(cut["neurobench"]["SynapticOperations"]["Dense"], 8 * 7);
  EXPECT_DOUBLE_EQ(cut["neurobench"]["ActivationSparsity"], 1 - 4 / (28.0 * 2));
  EXPECT_EQ(cut["extra"]["inference_ms"], 3.5);
}

TEST_F(EvalRecordings, TakesDescriptionsToo) {
  folder.write("net.txtpb",
               "# proto-file: spikeloop/v1/network.proto\n# proto-message: spikeloop.v1.Network\n"
               "populations { name: \"in\" shape: [2, 2, 4] source { external {} } }\n"
               "populations { name: \"side\" shape: [2, 1, 1] neuron { if { v_threshold_mv: 2 } } }\n"
               "projections { source: \"in\" target: \"side\" connect { convolution { kernel: [2, 4] } } delay_ms: 0.1\n"
               "  weight { listed { values: [1,1,0,0, 1,1,0,0, 1,1,0,0, 1,1,0,0, 0,0,1,1, 0,0,1,1, 0,0,1,1, 0,0,1,1] } } }\n");
  const nlohmann::json json = call_json({"eval", folder / "net.txtpb", "--recordings", folder / "set"}, 0);
  EXPECT_EQ(json["test_accuracy"], 0.75);
  EXPECT_EQ(json["readout"], "side");
  EXPECT_EQ(json["neurobench"]["ConnectionSparsity"], 0.5);
  EXPECT_EQ(json["neurobench"]["SynapticOperations"]["Effective_ACs"], 22 / 4.0);
}

TEST_F(EvalRecordings, PrintsATableForPeople) {
  for (const std::size_t columns : {std::size_t{80}, std::size_t{100}}) {
    const Outcome outcome = call(command({"--price", "dynapse1"}), false, columns);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const char* part : {"75.00 % of 4 recordings", "synaptic events delivered", "latency p50, p99", "energy on", "estimated"})
      contains(outcome.out, part);
  }
  EXPECT_EQ(call(command(), true).code, 130);
}

TEST_F(EvalRecordings, LeavesOutDamagedRecordingsAndNamesThemAtTheEnd) {
  folder.write("set/0/aa.bin", five_bytes(0, 0, true, 5) + "cut");
  folder.write("set/1/b.bin", five_bytes(0, 0, true, 5) + five_bytes(1, 0, true, 6) + "c");
  const Outcome outcome = call(command());
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.out, "75.00 % of 4 recordings");
  contains(outcome.err, "2 of 6 recordings are damaged and left out");
  contains(outcome.err, "aa.bin");
  contains(outcome.err, "b.bin");
  const nlohmann::json json = call_json(command(), 2);
  EXPECT_EQ(json["extra"]["samples"], 4);
  EXPECT_EQ(json["neurobench"]["SynapticOperations"]["Effective_ACs"], 22 / 4.0);
  EXPECT_EQ(json["left_out"].size(), 2u);
  for (const char* whole : {"0/a", "0/b", "0/c", "1/a"}) fs::remove(folder / "set" + "/" + whole + ".bin");
  const Outcome none = call(command());
  EXPECT_EQ(none.code, 2);
  EXPECT_EQ(none.out, "");
}

TEST_F(EvalRecordings, SaysWhatIsWrong) {
  const auto complains = [](const std::vector<std::string>& arguments, int code, const char* part) {
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    contains(outcome.err, part);
  };
  complains({"eval", folder / "net.nir"}, 1, "--recordings DIR");
  complains({"eval", folder.path().string(), "--limit", "3"}, 1, "--limit needs --recordings");
  complains({"eval", folder.path().string(), "--recordings", folder / "set"}, 1, "brings its own test set");
  complains({"eval", folder / "no.nir", "--recordings", folder / "set", "--pulse", "dirac-1"}, 2, "no.nir: cannot be opened");
  complains(command({"--readout", "sides"}), 1, "there are side");
  complains(command({"--robustness"}), 1, "run directories");
  complains({"eval", folder / "net.nir", "--recordings", folder / "nowhere", "--pulse", "dirac-1"}, 2, "nowhere");
  fs::rename(folder / "set/1", folder / "set/7");
  complains(command(), 2, "class \"7\" is number 7");
  fs::rename(folder / "set/7", folder / "set/right");
  EXPECT_EQ(call_json(command(), 0)["test_accuracy"], 0.75) << "names are numbered in their order";
  folder.write("set/0/d.bin", five_bytes(4, 0, true, 5));
  complains(command(), 2, "d.bin");
}

}  // namespace
}  // namespace spikeloop::cli::test
