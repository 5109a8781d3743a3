// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <sstream>

#include "cli/cli.hpp"
#include "cli/sweep_points.hpp"
#include "cli/training_job.hpp"
#include "report/table.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

const std::string kEta = "network.rules[learn].feedback_current.eta";
const std::string kRate = "network.populations[hidden].homeostasis.rate";

class Sweep : public ::testing::Test {
 protected:
  void SetUp() override {
    folder.write_experiment();
    folder.replace("exp.txtpb", "validation_from_train: 0.1", "validation_from_train: 0.3");
  }

  std::vector<std::string> arguments(const std::vector<std::string>& more, const std::string& out = "out") {
    std::vector<std::string> all = {"sweep", folder / "exp.txtpb", "--epochs", "1", "-q", "--out", folder / out};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome sweep(const std::vector<std::string>& more, const std::string& out = "out", bool stopped = false) {
    return call(arguments(more, out), stopped);
  }
  nlohmann::json results(const std::string& out = "out") { return json_of(folder / (out + "/sweep.json")); }
  /// The values of the points, in their order.
  std::vector<std::string> order(const std::string& out = "out") {
    std::vector<std::string> all;
    const nlohmann::json file = results(out);
    for (const auto& point : file["points"]) all.push_back(point["values"].dump());
    return all;
  }

  /// One line on stderr that has `parts` in it, and no directory.
  void expect_refused(const std::vector<std::string>& more, const std::vector<std::string>& parts, int code) {
    const Outcome outcome = sweep(more);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : parts) contains(outcome.err, part);
    EXPECT_FALSE(fs::exists(folder / "out"));
  }

  Folder folder;
};

TEST_F(Sweep, WritesADirectoryAndATableBestFirst) {
  const Outcome outcome = sweep({"--over", kEta + "=1e-4,1e-2", "--over", "anneal.linear_to=0.1,1"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  for (const char* part : {"eta", "linear_to", "accuracy", "±", "help", "hidden spikes", "the test set was not touched"})
    contains(outcome.out, part);
  contains(outcome.out, "report: " + folder / "out/report.html");
  std::set<std::string> files;
  for (const auto& [name, bytes] : files_of(folder / "out")) files.insert(name);
  EXPECT_EQ(files, (std::set<std::string>{"descriptions/exp.txtpb", "descriptions/net.txtpb", "report.html", "run.json", "sweep.json"}));
  const nlohmann::json points = results()["points"];
  ASSERT_EQ(points.size(), 4u);
  double best = 0;
  for (const auto& point : points) {
    EXPECT_EQ(point["runs"].size(), 2u);
    EXPECT_EQ(point["runs"][0]["epochs"], 1);
    EXPECT_GT(point["hidden_spikes"]["mean"], 0);
    best = std::max(best, point["validation_accuracy"]["mean"].get<double>());
  }
  EXPECT_EQ(points[results()["best"]["index"].get<std::size_t>()]["validation_accuracy"]["mean"], best);
}

TEST_F(Sweep, GridGoesThroughTheLastFieldFastest) {
  ASSERT_EQ(sweep({"--over", kEta + "=1e-3,2e-3", "--over", kRate + "=0,1e-4,1e-3", "--smoke"}).code, 0);
  std::vector<std::string> wanted;
  for (const char* eta : {"1e-3", "2e-3"})
    for (const char* rate : {"0", "1e-4", "1e-3"}) wanted.push_back(nlohmann::json{{kEta, eta}, {kRate, rate}}.dump());
  EXPECT_EQ(order(), wanted);
  EXPECT_EQ(results()["grid"], 6);
}

TEST_F(Sweep, RandomCombinationsDependOnTheSeedAlone) {
  const auto draw = [&](const std::string& out, const char* seed, const char* count, const char* threads) {
    EXPECT_EQ(sweep({"--over", kEta + "=1,2,3,4,5,6", "--over", kRate + "=1,2,3,4,5,6", "--random", count, "--seed", seed, "--smoke",
                     "--threads", threads},
                    out)
                  .code,
              0);
    return order(out);
  };
  const auto three = draw("a", "7", "3", "1");
  ASSERT_EQ(three.size(), 3u);
  EXPECT_EQ(draw("b", "7", "3", "2"), three);
  EXPECT_NE(draw("c", "8", "3", "1"), three);
  auto more = draw("d", "7", "5", "1");
  more.resize(3);
  EXPECT_EQ(more, three);
  EXPECT_EQ(results("a")["grid"], 36);
}

TEST_F(Sweep, APointIsTheTrainingThatItStandsFor) {
  ASSERT_EQ(sweep({"--over", kEta + "=1e-3,5e-3"}).code, 0);
  folder.replace("net.txtpb", "eta: 1e-3", "eta: 5e-3");
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--epochs", "1", "-q", "--out", folder / "trained"}).code, 0);
  const nlohmann::json point = results()["points"][1], runs = json_of(folder / "trained/report.json")["runs"];
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(point["runs"][i]["weights_hash"], runs[i]["weights_hash"]);
    EXPECT_EQ(point["runs"][i]["validation_accuracy"], runs[i]["epochs"][0]["validation_accuracy"]);
  }
  EXPECT_NE(results()["points"][0]["runs"][0]["weights_hash"], runs[0]["weights_hash"]);
}

/// What is kept is what is scored: with early stop the best epoch, not the last.
TEST_F(Sweep, ScoresTheEpochThatEarlyStopKeeps) {
  folder.replace("exp.txtpb", "anneal {", "early_stop { patience: 1 }\nanneal {");
  const std::vector<std::string> long_enough = {"--epochs", "20", "-q", "--out"};
  const auto with = [&](std::vector<std::string> arguments, const std::string& out) {
    arguments.insert(arguments.end(), long_enough.begin(), long_enough.end());
    arguments.push_back(folder / out);
    return call(arguments).code;
  };
  ASSERT_EQ(with({"sweep", folder / "exp.txtpb", "--over", kEta + "=1e-3"}, "out"), 0);
  ASSERT_EQ(with({"train", folder / "exp.txtpb"}, "trained"), 0);
  const nlohmann::json point = results()["points"][0], runs = json_of(folder / "trained/report.json")["runs"];
  std::size_t stopped = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t kept = runs[i]["kept_epoch"];
    stopped += kept + 1 < runs[i]["epochs"].size();
    EXPECT_EQ(point["runs"][i]["epochs"], kept + 1);
    EXPECT_EQ(point["runs"][i]["validation_accuracy"], runs[i]["epochs"][kept]["validation_accuracy"]);
    EXPECT_EQ(point["runs"][i]["weights_hash"], runs[i]["weights_hash"]);
  }
  EXPECT_GT(stopped, 0u) << "no run shows it";
}

