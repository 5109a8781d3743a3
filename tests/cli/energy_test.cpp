// SPDX-License-Identifier: Apache-2.0
// `spikeloop energy`.
#include <fmt/format.h>

#include <cmath>

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

constexpr const char* kPrices = R"(# proto-file: spikeloop/v1/price.proto
# proto-message: spikeloop.v1.PriceList
machine: "two prices"
prices { part: "synapse" operation: OPERATION_SYNAPTIC_EVENT joules: 2e-12 source: "a paper" verified: true }
prices { part: "static" operation: OPERATION_SECOND joules: 1e-3 source: "a data sheet" }
)";

constexpr const char* kMesh = R"(# proto-file: spikeloop/v1/price.proto
# proto-message: spikeloop.v1.PriceList
machine: "a mesh"
prices { part: "neuron" operation: OPERATION_SPIKE joules: 1e-12 source: "a paper" verified: true }
prices { part: "mesh" operation: OPERATION_HOP joules: 1e-12 source: "a paper" verified: true }
)";

/// What fits the chip: neurons that it has, few inputs.
constexpr const char* kChipNetwork = R"(# proto-file: spikeloop/v1/network.proto
# proto-message: spikeloop.v1.Network
name: "tiny_chip"
resolution_ms: 0.1
populations { name: "in" shape: [8, 8] source { external {} } }
populations { name: "out" shape: [10] neuron { lif_exp { tau_m_ms: 20 tau_syn_ms: 5 v_threshold_mv: 1 reset: RESET_TO_VALUE v_floor_mv: 0 tau_apical_ms: 40 } } }
projections { source: "in" target: "out" weight { uniform { low: 0 high: 0.5 } } delay_ms: 0.1 rule: "learn" }
rules { name: "learn" feedback_current { eta: 1e-3 weight_max: 4 } commit: COMMIT_TRIAL }
controllers {
  population: "out"
  target { true_hz: 100 other_hz: 0 dead_zone_hz: 30 }
  neuron { lif { tau_m_ms: 20 } }
  feedback { to: "out" weights { identity {} } amplitude: 1 }
}
probes { population: "out" spikes {} }
)";

double sum(const nlohmann::json& object, const char* key) {
  double total = 0;
  for (const auto& entry : object) total += entry.at(key).get<double>();
  return total;
}

/// A finished training of two seeds, 20 test samples each; made once.
const Folder& trained() {
  static const Folder* const folder = [] {
    const auto* f = new Folder;  // goes with the process
    f->write_experiment();
    f->write("two.txtpb", kPrices);
    f->write("mesh.txtpb", kMesh);
    EXPECT_EQ(call({"train", *f / "exp.txtpb", "--epochs", "1", "--out", *f / "run", "-q"}).code, 0);
    return f;
  }();
  return *folder;
}

TEST(Energy, OfATrainingIsCountsTimesPricesPerInferenceWithBothSpreads) {
  const Folder& f = trained();
  const nlohmann::json json = call_json({"energy", f / "run", "--price", f / "two.txtpb"}, 0);
  EXPECT_EQ(json["verb"], "train");
  const auto& machine = json["machines"].at(0);
  EXPECT_EQ(machine["machine"], "two prices");
  EXPECT_EQ(machine["kind"], "estimated");
  ASSERT_EQ(machine["runs"].size(), 2u);
  const nlohmann::json report = json_of(f / "run/report.json");
  const auto& first = machine["runs"][0];
  const double events = report["extra"]["synaptic_events_per_inference"].get<double>();
  EXPECT_NEAR(first["energy"]["lines"][0]["count"].get<double>(), events, 1e-6 * events);
  EXPECT_NEAR(first["energy"]["lines"][0]["joules"].get<double>(), 2e-12 * events, 1e-6 * 2e-12 * events);
  EXPECT_NEAR(first["energy"]["lines"][1]["joules"].get<double>(), 1e-3 * 15e-3, 1e-12);  // 15 ms of test
  EXPECT_GT(first["energy"]["standard_deviation_over_samples"].get<double>(), 0);
  EXPECT_LT(first["energy"]["standard_deviation_over_samples"].get<double>(), 2e-12 * events);
  const double a = first["energy"]["joules"], b = machine["runs"][1]["energy"]["joules"];
  EXPECT_NEAR(machine["joules"].get<double>(), (a + b) / 2, 1e-9 * a);
  EXPECT_NEAR(machine["standard_deviation_over_seeds"].get<double>(), std::abs(a - b) / std::sqrt(2), 1e-9 * a);
  EXPECT_TRUE(json["spread_over_samples_not_known"].empty());
  const Outcome text = call({"energy", f / "run", "--price", f / "two.txtpb"});
  EXPECT_EQ(text.code, 0);
  for (const char* part :
       {"two prices: energy of one inference, estimated, mean over 2 seeds", "a data sheet (not verified)", "± over samples"})
    contains(text.out, part);
}

