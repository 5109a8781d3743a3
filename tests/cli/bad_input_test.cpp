// SPDX-License-Identifier: Apache-2.0
// What is wrong outside of the program is told in one sentence, and nothing that lay there is lost.
#include <zlib.h>

#include <algorithm>

#include "proto/checkpoint.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override { folder.write_experiment(); }

  /// One line that has `parts` in it, exit code `code`, and no run directory.
  void expect_refused(const std::vector<std::string>& parts, int code = 2) {
    const Outcome outcome = call({"train", folder / "exp.txtpb", "--out", folder / "out", "-q"});
    expect_sentence(outcome, parts, code);
    EXPECT_FALSE(fs::exists(folder / "out"));
  }

  static void expect_sentence(const Outcome& outcome, const std::vector<std::string>& parts, int code) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : parts) contains(outcome.err, part);
  }

  /// A training that was stopped before its first trial.
  void begin() { ASSERT_EQ(call({"train", folder / "exp.txtpb", "--out", folder / "out", "-q"}, true).code, 130); }
  Outcome resume() { return call({"train", "--resume", folder / "out", "-q"}); }

  Folder folder;
};

TEST_F(BadInput, DataAreMissing) {
  fs::remove(folder / "digits.csv");
  expect_refused({"digits.csv", "there is no such file", "examples/data"});
}

TEST_F(BadInput, SplitIsMissing) {
  fs::remove(folder / "split.txt");
  expect_refused({"split.txt", "there is no such file"});
}

