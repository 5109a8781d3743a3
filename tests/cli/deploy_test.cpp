// SPDX-License-Identifier: Apache-2.0
// `train --backend dynapse` and `deploy`: networks in the loop with the virtual board.
#include <chrono>
#include <thread>
#include <tuple>

#include "core/io/files.hpp"
#include "tests/cli/served.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

const std::string kBinary = SPIKELOOP_SOURCE_DIR "/examples/chip_binary.txtpb";

std::vector<std::string> training(const std::string& out, std::vector<std::string> more) {
  std::vector<std::string> all = {"train", kBinary, "--seeds", "1", "--epochs", "1", "--threads", "1", "--out", out};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Weights and figures of a training; not where it ran.
nlohmann::json learned(const std::string& dir) {
  const nlohmann::json report = json_of(dir + "/report.json");
  return {{"weights", report["runs"][0]["weights_hash"]},
          {"epochs", report["runs"][0]["epochs"]},
          {"confusion", report["runs"][0]["confusion"]}};
}

TEST(Deploy, RunsATrainedNetworkOnTheBoardBesideTheSimulator) {
  const Folder folder;
  const std::string dir = folder / "trained";
  ASSERT_EQ(call(training(dir, {"--backend", "quantised"})).code, 0);
  const nlohmann::json report = call_json({"deploy", dir, "--mismatch", "0", "--out", folder / "deployed"}, 0);
  ASSERT_EQ(report["runs"].size(), 1U);
  const nlohmann::json& run = report["runs"][0];
  for (const char* machine : {"simulator", "quantised", "board"}) EXPECT_GE(run["test_accuracy"][machine], 0.9) << machine;
  EXPECT_EQ(run["words"], 4 * (4 + 106 + 4096 + 65536));
  EXPECT_EQ(run["lost"], 0);
  EXPECT_EQ(run["late"], 0);
  EXPECT_GT(run["operations"]["spikes"], 0);
  EXPECT_GT(run["operations"]["matches"], run["operations"]["played"]);
  EXPECT_EQ(run["energy_per_inference"]["kind"], "estimated");
  double sum = 0;
  for (const auto& line : run["energy_per_inference"]["lines"]) {
    EXPECT_FALSE(line["source"].get<std::string>().empty());
    EXPECT_EQ(line["measured"], false);
    EXPECT_EQ(line["joules"].is_null(), line["part"] == "static") << "its price is not known";
    if (!line["joules"].is_null()) sum += line["joules"].get<double>();
  }
  EXPECT_NEAR(run["energy_per_inference"]["total_j"].get<double>(), sum, 1e-15);
  EXPECT_EQ(json_of(folder / "deployed/deploy.json")["runs"][0]["test_accuracy"], run["test_accuracy"]);
  const Outcome text = call({"deploy", dir, "--mismatch", "0", "--samples", "5"});
  for (const char* part : {"board", "static", "estimated", "189 uW", "not known"}) contains(text.out, part);
}

TEST(TrainOnABoard, WithTheControllerOnTheChipToo) {
  const Folder folder;
  const std::string experiment = SPIKELOOP_SOURCE_DIR "/examples/chip_controller.txtpb";
  const nlohmann::json refused = call_json({"train", kBinary, "--backend", "dynapse", "--controller", "chip", "--out", folder / "no"}, 3);
  contains(refused.dump(), "RESET_SUBTRACT");
  for (const char* where : {"host", "chip"}) {
    const std::string dir = folder / where;
    call_json({"train", experiment, "--backend", "dynapse", "--mismatch", "0", "--controller", where, "--seeds", "1", "--out", dir}, 0);
    const nlohmann::json report = json_of(dir + "/report.json");
    EXPECT_EQ(report["runs"][0]["accuracy"], 1) << where;
    EXPECT_GT(report["runs"][0]["epochs"][0]["help"], 1) << where;
  }
  EXPECT_NE(learned(folder / "host")["weights"], learned(folder / "chip")["weights"]) << "the chip's comparators are not those of the host";
  const nlohmann::json deployed = call_json({"deploy", folder / "chip", "--samples", "20"}, 0);
  EXPECT_EQ(deployed["machine"]["controller"], "chip") << "as it was trained";
  const nlohmann::json beside = call_json({"deploy", folder / "chip", "--controller", "host", "--samples", "3"}, 0);
  EXPECT_EQ(beside["machine"]["controller"], "host") << "as it was asked for";
  const Outcome resumed = call({"train", "--resume", folder / "chip", "--controller", "host"});
  EXPECT_EQ(resumed.code, 1);
  contains(resumed.err, "only --board may be another");
  EXPECT_EQ(deployed["runs"][0]["test_accuracy"]["board"], 1);
  EXPECT_EQ(call({"train", experiment, "--controller", "chip", "--out", folder / "simulated"}).code, 1);
}

TEST(Deploy, OfANetworkThatLearnedItsBoardsNeuronsGivesItTheSameOnes) {
  const Folder folder;
  ASSERT_EQ(call(training(folder / "run", {"--backend", "dynapse"})).code, 0);
  const nlohmann::json report = call_json({"deploy", folder / "run"}, 0);
  EXPECT_EQ(report["runs"][0]["test_accuracy"]["board"], json_of(folder / "run/report.json")["runs"][0]["accuracy"]);
}

TEST(Deploy, GivesANetworkTheBoardThatItWasTrainedOn) {
  const Folder folder;
  ASSERT_EQ(call(training(folder / "run", {"--backend", "dynapse", "--board-seed", "7", "--mismatch", "0.3"})).code, 0);
  const nlohmann::json report = call_json({"deploy", folder / "run"}, 0);
  EXPECT_EQ(report["machine"]["board_seed"], 7);
  EXPECT_EQ(report["machine"]["mismatch"], 0.3);
  EXPECT_EQ(report["runs"][0]["test_accuracy"]["board"], json_of(folder / "run/report.json")["runs"][0]["accuracy"]);
  EXPECT_EQ(call_json({"deploy", folder / "run", "--board-seed", "8", "--samples", "3"}, 0)["machine"]["board_seed"], 8);
  EXPECT_EQ(call_json({"deploy", folder / "run", "--mismatch", "0.2", "--samples", "3"}, 0)["machine"]["mismatch"], 0.2);
  const nlohmann::json again_on_it = call_json({"eval", folder / "run", "--backend", "dynapse"}, 0);
  EXPECT_EQ(again_on_it["evaluations"][0]["test_accuracy"], json_of(folder / "run/report.json")["runs"][0]["accuracy"]);
  // One account of what the chip does, whoever asks.
  const nlohmann::json of_training = call_json({"energy", folder / "run", "--price", "dynapse1"}, 0);
  const double joules = report["runs"][0]["energy_per_inference"]["total_j"];
  EXPECT_GT(joules, 0);
  EXPECT_NEAR(of_training["machines"][0]["runs"][0]["energy"]["joules"].get<double>(), joules, 1e-9 * joules);
  EXPECT_GT(of_training["machines"][0]["runs"][0]["energy"]["standard_deviation_over_samples"].get<double>(), 0);
  EXPECT_EQ(call({"deploy", folder / "run", "--board-seed", "99999999999999999999"}).code, 1);
  for (const char* option : {"--mismatch", "--settle"}) EXPECT_EQ(call({"deploy", folder / "run", option, "nan"}).code, 1);
  EXPECT_EQ(call({"deploy", folder / "run", "--board-seed", "-1"}).code, 1);
  const Outcome again = call({"deploy", folder / "run", "--samples", "3", "--out", folder / "run"});
  EXPECT_EQ(again.code, 2);
  EXPECT_EQ(again.err.find("--resume"), std::string::npos) << again.err;
}

TEST(Deploy, KnowsTheChipThatItsRunWasTrainedForThoughItsFileIsGone) {
  const Folder folder;
  fs::copy(SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb", folder / "mine.txtpb");
  folder.replace("mine.txtpb", "name: \"dynapse1\"", "name: \"mine\"");
  ASSERT_EQ(call(training(folder / "run", {"--backend", "dynapse", "--chip", folder / "mine.txtpb"})).code, 0);
  fs::remove(folder / "mine.txtpb");
  const nlohmann::json report = call_json({"deploy", folder / "run", "--samples", "3", "--out", folder / "board"}, 0);
  EXPECT_EQ(report["runs"][0]["energy_per_inference"]["machine"], "mine");
  EXPECT_EQ(call_json({"energy", folder / "run"}, 0)["machines"][0]["machine"], "mine");
  EXPECT_EQ(call_json({"eval", folder / "run", "--backend", "dynapse"}, 0)["evaluations"][0]["energy"][0]["machine"], "mine");
  EXPECT_EQ(call({"deploy", folder / "run", "--chip", folder / "mine.txtpb"}).code, 2) << "what is asked for is not what was before";
}

TEST(Deploy, LeavesNothingBehindWhereABoardFails) {
  const Folder folder;
  ASSERT_EQ(call(training(folder / "run", {"--backend", "dynapse"})).code, 0);
  EXPECT_EQ(call({"deploy", folder / "run", "--board", "usbip:127.0.0.1:1/1-1", "--out", folder / "out"}).code, 4);
  EXPECT_FALSE(fs::exists(folder / "out"));
  EXPECT_EQ(call({"deploy", folder / "run", "--samples", "3", "--out", folder / "out"}).code, 0);
}

TEST(Deploy, TellsWhatSomebodyHasMadeOfARunDirectory) {
  const Folder folder;
  ASSERT_EQ(call(training(folder / "run", {"--backend", "dynapse"})).code, 0);
  ASSERT_EQ(call({"deploy", folder / "run", "--samples", "3", "--out", folder / "out"}).code, 0);
  const std::string good = io::read_file(folder / "out/deploy.json", 1 << 26);
  for (const auto& [old_text, new_text, told] : {std::tuple("\"samples\": 3", "\"samples\": -3", "samples is -3"),
                                                 {"\"samples\": 3", "\"samples\": 4", "are not the 4 of the run"},
                                                 {"\"simulated_s\": ", "\"simulated_s\": -", "simulated_s is -"}}) {
    folder.write("out/deploy.json", good);
    folder.replace("out/deploy.json", old_text, new_text);
    const Outcome outcome = call({"energy", folder / "out"});
    EXPECT_EQ(outcome.code, 2);
    contains(outcome.err, told);
  }
  folder.replace("run/run.json", "\"commit_every\": 1", "\"commit_every\": 0");
  const Outcome machine = call({"deploy", folder / "run"});
  EXPECT_EQ(machine.code, 2);
  contains(machine.err, "holds a machine that there is not");
}

TEST(RunOnABoard, TellsWhoIsNotSeen) {
  const Folder folder;
  const Outcome ran = call({"run", SPIKELOOP_SOURCE_DIR "/examples/networks/relay.txtpb", "--backend", "dynapse", "--duration", "20ms",
                            "--out", folder / "run"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  contains(ran.err, "\"hidden\", \"inhibition\" does is not seen");
  const nlohmann::json report = json_of(folder / "run/report.json");
  EXPECT_EQ(report["not_seen"].size(), 2U);
  EXPECT_GT(report["chip"]["unseen_neurons"], 0);
  const Outcome energy = call({"energy", folder / "run", "--price", "dynapse1"});
  contains(energy.out, "the host does not see what");
  EXPECT_EQ(call({"run", SPIKELOOP_SOURCE_DIR "/examples/networks/relay.txtpb", "--board", "virtual", "--out", folder / "other"}).code, 1)
      << "without --backend dynapse it would run in the simulator";
}

TEST(Deploy, RefusesWhatTheChipHasNot) {
  const Folder folder;
  folder.write_experiment();
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--smoke", "--out", folder / "run"}).code, 0);
  const Outcome refused = call({"deploy", folder / "run"});
  EXPECT_EQ(refused.code, 3);
  contains(refused.err, "RESET_SUBTRACT");
  EXPECT_EQ(call({"deploy", folder / "nothing"}).code, 2);
  EXPECT_EQ(call({"deploy", folder / "run", "--board", "usbip:nowhere"}).code, 1);
}

TEST(TrainOnABoard, TellsOptionsThatDoNotGoTogether) {
  const Folder folder;
  const Outcome near = call(training(folder / "a", {"--backend", "dynaps"}));
  EXPECT_EQ(near.code, 1);
  contains(near.err, "did you mean \"dynapse\"?");
  EXPECT_EQ(call(training(folder / "a", {"--mismatch", "0.1"})).code, 1);
  EXPECT_EQ(call(training(folder / "a", {"--board", "1-2"})).code, 1);
  EXPECT_EQ(call(training(folder / "a", {"--chip", "nosuch"})).code, 1);
  EXPECT_EQ(call(training(folder / "a", {"--prune"})).code, 1);
  EXPECT_EQ(call(training(folder / "a", {"--commit-every", "3"})).code, 1);
  EXPECT_FALSE(fs::exists(folder / "a"));
}

TEST(TrainOnABoard, BeginsWithTheWeightsOfAnotherRun) {
  const Folder folder;
  ASSERT_EQ(call(training(folder / "first", {"--backend", "quantised"})).code, 0);
  ASSERT_EQ(call(training(folder / "second", {"--backend", "dynapse", "--mismatch", "0", "--from", folder / "first"})).code, 0);
  const nlohmann::json first = learned(folder / "first"), second = learned(folder / "second");
  EXPECT_NE(first["weights"], second["weights"]);
  EXPECT_GE(second["epochs"][0]["train_accuracy"], 0.9) << "it has learned before";
}

/// A board that goes away in mid-training: exit code 4, and the checkpoint goes on on another board to the same result.
TEST(TrainOnABoard, GoesOnOnANewBoardWhenItsOwnWasKilled) {
  const Folder folder;
  const std::vector<std::string> way = {"--backend", "dynapse", "--settle", "40"};
  std::vector<std::string> undisturbed = way;
  undisturbed.insert(undisturbed.end(), {"--board-seed", "1"});
  ASSERT_EQ(call(training(folder / "whole", undisturbed)).code, 0);

  Served first;
  std::vector<std::string> over_usbip = way;
  over_usbip.insert(over_usbip.end(), {"--board", first.selector(), "--checkpoint-every", "1ms"});
  Process training_process(training(folder / "cut", over_usbip));
  ASSERT_TRUE(training_process.wait_for_text("epoch 1/1"));
  first.process().send(SIGKILL);
  const Outcome cut = training_process.finish();
  ASSERT_EQ(cut.code, 4) << cut.err;
  contains(cut.err, "usbip:");
  EXPECT_FALSE(fs::exists(folder / "cut/report.json"));

  Served second;
  const Outcome rest = call({"train", "--resume", folder / "cut", "--board", second.selector()});
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(learned(folder / "cut"), learned(folder / "whole"));
}

}  // namespace
}  // namespace spikeloop::cli::test