TEST_F(Sweep, NeverLooksAtTheTestSet) {
  ASSERT_EQ(sweep({"--over", kEta + "=1e-3,1e-2"}, "a").code, 0);
  // Other pixels and other labels in the test part alone; the training part ends with line 40.
  std::istringstream lines(read(folder / "digits.csv"));
  std::string text, line;
  for (int i = 0; std::getline(lines, line); ++i) {
    if (i >= 40) line = (i % 2 == 0 ? "0," : "16,") + line.substr(line.find(',') + 1, line.rfind(',') - line.find(',')) + std::to_string(3);
    text += line + "\n";
  }
  folder.write("digits.csv", text);
  ASSERT_EQ(sweep({"--over", kEta + "=1e-3,1e-2"}, "b").code, 0);
  EXPECT_NE(results("a")["reproduce"]["data_sha256"], results("b")["reproduce"]["data_sha256"]);
  EXPECT_EQ(results("a")["points"], results("b")["points"]);
  // Nobody could: it is not there.
  SweepOptions options;
  options.file = folder / "exp.txtpb";
  options.over = {kEta + "=1e-3,1e-2", "dataset.split.validation_from_train=0.3,0.5"};
  DescriptionFiles files;
  const std::vector<SweepTask> tasks = load_points(sweep_of(options), options, files);
  ASSERT_EQ(tasks.size(), 4u);
  for (const SweepTask& task : tasks) EXPECT_TRUE(task.data->test.empty());
  EXPECT_EQ(tasks[0].data, tasks[2].data);  // one copy for all that have the same data
  // And it need not be there at all.
  std::string all_train;
  for (int i = 0; i < 60; ++i) all_train += "train\n";
  folder.write("split.txt", all_train);
  EXPECT_EQ(sweep({"--over", kEta + "=1e-3"}, "c").code, 0);
}

