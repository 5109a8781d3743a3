// SPDX-License-Identifier: Apache-2.0
// What only a process of its own shows: signals, full disks, pipes and terminals.
#include <signal.h>

#include <algorithm>
#include <sstream>

#include "core/errors.hpp"
#include "proto/checkpoint.hpp"
#include "report/table.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

class ProcessTest : public ::testing::Test {
 protected:
  void SetUp() override { folder.write_experiment(); }

  std::vector<std::string> train(const std::string& out, const std::string& epochs = "3") {
    return {"train", folder / "exp.txtpb", "--epochs", epochs, "--checkpoint-every", "20ms", "--out", folder / out};
  }
  std::vector<std::string> resume(const std::string& every = "20ms") {
    return {"train", "--resume", folder / "out", "--checkpoint-every", every};
  }

  /// Whether the checkpoint has come this far: runs that are finished or begun.
  bool reached(std::size_t finished, std::size_t begun, const std::string& before) {
    const std::string bytes = read(folder / "out/checkpoint.pb");
    if (bytes == before) return false;
    const Checkpoint checkpoint = read_checkpoint(bytes);  // always complete: it is replaced, never written to
    std::size_t results = 0, states = 0;
    for (const CheckpointRun& run : checkpoint.runs) results += run.result.has_value(), states += !run.trainer.empty();
    return results >= finished && states >= begun;
  }

  /// Starts, waits until the checkpoint has come so far and is a new one, and sends a signal; the exit code.
  int stop(const std::vector<std::string>& arguments, std::size_t finished, std::size_t begun, int signal) {
    const std::string before = read(folder / "out/checkpoint.pb");
    Process process(arguments);
    EXPECT_TRUE(process.wait_until([&] { return reached(finished, begun, before); })) << "it ended before";
    process.send(signal);
    const Outcome outcome = process.finish();
    if (signal != SIGKILL) contains(outcome.err, "--resume " + folder / "out");
    return outcome.code;
  }

  Folder folder;
};