TEST(Energy, OfACountThatNobodyHasIsNotZero) {
  const Folder& f = trained();
  const nlohmann::json json = call_json({"energy", f / "run", "--price", f / "mesh.txtpb", "--price", f / "two.txtpb"}, 0);
  ASSERT_EQ(json["machines"].size(), 2u);
  const auto& mesh = json["machines"][0];
  EXPECT_EQ(mesh["complete"], false);
  EXPECT_TRUE(mesh["lines"][1]["count"].is_null());
  EXPECT_TRUE(mesh["lines"][1]["joules"].is_null());
  EXPECT_GT(mesh["joules"].get<double>(), 0);
  const Outcome text = call({"energy", f / "run", "--price", f / "mesh.txtpb"});
  for (const char* part : {"not known", "no mapping", "lower bound"}) contains(text.out, part);
}

TEST(Energy, UsesThePricesOfTheDirectoryAndOfShippedChips) {
  const Folder& f = trained();
  fs::create_directories(f.path() / "with");
  fs::copy(f.path() / "run", f.path() / "with/run", fs::copy_options::recursive);
  fs::create_directories(f.path() / "with/run/prices");
  fs::copy(f.path() / "two.txtpb", f.path() / "with/run/prices/two.txtpb");
  EXPECT_EQ(call_json({"energy", f / "with/run"}, 0)["machines"].at(0)["machine"], "two prices");
  EXPECT_EQ(call_json({"energy", f / "run", "--price", "dynapse1"}, 0)["machines"].at(0)["machine"], "dynapse1");
  const std::string chip = SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb";
  EXPECT_EQ(call_json({"energy", f / "run", "--price", chip}, 0)["machines"].at(0)["machine"], "dynapse1");
}

TEST(Energy, OfARunIsThatOfTheWholeRunAndOfASecond) {
  const Folder& f = trained();
  f.write_random_network();
  ASSERT_EQ(call({"run", f / "random.txtpb", "--duration", "50ms", "--out", f / "free", "-q"}).code, 0);
  const nlohmann::json json = call_json({"energy", f / "free", "--price", f / "two.txtpb"}, 0);
  EXPECT_EQ(json["per"], "run");
  const auto& run = json["machines"].at(0)["runs"].at(0);
  const double events = sum(json_of(f / "free/report.json")["projections"], "synaptic_events"), joules = 2e-12 * events + 1e-3 * 0.05;
  EXPECT_NEAR(run["energy"]["joules"].get<double>(), joules, 1e-9 * joules);
  EXPECT_NEAR(run["watts"].get<double>(), joules / 0.05, 1e-9 * joules / 0.05);
  contains(call({"energy", f / "free", "--price", f / "two.txtpb"}).out, "energy of the run, estimated");
  EXPECT_EQ(call({"energy", f / "free"}).code, 1);
  contains(call({"energy", f / "free"}).err, "has no prices in it; name a price list or a chip with --price");
}

