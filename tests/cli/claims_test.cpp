// SPDX-License-Identifier: Apache-2.0
// Every claim holds of the network that ships with it, and not of one whose mechanism was broken.
#include <algorithm>
#include <set>

#include "cli/claims/claims.hpp"
#include "cli/cli.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

std::string network_file(const std::string& claim) { return SPIKELOOP_SOURCE_DIR "/examples/claims/" + claim + "_network.txtpb"; }

/// `text` with every `wanted` replaced; a failure if there is none.
std::string replaced(std::string text, const std::string& wanted, const std::string& by) {
  EXPECT_NE(text.find(wanted), std::string::npos) << wanted;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + by.size()))
    text.replace(at, wanted.size(), by);
  return text;
}

/// What is broken: the pieces of the description, and what they are replaced by.
using Breakage = std::vector<std::pair<std::string, std::string>>;

class Claims : public ::testing::Test {
 protected:
  /// The findings that fail, by name; whether the exit code and the message agree is checked.
  std::set<std::string> failing(const std::string& claim, const Breakage& breakage = {}) {
    std::string text = read(network_file(claim));
    for (const auto& [wanted, by] : breakage) text = replaced(text, wanted, by);
    fs::remove_all(folder / "out");
    const Outcome outcome = call({"claim", claim, folder.write("broken.txtpb", text), "--smoke", "--out", folder / "out"});
    std::set<std::string> names;
    const nlohmann::json result = json_of(folder / "out/claim.json");
    for (const auto& finding : result["findings"])
      if (!finding["holds"]) names.insert(finding["name"]);
    EXPECT_EQ(outcome.code, names.empty() ? 0 : 2) << outcome.err;
    EXPECT_EQ(result["holds"], names.empty());
    for (const std::string& name : names) contains(outcome.err, name);
    return names;
  }

  Folder folder;
};

using Names = std::set<std::string>;

TEST_F(Claims, AreListedWithASentenceEach) {
  const Outcome outcome = call({"claim"});
  EXPECT_EQ(outcome.code, 0);
  const nlohmann::json listed = call_json({"claim"}, 0)["claims"];
  ASSERT_EQ(listed.size(), claims().size());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    EXPECT_EQ(listed[i]["name"], claims()[i].name);
    EXPECT_GT(claims()[i].sentence.size(), 20u);
    contains(outcome.out, claims()[i].name);
    EXPECT_EQ(shipped_network(claims()[i].name), read(network_file(claims()[i].name)));
  }
}

