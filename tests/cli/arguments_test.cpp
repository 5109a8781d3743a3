// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "cli/cli.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

TEST(Help, StartsWithExamples) {
  const Outcome general = call({"--help"});
  EXPECT_EQ(general.code, 0);
  EXPECT_TRUE(general.out.starts_with("Examples:\n")) << general.out;
  for (const Verb& verb : verbs()) {
    const Outcome help = call({verb.name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(help.out.starts_with(std::string("Examples:\n  spikeloop ") + verb.name)) << help.out;
    EXPECT_EQ(call({"help", verb.name}).out, help.out);
    contains(general.out, verb.summary);
  }
}

TEST(Help, FitsIntoAHundredColumns) {
  std::string text = call({"--help"}).out;
  for (const Verb& verb : verbs()) text += call({verb.name, "--help"}).out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Help, IsAnErrorWhereNoVerbIsNamed) {
  const Outcome outcome = call({});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.err.starts_with("Examples:"));
}

TEST(Usage, UnknownWordsGetASuggestion) {
  const auto complaint = [](const std::vector<std::string>& arguments, std::string_view wanted) {
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, kUsage);
    EXPECT_EQ(outcome.out, "");
    contains(outcome.err, wanted);
  };
  complaint({"trian", "x"}, "there is no verb \"trian\"; did you mean \"train\"?");
  complaint({"ev"}, "did you mean \"eval\"?");
  complaint({"xylophone"}, "see `spikeloop --help`");
  complaint({"train", "x", "--resum=d"}, "there is no option \"--resum\"; did you mean \"--resume\"?");
  complaint({"run", "--treads", "2"}, "did you mean \"--threads\"?");
  complaint({"check", "a", "b"}, "one argument too many: \"b\"");
  complaint({"--xyz"}, "there is no option \"--xyz\"");
}

TEST(Usage, WrongValuesAreNamed) {
  for (const auto& [arguments, part] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"check"}, "FILE is required"},
           {{"train"}, "EXPERIMENT"},
           {{"train", "x", "--resume", "y"}, "EXPERIMENT"},
           {{"train", "--resume", "y", "--epochs", "3"}, "--epochs"},
           {{"train", "--resume", "y", "--out", "z"}, "--out"},
           {{"train", "x", "--seeds", "0"}, "--seeds: Value 0 not in range 1 to 1000"},
           {{"train", "x", "--seed", "-1"}, "--seed"},
           {{"train", "x", "--checkpoint-every", "soon"}, "\"soon\" is not a duration"},
           {{"run", "x", "--threads", "two"}, "--threads"},
           {{"run", "x", "--duration", "5"}, "\"5\" is not a duration"},
           {{"run", "x", "--backend", "loihi"}, "there is no back end \"loihi\"; this version has: simulator"},
           {{"eval", "x", "--backend", "loihi"}, "loihi"}}) {
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, kUsage) << outcome.err;
    contains(outcome.err, part);
  }
}

