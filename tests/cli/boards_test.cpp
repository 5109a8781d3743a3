// SPDX-License-Identifier: Apache-2.0
// The verbs for boards, on virtual ones.
#include <signal.h>

#include "firmware-interface/diagnosis.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

/// A virtual board in a process of its own.
class Served {
 public:
  explicit Served(std::vector<std::string> more = {}) : process_(arguments(std::move(more))) {
    EXPECT_TRUE(process_.wait_for_text("Ctrl-C ends it.")) << process_.err();
    const std::string text = process_.err();
    const std::size_t at = text.find("usbip:");
    selector_ = at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n", at) - at);
  }
  const std::string& selector() const { return selector_; }
  /// "HOST:PORT".
  std::string server() const { return selector_.substr(6, selector_.find('/') - 6); }
  Process& process() { return process_; }

 private:
  static std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> all = {"board", "serve", "--chip", "dynapse1", "--port", "0", "--speed", "max"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Process process_;
  std::string selector_;
};

std::vector<std::string> probe(const std::string& board, const std::string& events = "1000") {
  return {"board", "probe", "--board", board, "--settle", "1ms", "--events", events};
}

TEST(BoardProbe, VirtualBoardPassesItsTest) {
  const nlohmann::json report = call_json({"board", "probe"}, 0);
  EXPECT_EQ(report["good"], true);
  EXPECT_EQ(report["board"], "virtual");
  EXPECT_EQ(report["injected"], 10'200);  // and 200 that are timed
  EXPECT_EQ(report["received"], 10'200);
  EXPECT_EQ(report["lost"], 0);
  EXPECT_EQ(report["missing"], 0);
  EXPECT_EQ(report["neurons"].size(), 16U);
  EXPECT_EQ(report["latency_us"]["count"], 200);
  const Outcome text = call({"board", "probe"});
  EXPECT_EQ(text.code, 0);
  for (const char* part : {"16 of 16 answered", "10,200 came back", "round trip"}) contains(text.out, part);
}

TEST(BoardProbe, BoardThatIsNotThereIsToldWithWhatToDo) {
  const Outcome none = call({"board", "probe", "--board", "99999999"});
  EXPECT_EQ(none.code, 4);
  contains(none.err, "99999999");
  contains(none.err, "`virtual` needs no hardware");
  const nlohmann::json json = call_json({"board", "probe", "--board", "usbip:nonsense"}, 4);
  contains(json["error"].get<std::string>(), "usbip:HOST[:PORT]/BUSID");
  EXPECT_FALSE(json["faults"][0]["suggestion"].get<std::string>().empty());
  EXPECT_EQ(call({"board", "probe", "--board", "usbip:127.0.0.1:1/1-1"}).code, 4);
}

TEST(BoardProbe, Interrupted) { EXPECT_EQ(call({"board", "probe"}, true).code, 130); }

TEST(BoardServe, IsProbedOverUsbipAndEndsCleanly) {
  Served served({"--serial", "SPIKE007", "--ideal"});
  const nlohmann::json report = call_json(probe(served.selector()), 0);
  EXPECT_EQ(report["good"], true);
  EXPECT_EQ(report["serial"], "SPIKE007");
  EXPECT_EQ(report["lost"], 0);
  served.process().send(SIGINT);
  const Outcome end = served.process().finish();
  EXPECT_EQ(end.code, 0);
  contains(end.err, "usbip --tcp-port");
  contains(end.err, "1 of which used the board");
}

TEST(BoardServe, PrintsOneJsonObjectAtOnce) {
  Served served({"--json", "--seed", "3"});
  served.process().send(SIGTERM);
  const Outcome end = served.process().finish();
  EXPECT_EQ(end.code, 0);
  const nlohmann::json said = nlohmann::json::parse(end.out);
  EXPECT_EQ(said["board"], served.selector());
  EXPECT_EQ(said["seed"], 3);
  EXPECT_GT(said["port"], 0);
}

TEST(BoardServe, RefusesWhatItMayNotOrCannot) {
  const Outcome exposed = call({"board", "serve", "--chip", "dynapse1", "--bind", "0.0.0.0"});
  EXPECT_EQ(exposed.code, 1);
  contains(exposed.err, "--yes-expose");
  Served first;
  const Outcome taken = call({"board", "serve", "--chip", "dynapse1", "--port", first.server().substr(first.server().find(':') + 1)});
  EXPECT_EQ(taken.code, 4);
  contains(taken.err, "in use");
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"--chip", "loihi"},
                                             {},
                                             {"--chip", "dynapse1", "--speed", "fast"},
                                             {"--chip", "dynapse1", "--speed", "-1"},
                                             {"--chip", "dynapse1", "--serial", "7"},
                                             {"--chip", "dynapse1", "--ideal", "--mismatch", "0.1"},
                                             {"--chip", "dynapse1", "--speed", "2", "--realtime"}}) {
    std::vector<std::string> arguments = {"board", "serve"};
    arguments.insert(arguments.end(), wrong.begin(), wrong.end());
    EXPECT_EQ(call(arguments).code, 1);
  }
}