TEST_F(ProcessTest, CtrlCTwiceAndAKillInBetweenChangeNothing) {
  ASSERT_EQ(call(train("whole", "40")).code, 0);
  EXPECT_EQ(stop(train("out", "40"), 0, 1, SIGINT), 130);
  EXPECT_FALSE(fs::exists(folder / "out/report.json"));
  EXPECT_EQ(stop(resume(), 0, 2, SIGTERM), 130);
  EXPECT_EQ(stop(resume(), 1, 1, SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(stop(resume(), 2, 1, SIGINT), 130);  // in the controls
  ASSERT_EQ(execute(resume()).code, 0);
  expect_same(essence(folder / "out"), essence(folder / "whole"));
}

TEST_F(ProcessTest, SpikesOfARunUntilCtrlCAreComplete) {
  const std::string network = kNetworks + "lif_bias.txtpb";
  Process process({"run", network, "--duration", "1000000s", "--out", folder / "out", "--json"});
  ASSERT_TRUE(process.wait_until([&] { return read(folder / "out/spikes.csv").size() > 200'000; }));
  process.send(SIGINT);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 130);
  contains(outcome.err, "interrupted at");
  const nlohmann::json report = json_of(folder / "out/report.json");
  EXPECT_EQ(nlohmann::json::parse(outcome.out), report);
  EXPECT_EQ(report["interrupted"], true);
  const auto until = std::to_string(static_cast<long long>(report["simulated_s"].get<double>() * 1e3 + 0.5)) + "ms";
  const nlohmann::json again = call_json({"run", network, "--duration", until, "--out", folder / "again"}, 0);
  EXPECT_EQ(again["recording_hash"], report["recording_hash"]);
  for (const char* file : {"spikes.csv", "samples/neuron.potential.csv"})
    EXPECT_EQ(read(folder / ("out/" + std::string(file))), read(folder / ("again/" + std::string(file)))) << file;
}

TEST_F(ProcessTest, OnlyOneTrainsInADirectory) {
  Process first(train("out", "2000"));
  ASSERT_TRUE(first.wait_until([&] { return reached(0, 1, ""); }));
  const Outcome second = execute(resume());
  EXPECT_EQ(second.code, 2);
  contains(second.err, "another spikeloop is training in it");
  first.send(SIGINT);
  EXPECT_EQ(first.finish().code, 130);
}

TEST_F(ProcessTest, DiskFullAtACheckpointKeepsTheOldOne) {
  ASSERT_EQ(call(train("whole")).code, 0);
  EXPECT_EQ(call(train("out"), true).code, 130);
  const std::string before = read(folder / "out/checkpoint.pb");
  const Outcome full = execute(resume("1ms"), {.largest_file = 4096});
  EXPECT_EQ(full.code, 4) << full.err;
  contains(full.err, "checkpoint.pb");
  contains(full.err, "File too large");
  EXPECT_EQ(read(folder / "out/checkpoint.pb"), before);
  EXPECT_EQ(execute(resume()).code, 0);
  expect_same(essence(folder / "out"), essence(folder / "whole"));
  for (const auto& [name, bytes] : files_of(folder / "out")) EXPECT_EQ(name.find("tmp"), std::string::npos) << name;
}

TEST_F(ProcessTest, DiskFullAtTheReportCostsNothing) {
  ASSERT_EQ(call(train("whole")).code, 0);
  const std::size_t limit = fs::file_size(folder / "whole/report.html") * 9 / 10;
  ASSERT_LT(fs::file_size(folder / "whole/checkpoint.pb"), limit);
  const Outcome full = execute(train("out"), {.largest_file = limit});
  EXPECT_EQ(full.code, 4) << full.err;
  contains(full.err, "report.html");
  EXPECT_FALSE(fs::exists(folder / "out/report.json"));
  EXPECT_EQ(execute(resume()).code, 0);
  expect_same(essence(folder / "out"), essence(folder / "whole"));
}

TEST_F(ProcessTest, DiskFullAtTheStartLeavesNothingBehind) {
  const Outcome full = execute(train("out"), {.largest_file = 100});
  EXPECT_EQ(full.code, 4) << full.err;
  contains(full.err, "File too large");
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(ProcessTest, DiskFullInARun) {
  std::string spikes_only = read(kNetworks + "lif_bias.txtpb");
  spikes_only.erase(spikes_only.find("probes { population: \"neuron\" potential"));
  folder.write("spikes_only.txtpb", spikes_only);
  // Found while running, and, for what fits into a buffer, at the end.
  for (const char* duration : {"10000s", "40s"}) {
    const std::string out = folder / ("out" + std::string(duration));
    const Outcome full = execute({"run", folder / "spikes_only.txtpb", "--duration", duration, "--out", out}, {.largest_file = 20'000});
    EXPECT_EQ(full.code, 4) << full.err;
    contains(full.err, "spikes.csv");
    contains(full.err, "File too large");
    EXPECT_FALSE(fs::exists(out + "/report.json"));
  }
}

TEST_F(ProcessTest, FullStandardOutputIsAFailure) {
  const Outcome full = execute({"check", folder / "net.txtpb"}, {.out_file = "/dev/full"});
  EXPECT_EQ(full.code, 4);
  contains(full.err, "standard output could not be written");
}

TEST_F(ProcessTest, PipesGetPlainLines) {
  Process process(train("out", "2000"));
  ASSERT_TRUE(process.wait_for_text("samples/s"));
  process.send(SIGINT);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find_first_of("\r\x1b"), std::string::npos) << outcome.err;
  for (const char* part : {"ETA", "accuracy", "spikes/sample", "help", "0/4 runs"}) contains(outcome.err, part);
}

TEST_F(ProcessTest, TerminalsGetABar) {
  for (const unsigned short columns : {static_cast<unsigned short>(80), static_cast<unsigned short>(120)}) {
    const std::string out = "out" + std::to_string(columns);
    Process process(train(out, "2000"), {.columns = columns});
    ASSERT_TRUE(process.wait_for_text("samples/s"));
    ASSERT_TRUE(process.wait_for_text("accuracy"));
    process.send(SIGINT);
    const Outcome outcome = process.finish();
    EXPECT_EQ(outcome.code, 130);
    contains(outcome.err, "\r0/4 runs [");
    contains(outcome.err, "\r\x1b[K");  // taken away at the end
    if (columns == 120)
      for (const char* part : {"ETA", "spikes/sample", "help"}) contains(outcome.err, part);
    std::string text = outcome.err;
    std::replace(text.begin(), text.end(), '\r', '\n');
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (const std::size_t escape = line.find('\x1b'); escape != std::string::npos) line.resize(escape);
      if (line.find(" runs [") == std::string::npos) continue;
      EXPECT_LT(report::display_width(line), columns) << line;
    }
  }
}

TEST_F(ProcessTest, QuietSaysNothing) {
  std::vector<std::string> arguments = train("out");
  arguments.push_back("--quiet");
  const Outcome outcome = execute(arguments);
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ProcessTest, ColoursOnlyOnATerminalThatWantsThem) {
  const auto run = [&](const std::string& out, const Start& start) {
    const Outcome outcome = execute({"run", kNetworks + "lif_bias.txtpb", "--duration", "10ms", "--out", folder / out}, start);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    contains(outcome.out + outcome.err, "neuron");
    return (outcome.out + outcome.err).find('\x1b') != std::string::npos;
  };
  EXPECT_TRUE(run("a", {.columns = 80}));
  EXPECT_FALSE(run("b", {.environment = {{"NO_COLOR", "1"}}, .columns = 80}));
  EXPECT_FALSE(run("c", {.environment = {{"TERM", "dumb"}}, .columns = 80}));
  EXPECT_FALSE(run("d", {}));
}

TEST_F(ProcessTest, ExitCodesAreThoseOfTheErrors) {
  EXPECT_EQ(execute({"--version"}).code, 0);
  EXPECT_EQ(execute({"trian"}).code, 1);
  EXPECT_EQ(execute({"check", folder / "nothing"}).code, 2);
  EXPECT_EQ(execute({"run", folder / "net.txtpb", "--out", folder / "split.txt/x"}).code, 4);
}

}  // namespace
}  // namespace spikeloop::cli::test