TEST(Usage, DurationsHaveAUnit) {
  EXPECT_EQ(parse_duration("1s"), 1'000'000'000);
  EXPECT_EQ(parse_duration("250 ms"), 250'000'000);
  EXPECT_EQ(parse_duration("0.5us"), 500);
  EXPECT_EQ(parse_duration("1e3ms"), 1'000'000'000);
  EXPECT_EQ(parse_duration("5ns"), 5);
  for (const char* wrong : {"", "s", "1", "-1s", "0s", "0.1ns", "1h", "1 s x", "nan s", "inf s", "1e300s"})
    EXPECT_THROW(parse_duration(wrong), UsageError) << wrong;
}

TEST(Json, IsOneObjectOnStdoutForErrorsToo) {
  EXPECT_EQ(call_json({}, 1)["exit_code"], 1);
  EXPECT_EQ(call_json({"trian"}, 1)["exit_code"], 1);
  EXPECT_EQ(call_json({"train", "--ot"}, 1)["exit_code"], 1);
  for (const Verb& verb : verbs()) {
    const std::string name = verb.name;
    if (name == "convert") continue;  // wants two files, and the second to be written
    const bool takes_file = !name.starts_with("board") && name != "doctor";
    const int code = takes_file ? 2 : 1;
    std::vector<std::string> arguments = {name, "/nowhere/at/all"};
    if (name == "diff") arguments.emplace_back("/nowhere/else");
    const nlohmann::json error = call_json(arguments, code);
    EXPECT_EQ(error["exit_code"], code);
    contains(error["error"], "/nowhere/at/all");
    EXPECT_EQ(error["faults"].size(), takes_file ? 1u : 0u);
    EXPECT_TRUE(call_json({verb.name, "--help"}, 0).contains("help"));
  }
  EXPECT_TRUE(call_json({"--version"}, 0).contains("version"));
}

TEST(Json, MayStandBeforeTheVerb) {
  const Outcome outcome = call({"--json", "-q", "check", "/nowhere"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(nlohmann::json::parse(outcome.out).is_object());
}

TEST(Check, TellsEveryFaultWithItsPlace) {
  Folder folder;
  folder.write_experiment();
  folder.replace("net.txtpb", "source: \"hidden\" target", "source: \"hiden\" target");
  folder.replace("net.txtpb", "shape: [24]", "shape: [1000000000]");
  folder.replace("net.txtpb", "dead_zone_hz: 30", "dead_zone: 30");
  const Outcome outcome = call({"check", folder / "net.txtpb"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "net.txtpb:7:18: populations[1].shape");
  contains(outcome.err, "did you mean \"hidden\"?");
  contains(outcome.err, "did you mean \"dead_zone_hz\"?");
  const nlohmann::json object = call_json({"check", folder / "net.txtpb"}, 2);
  EXPECT_GE(object["faults"].size(), 3u);
  for (const auto& fault : object["faults"]) EXPECT_GT(fault["line"], 0) << fault;
  // A network so large is refused before anything is made.
  EXPECT_EQ(call({"run", folder / "net.txtpb", "--out", folder / "out"}).code, 2);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST(Check, TellsWhatAValidDescriptionNeeds) {
  Folder folder;
  folder.write_experiment();
  const nlohmann::json network = call_json({"check", folder / "net.txtpb", "--memory"}, 0);
  EXPECT_EQ(network["kind"], "network");
  EXPECT_EQ(network["valid"], true);
  const nlohmann::json& memory = network["memory"];
  EXPECT_GT(memory["connectivity_bytes"], 4 * (64 * 24 + 24 * 10));
  EXPECT_EQ(memory["total_bytes"], memory["connectivity_bytes"].get<std::uint64_t>() + memory["state_bytes"].get<std::uint64_t>());
  EXPECT_EQ(call_json({"check", folder / "exp.txtpb"}, 0)["kind"], "experiment");
  contains(call({"check", folder / "exp.txtpb", "--memory"}).out, "a valid experiment");
}

/// The same figures as the engine's own (tests/simulator holds those against the arrays that are built).
TEST(Check, TellsBytesPerSynapse) {
  const std::string file = SPIKELOOP_SOURCE_DIR "/examples/networks/brunel.txtpb";
  const nlohmann::json memory = call_json({"check", file, "--memory", "--threads", "2"}, 0)["memory"];
  EXPECT_NEAR(memory["bytes_per_synapse"], 2, 0.05);
  EXPECT_EQ(memory["building_bytes"], 0);
  std::uint64_t bytes = 0;
  for (const auto& rows : memory["rows"]) bytes += rows["bytes"].get<std::uint64_t>();
  EXPECT_EQ(memory["connectivity_bytes"], bytes);
  const Outcome outcome = call({"check", file, "--memory"});
  contains(outcome.out, "all synapses");
  contains(outcome.out, "excitatory->excitatory, excitatory->inhibitory");  // they share rows
}

}  // namespace
}  // namespace spikeloop::cli::test
