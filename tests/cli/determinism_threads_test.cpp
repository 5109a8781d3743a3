// SPDX-License-Identifier: Apache-2.0
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

TEST(Threads, DoNotChangeATraining) {
  Folder folder;
  folder.write_experiment();
  for (const char* threads : {"1", "2", "4"})
    ASSERT_EQ(call({"train", folder / "exp.txtpb", "--epochs", "1", "--threads", threads, "--checkpoint-every", "50ms", "--out",
                    folder / threads})
                  .code,
              0);
  expect_same(essence(folder / "1"), essence(folder / "2"));
  expect_same(essence(folder / "1"), essence(folder / "4"));
}

TEST(Threads, DoNotChangeASweep) {
  Folder folder;
  folder.write_experiment();
  for (const char* threads : {"1", "2", "5"})
    ASSERT_EQ(call({"sweep", folder / "exp.txtpb", "--over", "network.rules[learn].feedback_current.eta=1e-4,1e-3,1e-2", "--epochs", "1",
                    "--threads", threads, "--out", folder / threads})
                  .code,
              0);
  const nlohmann::json one = json_of(folder / "1/sweep.json");
  EXPECT_EQ(one["points"].size(), 3u);
  for (const char* threads : {"2", "5"}) {
    nlohmann::json other = json_of(folder / (threads + std::string("/sweep.json")));
    other["reproduce"] = one["reproduce"];
    expect_same(one, other);
  }
}

TEST(Threads, DoNotChangeARun) {
  Folder folder;
  folder.write_random_network();
  for (const char* threads : {"1", "2", "3"})
    ASSERT_EQ(call({"run", folder / "random.txtpb", "--duration", "40ms", "--threads", threads, "--out", folder / threads}).code, 0);
  const nlohmann::json one = json_of(folder / "1/report.json");
  EXPECT_GT(one["populations"]["neurons"]["spikes"], 1000);
  for (const char* threads : {"2", "3"}) {
    const nlohmann::json other = json_of(folder / (threads + std::string("/report.json")));
    for (const char* key : {"recording_hash", "populations", "projections"}) EXPECT_EQ(one[key], other[key]);
    EXPECT_EQ(read(folder / "1/spikes.csv"), read(folder / (threads + std::string("/spikes.csv"))));
  }
}

}  // namespace
}  // namespace spikeloop::cli::test