TEST_F(Claims, OfAnotherNameGetASuggestion) {
  const Outcome outcome = call({"claim", "windwo"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "there is no claim \"windwo\"; did you mean \"window\"?");
}

TEST_F(Claims, LeaveADirectoryThatTellsAll) {
  ASSERT_EQ(call({"claim", "window", "--smoke", "--seed", "3", "--out", folder / "out"}).code, 0);
  Names files;
  for (const auto& [name, bytes] : files_of(folder / "out")) files.insert(name);
  EXPECT_EQ(files, (Names{"claim.html", "claim.json", "network.txtpb"}));
  const nlohmann::json result = json_of(folder / "out/claim.json");
  EXPECT_EQ(result["claim"], "window");
  EXPECT_EQ(result["seed"], 3);
  EXPECT_EQ(result["smoke"], true);
  contains(result["reproduce"]["command"], "spikeloop claim window --smoke --seed 3");
  const std::string page = read(folder / "out/claim.html");
  for (const char* part : {"<svg", "The claim holds here.", "tau_plus_ms: 17", "time constant of depression"}) contains(page, part);
  for (const char* part : {"<script", "src=", "href="}) EXPECT_EQ(page.find(part), std::string::npos) << part;
  EXPECT_EQ(call({"claim", "window", "--smoke", "--out", folder / "out"}).code, 2) << "an existing directory is refused";
}

TEST_F(Claims, ThatDoNotHoldSaySoInTableAndPage) {
  const std::string broken = folder.write("broken.txtpb", replaced(read(network_file("window")), "lag_ms: 3", "lag_ms: 0"));
  const Outcome outcome = call({"claim", "window", broken, "--smoke", "--out", folder / "out"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.out, "FAILS");
  contains(outcome.err, "the claim \"window\" does not hold: largest relative deviation from the formula is inf, expected < 1e-6");
  contains(read(folder / "out/claim.html"), "It does not hold here: largest relative deviation");
}

TEST_F(Claims, ANetworkThatIsUnfitLeavesNoDirectory) {
  const std::string other = folder.write("other.txtpb", replaced(read(network_file("window")), "\"plastic\"", "\"plastik\""));
  const Outcome outcome = call({"claim", "window", other, "--out", folder / "out"});
  EXPECT_EQ(outcome.code, 2);
  contains(outcome.err, "plastik");
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(Claims, AreLeftByCtrlCWithoutADirectory) {
  const Outcome outcome = call({"claim", "window", "--smoke", "--out", folder / "out"}, true);
  EXPECT_EQ(outcome.code, kInterrupted);
  EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(Claims, DetectionHolds) { EXPECT_EQ(failing("detection"), Names{}); }

TEST_F(Claims, DetectionNeedsLearning) {
  EXPECT_EQ(failing("detection", {{"eta: 2e-3", "eta: 0"}}), Names{"false alarms after learning"}) << "it answers everything, as before";
}

TEST_F(Claims, DetectionNeedsFeedback) {
  EXPECT_EQ(failing("detection", {{"amplitude: 1", "amplitude: 0"}}), Names{"false alarms after learning"});
  // A neuron that answered nothing before answers nothing after.
  EXPECT_EQ(failing("detection", {{"amplitude: 1", "amplitude: 0"}, {"mean: 0.05", "mean: 0.02"}}), Names{"hit rate after learning"});
}

TEST_F(Claims, GateHolds) { EXPECT_EQ(failing("gate"), Names{}); }

TEST_F(Claims, GateNeedsTheRuleThatWaitsForFeedback) {
  const Names all = failing("gate", {{"stdp_feedback", "stdp"}});
  EXPECT_EQ(all,
            (Names{"pre before post: change without feedback (mV)", "pre before post: largest change with feedback after the pair (mV)",
                   "post before pre: change without feedback (mV)", "post before pre: largest change with feedback after the pair (mV)",
                   "train: deviation from the pairs after feedback, relative to the whole"}));
}

TEST_F(Claims, GateNeedsFeedbackAtThePortThatTeaches) {
  EXPECT_EQ(failing("gate", {{"port: PORT_APICAL", "port: PORT_BASAL"}}),
            (Names{"pre before post: feedback first, relative deviation from STDP's amount",
                   "post before pre: feedback first, relative deviation from STDP's amount",
                   "train: deviation from the pairs after feedback, relative to the whole"}));
  EXPECT_EQ(failing("gate", {{"port: PORT_APICAL", "port: PORT_MODULATOR"}}), Names{}) << "it teaches too";
}

TEST_F(Claims, HelpHolds) { EXPECT_EQ(failing("help"), Names{}); }

TEST_F(Claims, HelpNeedsLearning) {
  const Names all = failing("help", {{"eta:  1e-3", "eta: 0"}, {"eta: -1e-3", "eta: 0"}, {"eta:  1e-4", "eta: 0"}});
  for (const char* name : {"help left, last epoch over first", "gain of accuracy", "correlation of help and error over epochs"})
    EXPECT_TRUE(all.contains(name)) << name;
}

TEST_F(Claims, HelpNeedsFeedback) {
  const Names all = failing("help", {{"amplitude: 1", "amplitude: 0"}});
  for (const char* name : {"help left, last epoch over first", "gain of accuracy"}) EXPECT_TRUE(all.contains(name)) << name;
}

TEST_F(Claims, WindowHolds) { EXPECT_EQ(failing("window"), Names{}); }

TEST_F(Claims, WindowNeedsTheConstantsThatAreClaimed) {
  EXPECT_EQ(failing("window", {{"tau_plus_ms: 17 tau_minus_ms: 34", "tau_plus_ms: 34 tau_minus_ms: 17"}}),
            (Names{"largest relative deviation from the formula", "time constant of potentiation, fitted (ms)",
                   "time constant of depression, fitted (ms)"}));
  EXPECT_EQ(failing("window", {{"a_plus: 0.01 a_minus: 0.006", "a_plus: 0.010001 a_minus: 0.006"}}),
            Names{"largest relative deviation from the formula"});
  EXPECT_EQ(failing("window", {{"lag_ms: 3", "lag_ms: 2"}}), Names{"largest relative deviation from the formula"})
      << "at 3 ms, and no pair is tried between 2 and 3";
}

}  // namespace
}  // namespace spikeloop::cli::test