TEST(BoardServe, SecondProbeIsToldThatTheBoardIsBusy) {
  Served served;
  Process first(probe(served.selector(), "100000000"));
  ASSERT_TRUE(first.wait_for_text("injecting"));
  const Outcome second = call(probe(served.selector()));
  EXPECT_EQ(second.code, 4);
  contains(second.err, "in use");
  const nlohmann::json listed = call_json({"boards", "--usbip", served.server()}, 0);
  EXPECT_EQ(listed["boards"][listed["boards"].size() - 2]["state"], "in use");
  const nlohmann::json findings = call_json({"doctor", "--usbip", served.server()}, 4)["findings"];
  EXPECT_EQ(findings.back()["kind"], "busy");
  first.send(SIGKILL);
  EXPECT_EQ(first.finish().code, 128 + SIGKILL);
  Outcome third;  // the server sees the end of the first one in its own time
  do third = call(probe(served.selector()));
  while (third.err.find("in use") != std::string::npos);
  EXPECT_EQ(third.code, 0) << third.err;
}

TEST(BoardServe, ServerKilledInMidProgrammingIsADeviceLost) {
  Served served;
  Process probing(probe(served.selector(), "100000000"));
  ASSERT_TRUE(probing.wait_for_text("configuring"));
  served.process().send(SIGKILL);
  const Outcome outcome = probing.finish();
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  contains(outcome.err, served.server());
}

TEST(Boards, ListsVirtualAndServedBoards) {
  Served served({"--serial", "SPIKE008"});
  const nlohmann::json boards = call_json({"boards", "--usbip", served.server()}, 0)["boards"];
  ASSERT_GE(boards.size(), 2U);
  const auto& there = boards[boards.size() - 2];
  EXPECT_EQ(there["board"], served.selector());
  EXPECT_EQ(there["serial"], "SPIKE008");
  EXPECT_EQ(there["firmware"], 3);
  EXPECT_EQ(there["logic"], 5);
  EXPECT_EQ(there["state"], "free");
  EXPECT_EQ(boards.back()["board"], "virtual");
  const Outcome text = call({"boards", "--usbip", served.server()});
  EXPECT_EQ(text.code, 0);
  for (const std::string& part : {std::string("SPIKE008"), served.selector(), std::string("virtual")}) contains(text.out, part);
}

TEST(Boards, ServerThatIsNotThereIsAFault) {
  EXPECT_EQ(call({"boards", "--usbip", "127.0.0.1:1"}).code, 4);
  EXPECT_EQ(call({"boards", "--usbip", "a/b"}).code, 1);
}

TEST(Doctor, SaysWhatItFoundAndWhatToDo) {
  Served served;
  const nlohmann::json report = call_json({"doctor", "--usbip", served.server()}, 0);
  EXPECT_EQ(report["healthy"], true);
  contains(report["findings"][0]["what"].get<std::string>(), "libusb");
  EXPECT_EQ(report["findings"].back()["kind"], "good");
  for (const auto& finding : report["findings"]) EXPECT_TRUE(finding["kind"] == "good" || !finding["advice"].get<std::string>().empty());
  EXPECT_EQ(call({"doctor", "--usbip", "127.0.0.1:1"}).code, 4);
}

TEST(Doctor, PrintsTheRuleThatShips) {
  EXPECT_EQ(call({"doctor", "--print-udev"}).out, read(SPIKELOOP_SOURCE_DIR "/firmware-interface/udev/70-spikeloop.rules"));
  EXPECT_EQ(call_json({"doctor", "--print-udev"}, 0)["udev_rules"], std::string(firmware::udev_rules()));
}

TEST(BoardVerbs, OfTwoWordsAreFoundAndExplained) {
  const Outcome half = call({"board"});
  EXPECT_EQ(half.code, 1);
  contains(half.err, "board serve, board probe");
  EXPECT_EQ(call({"board", "prob"}).code, 1);
  EXPECT_EQ(call({"help", "board", "probe"}).out, call({"board", "probe", "--help"}).out);
  contains(call({"board", "probe", "--help"}).out, "usbip:127.0.0.1:3240/1-1");
  contains(call({"board", "probe", "--bord", "x"}).err, "--board");
}

}  // namespace
}  // namespace spikeloop::cli::test