TEST_F(Sweep, TrainingThatOnlyTrainsTestsNothing) {
  LoadedExperiment loaded = load_experiment_of(folder / "exp.txtpb", "");
  loaded.experiment.epochs = 1;
  ASSERT_FALSE(loaded.data.test.empty());
  fs::create_directory(folder / "job");
  JobOptions options;
  options.only_train = true;
  TrainingJob job(loaded, loaded.data, folder / "job", options);
  ASSERT_TRUE(job.run(1, [](const auto&) {}));
  for (const TrainingResult& run : job.result().runs) {
    EXPECT_EQ(run.test.samples, 0u);
    EXPECT_TRUE(run.example.spikes.empty());
    EXPECT_EQ(run.epochs.size(), 1u);
  }
  EXPECT_FALSE(fs::exists(folder / "job/weights"));
}

TEST_F(Sweep, CrossValidationIsScoredOnTheValidationPartOfEachFold) {
  std::string table;
  for (int i = 0; i < 60; ++i) table += std::to_string(i % 3) + "," + std::to_string(i % 7) + "," + std::to_string(i % 3) + "\n";
  folder.write("table.csv", table);
  folder.replace("exp.txtpb", "digits { file: \"digits.csv\" }", "table { file: \"table.csv\" }");
  folder.replace("exp.txtpb", "file: \"split.txt\" validation_from_train: 0.3", "folds: 3 validation_from_train: 0.25");
  folder.replace("net.txtpb", "shape: [8, 8]", "shape: [2]");
  ASSERT_EQ(sweep({"--over", kEta + "=1e-3,1e-2"}).code, 0);
  EXPECT_EQ(results()["scored_on"]["samples"], 10);
  const nlohmann::json file = results();
  for (const auto& point : file["points"]) EXPECT_EQ(point["runs"].size(), 2u);
  folder.replace("exp.txtpb", "validation_from_train: 0.25", "validation_from_train: 0");
  fs::remove_all(folder / "out");
  expect_refused({"--over", kEta + "=1e-3"}, {"validation_from_train", "validation part"}, 2);
}

TEST_F(Sweep, SaysThatTheTestSetIsNotTouched) {
  std::vector<std::string> loud = arguments({"--over", kEta + "=1e-3", "--smoke"});
  loud.erase(std::find(loud.begin(), loud.end(), "-q"));
  const Outcome outcome = call(loud);
  ASSERT_EQ(outcome.code, 0);
  std::string words = outcome.err;
  std::replace(words.begin(), words.end(), '\n', ' ');
  contains(words, "scored on 12 validation samples, the test set is not touched");
  contains(read(folder / "out/report.html"), "the test set was not touched");
  EXPECT_EQ(results()["scored_on"]["part"], "validation");
}

TEST_F(Sweep, NeedsAValidationPart) {
  folder.replace("exp.txtpb", "validation_from_train: 0.3", "validation_from_train: 0");
  expect_refused({"--over", kEta + "=1e-3"}, {"exp.txtpb:7", "validation_from_train", "validation part", "never looks at the test set"}, 2);
}

TEST_F(Sweep, FieldsOfTheExperimentAndItsFilesAreSweptToo) {
  folder.write("other.txtpb", read(folder / "net.txtpb"));
  folder.replace("other.txtpb", "shape: [24]", "shape: [30]");
  ASSERT_EQ(sweep({"--over", "network=net.txtpb,other.txtpb", "--over", "network.populations[hidden].shape[0]=24,30", "--over",
                   "dataset.split.validation_from_train=0.3,0.5"})
                .code,
            0);
  const nlohmann::json points = results()["points"];
  ASSERT_EQ(points.size(), 8u);
  EXPECT_EQ(points[0]["runs"], points[4]["runs"]);  // the two files differ in the size alone
  EXPECT_EQ(points[2]["runs"], points[6]["runs"]);
  EXPECT_NE(points[0]["runs"], points[1]["runs"]);
  EXPECT_NE(points[0]["runs"], points[2]["runs"]);
  EXPECT_TRUE(fs::exists(folder / "out/descriptions/other.txtpb"));
}

