// SPDX-License-Identifier: Apache-2.0
// `spikeloop map`.
#include "proto/load.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

const std::string kRelay = SPIKELOOP_SOURCE_DIR "/examples/networks/relay.txtpb";

TEST(Map, TellsEveryCoreAndWhatBindsFirst) {
  const nlohmann::json report = call_json({"map", kRelay, "--chip", "dynapse1"}, 0);
  EXPECT_EQ(report["fits"], true);
  EXPECT_EQ(report["neurons"], 88);
  EXPECT_EQ(report["inputs"], 16);
  std::size_t neurons = 0;
  for (const auto& core : report["cores"]) {
    neurons += core["neurons"].get<std::size_t>();
    EXPECT_LE(core["cam_words_most"], 64);
  }
  EXPECT_EQ(neurons, 88U);
  EXPECT_EQ(report["binding"]["limit"], report["binding"]["resource"] == "CAM words" ? 64 : report["binding"]["limit"].get<int>());
  EXPECT_EQ(report["weights"].size(), 4U);
  EXPECT_GT(report["traffic"]["matches_hz"], 0);
  const Outcome text = call({"map", kRelay});
  EXPECT_EQ(text.code, 0);
  for (const char* part : {"U0 core 0", "what binds first", "in->hidden", "tau_m_ms", "CAM matches", "estimated", "not verified"})
    contains(text.out, part);
}

TEST(Map, WritesTheMappingAndAReport) {
  const Folder folder;
  const std::string out = folder / "map";
  const nlohmann::json report = call_json({"map", kRelay, "--out", out}, 0);
  EXPECT_EQ(report["directory"], out);
  const Mapping text = load_mapping(out + "/mapping.txtpb"), binary = load_mapping(out + "/mapping.binpb");
  EXPECT_EQ(text, binary);
  EXPECT_EQ(text.chip, "dynapse1");
  EXPECT_EQ(load_chip(out + "/chip.txtpb"), load_chip(SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb"));
  const std::string html = read(out + "/map.html"), svg = read(out + "/placement.svg");
  for (const char* part : {"relay on dynapse1", "<svg", "U0 core 0", "Weights", "Traffic"}) contains(html, part);
  std::size_t squares = 0;
  for (std::size_t at = svg.find("<rect"); at != std::string::npos; at = svg.find("<rect", at + 1)) ++squares;
  EXPECT_GE(squares, 88U);
  EXPECT_EQ(call({"map", kRelay, "--out", out}).code, 2);  // it exists
}

TEST(Map, NetworkThatDoesNotFitIsRefusedWithEveryReasonAtItsPlace) {
  const Folder folder;
  const std::string net = folder.write("net.txtpb", R"(# proto-file: spikeloop/v1/network.proto
# proto-message: spikeloop.v1.Network
populations { name: "in" shape: [65] source { external {} } }
populations { name: "out" shape: [2] neuron { lif { v_threshold_mv: 1 reset: RESET_SUBTRACT } } }
projections { source: "in" target: "out" }
)");
  const Outcome text = call({"map", net, "--chip", "dynapse1"});
  EXPECT_EQ(text.code, 3);
  contains(text.err, "2 violations");
  contains(text.err, "net.txtpb:4:");
  contains(text.err, "needs 65 CAM words in neuron 0, but there are 64");
  contains(text.err, "RESET_TO_VALUE");
  EXPECT_EQ(text.out, "");
  const nlohmann::json report = call_json({"map", net}, 3);
  EXPECT_EQ(report["fits"], false);
  ASSERT_EQ(report["violations"].size(), 2U);
  EXPECT_EQ(report["violations"][1]["need"], 65);
  EXPECT_EQ(report["violations"][1]["limit"], 64);
}

TEST(Map, ExperimentStandsForItsNetwork) {
  const Outcome text = call({"map", SPIKELOOP_SOURCE_DIR "/examples/digits.txtpb"});
  EXPECT_EQ(text.code, 3);
  contains(text.err, "digits_network.txtpb:");
}

TEST(Map, ChipsAreNamedOrFiles) {
  EXPECT_EQ(call({"map", kRelay, "--chip", SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb"}).code, 0);
  const Outcome unknown = call({"map", kRelay, "--chip", "dynapse"});
  EXPECT_EQ(unknown.code, 1);
  contains(unknown.err, "did you mean \"dynapse1\"?");
  EXPECT_EQ(call({"map", kRelay, "--chip", "no/such.txtpb"}).code, 2);
}

TEST(Map, SeedFixesThePlacement) {
  const Folder folder;
  call({"map", kRelay, "--seed", "3", "--out", folder / "a"});
  call({"map", kRelay, "--seed", "3", "--out", folder / "b"});
  EXPECT_EQ(read(folder / "a/mapping.txtpb"), read(folder / "b/mapping.txtpb"));
}

}  // namespace
}  // namespace spikeloop::cli::test