TEST(Energy, OfADeploymentIsThatOfTheBoardsOwnOperations) {
  const Folder f;
  f.write_experiment();
  f.write("net.txtpb", kChipNetwork);
  f.write("two.txtpb", kPrices);
  f.replace("exp.txtpb", "warm_up { samples: 20 homeostasis_rate_factor: 40 }", "");
  f.replace("exp.txtpb", "controls { frozen_hidden {} }", "");
  f.replace("exp.txtpb", "seeds: 2", "seeds: 1");
  const Outcome training = call({"train", f / "exp.txtpb", "--smoke", "--out", f / "run", "-q"});
  ASSERT_EQ(training.code, 0) << training.err;
  const Outcome deployment = call({"deploy", f / "run", "--prune", "--samples", "5", "--out", f / "board", "-q"});
  ASSERT_EQ(deployment.code, 0) << deployment.err;
  const nlohmann::json stored = json_of(f / "board/deploy.json")["runs"].at(0);
  for (const char* name : {"spikes", "played", "routes", "broadcasts", "hops", "matches"}) {
    std::uint64_t total = 0;
    ASSERT_EQ(stored["per_sample"][name].size(), 5u);
    for (const auto& n : stored["per_sample"][name]) total += n.get<std::uint64_t>();
    EXPECT_EQ(total, stored["operations"][name].get<std::uint64_t>()) << name;
  }
  EXPECT_GT(stored["operations"]["matches"], 0);
  const nlohmann::json own = call_json({"energy", f / "board"}, 0);
  const auto& run = own["machines"].at(0)["runs"].at(0);
  EXPECT_EQ(own["verb"], "deploy");
  EXPECT_NEAR(run["energy"]["joules"].get<double>(), stored["energy_per_inference"]["total_j"].get<double>(), 1e-18);
  EXPECT_GT(run["energy"]["standard_deviation_over_samples"].get<double>(), 0);
  EXPECT_EQ(run["energy"]["complete"], false);  // static power is not known
  const nlohmann::json other = call_json({"energy", f / "board", "--price", f / "two.txtpb"}, 0);
  EXPECT_DOUBLE_EQ(other["machines"][0]["lines"][0]["count"].get<double>(), stored["operations"]["synaptic_events"].get<double>() / 5)
      << "another machine has no CAM";
  f.replace("board/deploy.json", "\"measured\": false", "\"measured\": true");  // as a board with a power monitor would
  contains(call({"energy", f / "board"}).out, "measured");
  EXPECT_EQ(call_json({"energy", f / "board"}, 0)["machines"][0]["runs"][0]["measured"].size(), 1u);
  f.replace("board/deploy.json", "\"matches\"", "\"watches\"");
  const Outcome changed = call({"energy", f / "board"});
  EXPECT_EQ(changed.code, 2);
  contains(changed.err, "deploy.json: is not what `spikeloop deploy` writes");
}

TEST(Energy, WrongDirectoriesAndPricesAreRefusedWithWhatToDo) {
  const Folder& f = trained();
  const auto refused = [&](const std::vector<std::string>& arguments, int code, const char* why) {
    const Outcome o = call(arguments);
    EXPECT_EQ(o.code, code) << o.err;
    contains(o.err, why);
    EXPECT_EQ(o.out, "");
  };
  fs::create_directories(f.path() / "empty");
  f.write("net.json", "{}");
  f.write("bad.txtpb", std::string(kPrices) + "prices { part: \"x\" operation: OPERATION_SPIKE joules: -1 source: \"y\" }\n");
  refused({"energy", f / "nowhere"}, 2, "there is no directory");
  refused({"energy", f / "net.txtpb"}, 2, "is a file; name a directory");
  refused({"energy", f / "empty"}, 2, "it has neither deploy.json, experiment.txtpb nor network.txtpb");
  refused({"energy", f / "run"}, 1, "has no prices in it");
  refused({"energy", f / "run", "--price", f / "none.txtpb"}, 2, "none.txtpb");
  refused({"energy", f / "run", "--price", f / "net.txtpb"}, 2, "holds no prices; name a price list or a chip");
  refused({"energy", f / "run", "--price", f / "bad.txtpb"}, 2, "bad.txtpb:6:");
  refused({"energy", f / "run", "--price", "dynapse"}, 1, "did you mean \"dynapse1\"?");
  refused({"energy"}, 1, "DIR");
}

}  // namespace
}  // namespace spikeloop::cli::test
