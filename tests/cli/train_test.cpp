// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <sstream>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "cli/tables.hpp"
#include "proto/atomic_file.hpp"
#include "proto/checkpoint.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

class Train : public ::testing::Test {
 protected:
  void SetUp() override { folder.write_experiment(); }

  Outcome train(const std::string& out, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"train", folder / "exp.txtpb", "--out", folder / out, "--quiet"});
    return call(more);
  }

  /// Begins a training whose run `index` (two seeds, then their controls) is stopped after `trials` trials, those before it not at all.
  void stop_at(const std::string& out, std::size_t index, std::size_t trials) {
    ASSERT_EQ(call({"train", folder / "exp.txtpb", "--out", folder / out, "-q"}, true).code, 130);
    const LoadedExperiment loaded = load_experiment_of(folder / (out + "/experiment.txtpb"), "");
    const std::string file = folder / (out + "/checkpoint.pb");
    Checkpoint checkpoint = load_checkpoint(file);
    ASSERT_EQ(checkpoint.runs.size(), 4u);
    Experiment experiment = loaded.experiment;
    NetworkDescription network = loaded.network;
    if (checkpoint.runs[index].control) {
      network = frozen_hidden(network, "out");
      experiment.thresholds_learn = false;
    }
    const auto simulator = make_simulator();
    Trainer trainer(experiment, Network(network), *simulator, loaded.data, checkpoint.runs[index].seed);
    std::atomic<bool> stop = false;
    trainer.run(stop, [&](const Progress& p) { stop = p.samples_done == trials; });
    checkpoint.runs[index].trainer = trainer.save();
    write_file_atomically(file, write_checkpoint(checkpoint));
  }

  Folder folder;
};

TEST_F(Train, WritesARunDirectory) {
  const Outcome outcome = train("out");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  contains(outcome.out, "tiny");
  contains(outcome.out, "report: " + folder / "out/report.html");
  for (const char* name :
       {"report.json", "report.html", "report.pb", "spikes.csv", "checkpoint.pb", "network.txtpb", "experiment.txtpb", "split.txt",
        "run.json", "weights/in_to_hidden.npy", "weights/hidden.thresholds.npy", "weights/seed_2/hidden_to_out.npy"})
    EXPECT_TRUE(fs::exists(folder / (std::string("out/") + name))) << name;
  for (const auto& [name, bytes] : files_of(folder / "out")) EXPECT_EQ(name.find("tmp"), std::string::npos) << name;
  const nlohmann::json report = json_of(folder / "out/report.json");
  EXPECT_EQ(report["runs"].size(), 2u);
  EXPECT_EQ(report["control"]["runs"].size(), 2u);
  EXPECT_EQ(report["runs"][0]["epochs"].size(), 3u);
}

TEST_F(Train, JsonIsTheReport) {
  const nlohmann::json object = call_json({"train", folder / "exp.txtpb", "--smoke", "--out", folder / "out", "-q"}, 0);
  nlohmann::json report = json_of(folder / "out/report.json");
  report["directory"] = folder / "out";
  EXPECT_EQ(object, report);
  EXPECT_EQ(object["runs"][0]["samples"], 12);
}

TEST_F(Train, OptionsReplaceWhatTheExperimentSays) {
  const nlohmann::json object =
      call_json({"train", folder / "exp.txtpb", "--epochs", "1", "--seeds", "1", "--seed", "7", "--out", folder / "out"}, 0);
  ASSERT_EQ(object["runs"].size(), 1u);
  EXPECT_EQ(object["runs"][0]["seed"], 7);
  EXPECT_EQ(object["runs"][0]["epochs"].size(), 1u);
  const nlohmann::json smoke = call_json({"train", folder / "exp.txtpb", "--smoke", "--epochs", "2", "--out", folder / "out2"}, 0);
  EXPECT_EQ(smoke["runs"][0]["epochs"].size(), 2u);
}

TEST_F(Train, InterruptedAtOnceGoesOnToTheSameEnd) {
  ASSERT_EQ(train("whole").code, 0);
  const Outcome stopped = call({"train", folder / "exp.txtpb", "--out", folder / "out", "--json"}, true);
  EXPECT_EQ(stopped.code, 130);
  EXPECT_EQ(nlohmann::json::parse(stopped.out)["interrupted"], true);
  contains(stopped.err, "spikeloop train --resume " + folder / "out");
  EXPECT_EQ(call({"train", "--resume", folder / "out", "-q"}, true).code, 130);  // again
  ASSERT_EQ(call({"train", "--resume", folder / "out", "-q"}).code, 0);
  expect_same(essence(folder / "out"), essence(folder / "whole"));
}