TEST_F(BadInput, DataLieInTheFolderThatIsNamed) {
  fs::create_directories(folder / "elsewhere/digits");
  fs::rename(folder / "digits.csv", folder / "elsewhere/digits/digits.csv");
  EXPECT_EQ(call({"check", folder / "exp.txtpb"}).code, 2);
  EXPECT_EQ(call({"check", folder / "exp.txtpb", "--data", folder / "elsewhere"}).code, 0);
  const Outcome outcome = execute({"check", folder / "exp.txtpb"}, {.environment = {{"SPIKELOOP_DATA_DIR", folder / "elsewhere"}}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(BadInput, DataAreCutShort) {
  const std::string digits = read(folder / "digits.csv");
  folder.write("digits.csv", digits.substr(0, digits.size() - 9));
  expect_refused({"digits.csv:60", "values, not 65"});
}

TEST_F(BadInput, PackedDataAreCutShort) {
  const gzFile file = gzopen((folder / "digits.csv").c_str(), "wb");
  const std::string text(100000, '1');
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  const std::string packed = read(folder / "digits.csv");
  folder.write("digits.csv", packed.substr(0, packed.size() / 2));
  expect_refused({"digits.csv", "the gzip data ends too early", "get it again"});
}

TEST_F(BadInput, DataAreTooLarge) {
  fs::resize_file(folder / "digits.csv", std::uintmax_t{65} << 20);
  expect_refused({"digits.csv", "larger than 64 MiB"});
}

TEST_F(BadInput, LabelIsWrong) {
  folder.replace("digits.csv", ",0\n", ",11\n");
  expect_refused({"digits.csv:1", "the label (value 65) is \"11\"", "0 to 9"});
}

TEST_F(BadInput, ChecksumIsWrong) {
  folder.replace("exp.txtpb", "\"digits.csv\"", "\"digits.csv\" sha256: \"" + std::string(64, 'a') + "\"");
  expect_refused({"digits.csv", "sha256", std::string(64, 'a')});
}

TEST_F(BadInput, NetworkIsGivenForAnExperiment) {
  expect_sentence(call({"train", folder / "net.txtpb"}), {"net.txtpb is a network; an experiment is needed"}, 2);
}

TEST_F(BadInput, PopulationIsMissing) {
  folder.replace("exp.txtpb", "readout { population: \"out\"", "readout { population: \"outt\"");
  expect_refused({"exp.txtpb:11:11: readout.population", "\"outt\"", "did you mean \"out\"?"});
}

TEST_F(BadInput, NoWeightCouldEverChange) {
  const std::string network = read(folder / "net.txtpb");
  const std::size_t from = network.find("controllers {"), to = network.find("probes {");
  folder.write("net.txtpb", network.substr(0, from) + network.substr(to));
  const std::vector<std::string> parts = {"exp.txtpb:4:", "network: can learn nothing", "rule \"learn\" of hidden->out",
                                          "add `controllers { population: \"out\""};
  expect_refused(parts);
  expect_sentence(call({"check", folder / "exp.txtpb"}), parts, 2);
  EXPECT_EQ(call({"check", folder / "net.txtpb"}).code, 0) << "by itself it is a network as any";
}

TEST_F(BadInput, SmokeSizeIsNothing) {
  folder.replace("exp.txtpb", "samples: 12", "samples: 0");
  expect_refused({"exp.txtpb:16", "smoke", "at least one"});
}

TEST_F(BadInput, MachineCannotRunIt) {
  folder.replace("net.txtpb", "std: 0.1 } } delay_ms: 1", "std: 0.1 } } delays_ms { uniform { low: 1 high: 3 } }");
  expect_refused({"net.txtpb:12", "distributed delays"}, 3);
  EXPECT_EQ(call({"check", folder / "net.txtpb"}).code, 3);
}

TEST_F(BadInput, OutExists) {
  fs::create_directory(folder / "out");
  folder.write("out/precious", "1");
  for (const char* verb : {"train", "run"}) {
    const std::string file = folder / (verb == std::string("run") ? "net.txtpb" : "exp.txtpb");
    const Outcome outcome = call({verb, file, "--out", folder / "out"});
    expect_sentence(outcome, {"out exists already and is not overwritten", "--out"}, 2);
    EXPECT_EQ(outcome.err.find("`spikeloop train --resume") != std::string::npos, verb == std::string("train")) << "no other verb has it";
  }
  EXPECT_EQ(files_of(folder / "out"), (std::map<std::string, std::string>{{"precious", "1"}}));
}

TEST_F(BadInput, OutCannotBeMade) {
  for (const char* verb : {"train", "run"}) {
    const std::string file = folder / (verb == std::string("run") ? "net.txtpb" : "exp.txtpb");
    expect_sentence(call({verb, file, "--out", folder / "split.txt/out"}), {"cannot make the directory", "split.txt", "Not a directory"},
                    4);
  }
}

TEST_F(BadInput, ResumeOfNoRunDirectory) {
  expect_sentence(resume(), {"out is not a run directory", "does not exist"}, 2);
  fs::create_directory(folder / "out");
  expect_sentence(resume(), {"out is not a run directory", "no run.json"}, 2);
  folder.write("out/run.json", "{\"command\": 3");
  expect_sentence(resume(), {"out is not a run directory", "damaged"}, 2);
}

TEST_F(BadInput, ResumeOfAFinishedRun) {
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--out", folder / "out", "-q", "--smoke"}).code, 0);
  const auto before = files_of(folder / "out");
  expect_sentence(resume(), {"this run is finished", "report.html"}, 2);
  EXPECT_EQ(files_of(folder / "out"), before);
}

TEST_F(BadInput, CheckpointOfAnotherNetwork) {
  begin();
  folder.replace("out/network.txtpb", "24", "23");
  const std::string before = read(folder / "out/checkpoint.pb");
  expect_sentence(resume(), {"checkpoint.pb", "another network"}, 2);
  EXPECT_EQ(read(folder / "out/checkpoint.pb"), before);
}

TEST_F(BadInput, CheckpointOfAnotherExperiment) {
  begin();
  folder.replace("out/experiment.txtpb", "epochs: 3", "epochs: 4");
  expect_sentence(resume(), {"checkpoint.pb", "another experiment"}, 2);
}

TEST_F(BadInput, CheckpointIsDamaged) {
  begin();
  const std::string good = read(folder / "out/checkpoint.pb");
  for (const std::string& bad :
       {good.substr(0, good.size() - 3), std::string(), std::string("hello"), good.substr(0, good.size() - 1) + "x"}) {
    folder.write("out/checkpoint.pb", bad);
    expect_sentence(resume(), {"checkpoint.pb", "checkpoint"}, 2);
    EXPECT_EQ(read(folder / "out/checkpoint.pb"), bad);
  }
}

TEST_F(BadInput, CheckpointOfAnotherVersion) {
  begin();
  std::string bytes = read(folder / "out/checkpoint.pb");
  const std::size_t version = 2 + std::string("spikeloop checkpoint").size();  // field 2, after the magic
  ASSERT_EQ(bytes.substr(version, 2), "\x10\x01");
  bytes[version + 1] = 9;
  folder.write("out/checkpoint.pb", bytes);
  expect_sentence(resume(), {"checkpoint.pb", "format 9", "resume with the version that wrote it"}, 2);
}

TEST_F(BadInput, EvalOfWhatIsNotThere) {
  expect_sentence(call({"eval", folder / "out"}), {"there is no directory"}, 2);
  expect_sentence(call({"eval", folder.path().string()}), {"is not a run directory"}, 2);
  begin();
  expect_sentence(call({"eval", folder / "out"}), {"is not finished", "--resume"}, 2);
}

TEST_F(BadInput, EvalOfMissingWeights) {
  ASSERT_EQ(call({"train", folder / "exp.txtpb", "--out", folder / "out", "-q", "--smoke"}).code, 0);
  fs::remove(folder / "out/weights/in_to_hidden.npy");
  expect_sentence(call({"eval", folder / "out"}), {"in_to_hidden.npy", "no such file"}, 2);
  folder.write("out/weights/in_to_hidden.npy", read(folder / "out/weights/hidden_to_out.npy"));
  const Outcome outcome = call({"eval", folder / "out"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
}

TEST_F(BadInput, SpikesOfAnUnknownPopulation) {
  const auto run_with = [&](const std::string& line) {
    folder.write("spikes.csv", "time_ms,population,neuron\n1,in,3\n" + line);
    const Outcome outcome = call({"run", folder / "net.txtpb", "--input", folder / "spikes.csv", "--out", folder / "out"});
    EXPECT_FALSE(fs::exists(folder / "out"));
    return outcome;
  };
  expect_sentence(run_with("2,inn,3\n"), {"spikes.csv:3", "no population \"inn\"", "did you mean \"in\"?"}, 2);
  expect_sentence(run_with("2,in,64\n"), {"spikes.csv:3", "neuron \"64\"", "below 64"}, 2);
  expect_sentence(run_with("2,hidden,3\n"), {"spikes.csv", "\"hidden\"", "not an external source"}, 2);
  expect_sentence(run_with("soon,in,3\n"), {"spikes.csv:3", "\"soon\""}, 2);
}

TEST_F(BadInput, FilesThatWouldCollide) {
  folder.replace("net.txtpb", "projections { source: \"hidden\"", "projections { name: \"in_to_hidden\" source: \"hidden\"");
  expect_refused({"in->hidden", "in_to_hidden", "rename one"});
}

}  // namespace
}  // namespace spikeloop::cli::test