TEST_F(Sweep, EpochsAndSeedsMayBeSwept) {
  ASSERT_EQ(call({"sweep", folder / "exp.txtpb", "--over", "epochs=1,2", "--over", "seeds=1,3", "-q", "--out", folder / "out"}).code, 0);
  const nlohmann::json points = results()["points"];
  EXPECT_EQ(points[1]["runs"].size(), 3u);
  EXPECT_EQ(points[2]["runs"].size(), 1u);
  EXPECT_EQ(points[2]["runs"][0]["epochs"], 2);
  fs::remove_all(folder / "out");
  expect_refused({"--over", "seeds=1,2", "--seeds", "3"}, {"--over seeds does not go with --seeds"}, kUsage);
  expect_refused({"--over", "epochs=1,2", "--smoke"}, {"--over epochs does not go with --epochs"}, kUsage);
}

TEST_F(Sweep, BadFieldsAreUsageErrorsThatSayWhatToDo) {
  const auto refused = [&](const std::vector<std::string>& more, const std::vector<std::string>& parts) {
    fs::remove_all(folder / "out");
    expect_refused(more, parts, kUsage);
  };
  refused({"--over", "network.rules[lern].feedback_current.eta=1,2"}, {"--over network.rules[lern]", "did you mean \"learn\"?"});
  refused({"--over", "warmup.samples=1"}, {"\"warmup\" is not a field of Experiment", "did you mean \"warm_up\"?"});
  refused({"--over", "rules[learn].feedback_current.eta=1"}, {"write network.rules"});
  refused({"--over", "network.populations[7].shape[0]=1"}, {"names element 7 of populations, which has 3", "use 0 to 2"});
  refused({"--over", kEta + "=1e-3,much"}, {"is \"much\", but must be a number"});
  refused({"--over", kEta}, {"write FIELD=V1,V2"});
  refused({"--over", "=1"}, {"write FIELD=V1,V2"});
  refused({"--over", kEta + "=1,,2"}, {"a value is empty"});
  refused({"--over", kEta + "=1,2,1"}, {"the value 1 stands there twice"});
  refused({"--over", kEta + "=1", "--over", kEta + "=2"}, {"twice"});
  refused({}, {"say which fields to sweep"});
  std::string many = "=0";
  for (int i = 1; i < 150; ++i) many += "," + std::to_string(i);
  refused({"--over", kEta + many, "--over", kRate + many}, {"have 22500 combinations", "--random"});
}