TEST_F(Train, ResumesInWarmUpTrainingAndControlToTheBit) {
  ASSERT_EQ(train("whole").code, 0);
  const nlohmann::json whole = essence(folder / "whole");
  // 20 trials of warm-up and three epochs of 36 samples.
  for (const auto& [index, trials] :
       std::vector<std::pair<std::size_t, std::size_t>>{{0, 7}, {0, 20}, {1, 21}, {0, 56}, {1, 90}, {0, 128}, {2, 11}, {3, 77}}) {
    const std::string out = "run" + std::to_string(index) + "_" + std::to_string(trials);
    stop_at(out, index, trials);
    ASSERT_EQ(call({"train", "--resume", folder / out, "-q"}).code, 0);
    expect_same(essence(folder / out), whole);
  }
}

TEST_F(Train, GoesOnFromTheStateAndNotFromTheStart) {
  stop_at("out", 0, 50);
  const std::string file = folder / "out/checkpoint.pb";
  Checkpoint checkpoint = load_checkpoint(file);
  checkpoint.runs[0].trainer.resize(checkpoint.runs[0].trainer.size() / 2);  // who does not look at it would not see it
  write_file_atomically(file, write_checkpoint(checkpoint));
  const Outcome outcome = call({"train", "--resume", folder / "out", "-q"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  contains(outcome.err, "state");
}

TEST_F(Train, SmokeAndSeedAreKeptOverAResume) {
  const auto arguments = [&](const std::string& out) {
    return std::vector<std::string>{"train", folder / "exp.txtpb", "--smoke", "--seed", "5", "-q", "--out", folder / out};
  };
  ASSERT_EQ(call(arguments("whole")).code, 0);
  ASSERT_EQ(call(arguments("out"), true).code, 130);
  ASSERT_EQ(call({"train", "--resume", folder / "out", "-q"}).code, 0);
  expect_same(essence(folder / "out"), essence(folder / "whole"));
  contains(json_of(folder / "out/report.json")["reproduce"]["command"], "--smoke");
}

TEST_F(Train, ResumesWithoutACheckpointOrWithoutAReport) {
  ASSERT_EQ(train("out").code, 0);
  const nlohmann::json whole = essence(folder / "out");
  fs::remove(folder / "out/report.json");  // killed between the last checkpoint and the report
  ASSERT_EQ(call({"train", "--resume", folder / "out", "-q"}).code, 0);
  expect_same(essence(folder / "out"), whole);
  fs::remove(folder / "out/report.json");
  fs::remove(folder / "out/checkpoint.pb");  // killed before the first one
  ASSERT_EQ(call({"train", "--resume", folder / "out", "-q"}).code, 0);
  expect_same(essence(folder / "out"), whole);
}

TEST_F(Train, TakesAwayWhatAKilledProgramLeft) {
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--smoke", "--out", folder / "out", "-q"}, true).code, 130);
  fs::create_directory(folder / "out/weights");
  for (const char* name : {"out/checkpoint.pb.tmp-12-3", "out/weights/in_to_hidden.npy.123.part", "out/my.part", "out/notes.tmp-1"})
    folder.write(name, "x");
  ASSERT_EQ(call({"train", "--resume", folder / "out", "-q"}).code, 0);
  EXPECT_FALSE(fs::exists(folder / "out/checkpoint.pb.tmp-12-3"));
  EXPECT_FALSE(fs::exists(folder / "out/weights/in_to_hidden.npy.123.part"));
  EXPECT_TRUE(fs::exists(folder / "out/my.part"));
  EXPECT_TRUE(fs::exists(folder / "out/notes.tmp-1"));
}

TEST_F(Train, RunDirectoryNeedsOnlyTheDataBesides) {
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--out", folder / "out", "-q"}, true).code, 130);
  for (const char* name : {"exp.txtpb", "net.txtpb", "split.txt"}) fs::remove(folder / name);
  fs::create_directory(folder / "elsewhere");
  fs::rename(folder / "digits.csv", folder / "elsewhere/digits.csv");
  fs::rename(folder / "out", folder / "moved");
  EXPECT_EQ(call({"train", "--resume", folder / "moved", "-q"}).code, 2);
  EXPECT_EQ(call({"train", "--resume", folder / "moved", "-q", "--data", folder / "elsewhere"}).code, 0);
  EXPECT_EQ(call({"eval", folder / "moved", "--data", folder / "elsewhere"}).code, 0);
}

TEST_F(Train, NamesRunDirectoriesByItself) {
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  EXPECT_EQ(call_json({"train", "exp.txtpb", "--smoke"}, 0)["directory"], "runs/tiny");
  EXPECT_EQ(call_json({"train", "exp.txtpb", "--smoke"}, 0)["directory"], "runs/tiny-2");
  fs::current_path(before);
}

TEST_F(Train, TablesFitTheTerminal) {
  fs::create_directory(folder / "prices");
  for (const char* name : {"dynapse1", "loihi", "synop_only"})
    fs::copy(fs::path(SPIKELOOP_SOURCE_DIR) / "examples/prices" / (name + std::string(".txtpb")), folder / "prices");
  ASSERT_EQ(train("out").code, 0);
  for (const std::size_t columns : {std::size_t{80}, std::size_t{100}, std::size_t{200}}) {
    const Outcome outcome = call({"eval", folder / "out", folder / "out"}, false, columns);
    contains(outcome.out, "estimated");
    std::istringstream lines(outcome.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(report::display_width(line), columns) << line;
  }
}

TEST_F(Train, EvalGivesTheAccuraciesOfTheReport) {
  ASSERT_EQ(train("out").code, 0);
  const auto before = files_of(folder / "out");
  const nlohmann::json report = json_of(folder / "out/report.json");
  const nlohmann::json evaluation = call_json({"eval", folder / "out"}, 0)["evaluations"][0];
  ASSERT_EQ(evaluation["runs"].size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(evaluation["runs"][i]["seed"], report["runs"][i]["seed"]);
    EXPECT_EQ(evaluation["runs"][i]["test_accuracy"], report["runs"][i]["accuracy"]);
  }
  EXPECT_EQ(evaluation["test_accuracy"], report["accuracy"]["mean"]);
  EXPECT_EQ(evaluation["neurobench"], report["neurobench"]);
  nlohmann::json extra = evaluation["extra"];
  for (const char* wall : {"wall_p50_ms", "wall_p99_ms"}) EXPECT_EQ(extra.erase(wall), 1u);
  EXPECT_EQ(extra, report["extra"]) << "but for what this computer took";
  EXPECT_GT(extra["synaptic_events_sd"], 0);
  EXPECT_EQ(evaluation["energy"], report["energy"]);
  EXPECT_EQ(call_json({"eval", folder / "out", "--price", "dynapse1"}, 0)["evaluations"][0]["energy"][0]["machine"], "dynapse1");
  EXPECT_EQ(files_of(folder / "out"), before);
  // The answers do come from the weights.
  fs::copy_file(folder / "out/weights/seed_2/hidden_to_out.npy", folder / "out/weights/hidden_to_out.npy",
                fs::copy_options::overwrite_existing);
  EXPECT_NE(call_json({"eval", folder / "out"}, 0)["evaluations"][0]["neurobench"], report["neurobench"]);
  EXPECT_EQ(call({"eval", folder / "out"}, true).code, 130);
}

TEST_F(Train, FeedbackWeightsThatWereLearnedAreAmongThoseThatEvalReads) {
  folder.replace("net.txtpb", "weights { normal { std: 0.5 } } amplitude: 1", "weights { constant: 0 } amplitude: 1 rule: \"learn\"");
  folder.replace("net.txtpb", "probes {",
                 "populations { name: \"noise\" shape: [24] source { external {} } }\nprojections { source: \"noise\" target: \"hidden\" "
                 "port: PORT_APICAL connect { one_to_one {} } delay_ms: 1 }\nprobes {");
  folder.replace("exp.txtpb", "seeds: 2",
                 "seeds: 1 feedback_learning { samples: 30 noise: \"noise\" rms: 0.5 } robustness { bits: [4] draws: 1 }");
  ASSERT_EQ(train("out").code, 0);
  EXPECT_TRUE(fs::exists(folder / "out/weights/ctrl.out.plus_to_hidden.apical.npy"));
  const nlohmann::json report = json_of(folder / "out/report.json");
  const nlohmann::json evaluation = call_json({"eval", folder / "out", "--robustness"}, 0)["evaluations"][0];
  EXPECT_EQ(evaluation["test_accuracy"], report["accuracy"]["mean"]);
  EXPECT_EQ(evaluation["robustness"], report["robustness"]) << "feedback sets no range of forward weights";
}

TEST_F(Train, ProbesRobustnessOnlyWhereItIsAskedFor) {
  folder.replace("exp.txtpb", "seeds: 2", "seeds: 2 robustness { bits: [4] mismatch: [0.3] draws: 2 samples: 10 }");
  const Outcome outcome = train("out");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  contains(outcome.out, "points lost after training:");
  const nlohmann::json robustness = json_of(folder / "out/report.json")["robustness"];
  EXPECT_EQ(robustness["samples"], 10);
  EXPECT_EQ(robustness["errors_as_trained"].size(), 2u);
  EXPECT_EQ(robustness["mismatch"][0]["accuracies_of_seeds"][1].size(), 2u);
  contains(read(folder / "out/report.html"), "Error by device mismatch");
  // From the stored weights and thresholds alone the same comes out.
  EXPECT_EQ(call_json({"eval", folder / "out", "--robustness"}, 0)["evaluations"][0]["robustness"], robustness);
  EXPECT_FALSE(call_json({"eval", folder / "out"}, 0)["evaluations"][0].contains("robustness"));
  EXPECT_EQ(call({"eval", folder / "out"}).out.find("points lost"), std::string::npos);
}

}  // namespace
}  // namespace spikeloop::cli::test
