// SPDX-License-Identifier: Apache-2.0
// A sweep as a process of its own: signals.
#include <signal.h>

#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

class SweepProcess : public ::testing::Test {
 protected:
  void SetUp() override { folder.write_experiment(); }

  std::vector<std::string> begin(const std::string& epochs) {
    return {"sweep",     folder / "exp.txtpb",
            "--over",    "network.rules[learn].feedback_current.eta=1e-4,1e-3,1e-2,1e-1",
            "--epochs",  epochs,
            "--seeds",   "2",
            "--threads", "2",
            "--out",     folder / "out"};
  }
  std::vector<std::string> resume() { return {"sweep", "--resume", folder / "out", "--threads", "2"}; }

  std::size_t finished() {
    const nlohmann::json results = nlohmann::json::parse(read(folder / "out/sweep.json"), nullptr, false);
    return results.is_object() ? results["points"].size() : 0;  // always whole: it is replaced, never written to
  }

  /// Starts, waits until so many more points are finished (which tells that signals are caught by now), and sends a signal; the exit code.
  int stop(const std::vector<std::string>& arguments, std::size_t more, int signal) {
    const std::size_t points = (fs::exists(folder / "out/sweep.json") ? finished() : 0) + more;
    Process process(arguments);
    EXPECT_TRUE(process.wait_until([&] { return fs::exists(folder / "out/sweep.json") && finished() >= points; })) << "it ended before";
    process.send(signal);
    const Outcome outcome = process.finish();
    if (signal != SIGKILL) contains(outcome.err, "spikeloop sweep --resume " + folder / "out");
    return outcome.code;
  }

  Folder folder;
};

TEST_F(SweepProcess, CtrlCAndAKillInBetweenChangeNothing) {
  ASSERT_EQ(execute(begin("40")).code, 0);
  const auto whole = files_of(folder / "out");
  fs::remove_all(folder / "out");
  EXPECT_EQ(stop(begin("40"), 0, SIGINT), 130);
  EXPECT_EQ(stop(resume(), 1, SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(stop(resume(), 1, SIGTERM), 130);
  EXPECT_FALSE(fs::exists(folder / "out/report.html"));
  ASSERT_EQ(execute(resume()).code, 0);
  expect_same_files(files_of(folder / "out"), whole);
}

TEST_F(SweepProcess, ShowsTheProgressOfAllTrainings) {
  Process process(begin("3000"));
  ASSERT_TRUE(process.wait_for_text("samples/s"));
  process.send(SIGINT);
  const Outcome outcome = process.finish();
  EXPECT_EQ(outcome.code, 130);
  EXPECT_EQ(outcome.out, "");
  for (const char* part : {"all of 4 combinations, 8 trainings", "0/8 runs", "ETA", "accuracy"}) contains(outcome.err, part);
}

TEST_F(SweepProcess, FullDiskCostsNothing) {
  ASSERT_EQ(execute(begin("2")).code, 0);
  const auto whole = files_of(folder / "out");
  fs::remove_all(folder / "out");
  const Outcome full = execute(begin("2"), {.largest_file = whole.at("sweep.json").size() - 1});
  EXPECT_EQ(full.code, 4) << full.err;
  contains(full.err, "File too large");
  ASSERT_EQ(execute(resume()).code, 0);
  expect_same_files(files_of(folder / "out"), whole);
}

}  // namespace
}  // namespace spikeloop::cli::test