TEST_F(Sweep, InvalidCombinationsAreToldBeforeAnythingIsTrained) {
  const Outcome outcome = sweep({"--over", "anneal.linear_to=0.5,2", "--over", kRate + "=1e-3,1e-4", "--over", "trial.free_ms=10,10.5"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_FALSE(fs::exists(folder / "out"));
  contains(outcome.err, "2 faults");  // each once, however many combinations have it
  contains(outcome.err, "exp.txtpb:13:10: anneal.linear_to: is 2, but must be between 0 and 1, with anneal.linear_to=2, " + kRate +
                            "=1e-3, trial.free_ms=10 and 3 other combinations");
  contains(outcome.err, "trial.free_ms: is 10.5, which is not a whole number of ticks");
  const nlohmann::json object = call_json(arguments({"--over", kRate + "=1e-3,-1"}), 2);
  ASSERT_EQ(object["faults"].size(), 1u);
  EXPECT_EQ(object["faults"][0]["line"], 9);
  // What all combinations have in common is not blamed on one.
  folder.replace("exp.txtpb", "population: \"out\" most_spikes", "population: \"oud\" most_spikes");
  const Outcome common = sweep({"--over", kRate + "=1e-3,1e-4"});
  EXPECT_EQ(common.code, 2);
  EXPECT_EQ(common.err.find(", with "), std::string::npos) << common.err;
}

TEST_F(Sweep, ResumedGivesTheSameFiles) {
  const std::vector<std::string> over = {"--over", kEta + "=1e-4,1e-3,1e-2", "--threads", "1"};
  ASSERT_EQ(sweep(over).code, 0);
  const auto whole = files_of(folder / "out");
  // Killed between points: what is in sweep.json is not trained again, whatever the folder says.
  nlohmann::ordered_json cut = nlohmann::ordered_json::parse(whole.at("sweep.json"));
  cut["points"].erase(1);
  cut["points"][0]["runs"][0]["train_accuracy"] = 0.123;  // shows that it is kept
  folder.write("out/sweep.json", cut.dump());
  fs::remove(folder / "out/report.html");
  fs::create_directory(folder / "out/point_0");  // left by a program that was killed between the file and the folder
  folder.write("out/point_0/checkpoint.pb", "x");
  ASSERT_EQ(call({"sweep", "--resume", folder / "out", "-q"}).code, 0);
  EXPECT_FALSE(fs::exists(folder / "out/point_0"));
  nlohmann::json resumed = results();
  EXPECT_EQ(resumed["points"][0]["runs"][0]["train_accuracy"], 0.123);
  resumed["points"][0]["runs"][0]["train_accuracy"] =
      nlohmann::json::parse(whole.at("sweep.json"))["points"][0]["runs"][0]["train_accuracy"];
  expect_same(resumed, nlohmann::json::parse(whole.at("sweep.json")));
  // Interrupted before anything was done.
  fs::remove_all(folder / "out");
  const Outcome stopped = sweep(over, "out", true);
  EXPECT_EQ(stopped.code, 130);
  contains(stopped.err, "spikeloop sweep --resume " + folder / "out");
  EXPECT_FALSE(fs::exists(folder / "out/report.html"));
  ASSERT_EQ(call({"sweep", "--resume", folder / "out", "-q", "--threads", "2"}).code, 0);
  expect_same_files(files_of(folder / "out"), whole);
}

TEST_F(Sweep, ResumeDoesNotCareWhatBecameOfTheDescriptions) {
  const std::vector<std::string> over = {"--over", kEta + "=1e-4,1e-3"};
  ASSERT_EQ(sweep(over).code, 0);
  const std::string whole = read(folder / "out/sweep.json");
  fs::remove_all(folder / "out");
  ASSERT_EQ(sweep(over, "out", true).code, 130);
  folder.replace("net.txtpb", "std: 0.1", "std: 0.3");
  fs::remove(folder / "exp.txtpb");
  ASSERT_EQ(call({"sweep", "--resume", folder / "out", "-q"}).code, 0);
  EXPECT_EQ(read(folder / "out/sweep.json"), whole);
}

TEST_F(Sweep, ResumeRefusesWhatItCannotGoOnWith) {
  const auto refused = [&](const std::string& dir, const std::string& part, int code = 2) {
    const Outcome outcome = call({"sweep", "--resume", folder / dir, "-q"});
    EXPECT_EQ(outcome.code, code);
    contains(outcome.err, part);
  };
  refused("nowhere", "it does not exist");
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--smoke", "-q", "--out", folder / "trained"}).code, 0);
  refused("trained", "it was made by `spikeloop train`");
  ASSERT_EQ(sweep({"--over", kEta + "=1e-4,1e-3", "--smoke"}).code, 0);
  refused("out", "this sweep is finished");
  const Outcome other = call({"train", "--resume", folder / "out"});
  EXPECT_EQ(other.code, 2);
  contains(other.err, "it was made by `spikeloop sweep`");
  folder.replace("out/sweep.json", "\"1e-4\"\n            },", "\"1e-5\"\n            },");
  refused("out", "is damaged or belongs to another sweep");
  folder.write("out/sweep.json", "{");
  refused("out", "is damaged");
  folder.write("out/run.json", "{");
  refused("out", "run.json is damaged");
  const Outcome more = call({"sweep", "--resume", folder / "out", "--over", "epochs=1"});
  EXPECT_EQ(more.code, kUsage);
  contains(more.err, "--over");
  EXPECT_EQ(sweep({"--over", kEta + "=1"}).code, 2);  // an existing directory
}

TEST_F(Sweep, JsonIsTheFile) {
  nlohmann::json object = call_json(arguments({"--over", kEta + "=1e-4,1e-3", "--smoke"}), 0);
  EXPECT_EQ(object["directory"], folder / "out");
  object.erase("directory");
  EXPECT_EQ(object, results());
  EXPECT_EQ(object["points"][0]["runs"].size(), 1u);
}

TEST_F(Sweep, TablesFitTheTerminal) {
  for (const std::size_t columns : {std::size_t{60}, std::size_t{200}}) {
    fs::remove_all(folder / "out");
    const Outcome outcome = call(arguments({"--over", kEta + "=1e-4,1e-3", "--over", kRate + "=1,2", "--smoke"}), false, columns);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::istringstream lines(outcome.out.substr(0, outcome.out.find("report: ")));
    for (std::string line; std::getline(lines, line);) {
      if (line.find(' ') == std::string::npos) continue;  // a single word
      EXPECT_LE(report::display_width(line), columns) << line;
    }
  }
}

}  // namespace
}  // namespace spikeloop::cli::test
