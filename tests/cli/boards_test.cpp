// SPDX-License-Identifier: Apache-2.0
// The verbs for boards, on virtual ones.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "firmware-interface/diagnosis.hpp"
#include "tests/cli/served.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli::test {
namespace {

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
  EXPECT_EQ(report["stalls"], 0);
  EXPECT_EQ(report["stream_errors"], 0);
  EXPECT_EQ(report["stream"]["bytes_lost"], 0);
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
  const nlohmann::json json = call_json({"board", "probe", "--board", "usbip:127.0.0.1:1/1-1"}, 4);
  contains(json["error"].get<std::string>(), "127.0.0.1:1");
  EXPECT_FALSE(json["faults"][0]["suggestion"].get<std::string>().empty());
}

TEST(BoardProbe, CommandLineThatMeansNothingIsUsage) {
  for (const char* board : {"usbip:", "usbip:nonsense", "usbip:127.0.0.1:99999/1-1", "replay:"})
    EXPECT_EQ(call({"board", "probe", "--board", board}).code, 1) << board;
  contains(call({"board", "probe", "--board", "usbip:nonsense"}).err, "usbip:HOST[:PORT]/BUSID");
  EXPECT_EQ(call({"board", "probe", "--settle", "bla"}).code, 1);
}

/// The one message of a run that Ctrl-C ended.
void expect_interrupted(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  const std::size_t first = outcome.err.find("spikeloop: ");
  ASSERT_NE(first, std::string::npos) << outcome.err;
  contains(outcome.err, "interrupted; the board is stopped");
  EXPECT_EQ(outcome.err.find("spikeloop: ", first + 1), std::string::npos) << outcome.err;
}

TEST(BoardProbe, InterruptedBeforeItBegan) {
  expect_interrupted(call({"board", "probe"}, true));
  expect_interrupted(call({"board", "probe", "--board", "usbip:127.0.0.1:1/1-1"}, true));  // whatever fault follows
}

TEST(BoardProbe, CtrlCWhileEventsAreInjectedStopsTheBoard) {
  Served served;
  Process probing(probe(served.selector(), "100000000"));
  ASSERT_TRUE(probing.wait_for_text("injecting"));
  probing.send(SIGINT);
  expect_interrupted(probing.finish());
  served.process().send(SIGINT);
  EXPECT_EQ(served.process().finish().code, 0);

  Process quiet({"board", "probe", "--events", "100000000", "--json"});
  quiet.send(SIGTERM);
  const Outcome outcome = quiet.finish();
  if (outcome.code == 128 + SIGTERM) return;  // it came before the program listened
  expect_interrupted(outcome);
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["exit_code"], 130);
}

TEST(BoardProbe, CtrlCEndsTheWaitForAServerThatSaysNothing) {
  const int mute = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(mute, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(mute, 4), 0);
  ASSERT_EQ(::getsockname(mute, reinterpret_cast<sockaddr*>(&address), &length), 0);
  Process connecting(probe("usbip:127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/1-1"));
  ASSERT_TRUE(connecting.wait_for_text("connecting"));
  connecting.send(SIGINT);
  expect_interrupted(connecting.finish());
  ::close(mute);
}

TEST(BoardProbe, IsRecordedAndReplayed) {
  const Folder folder;
  const std::string file = folder / "probe.sltr";
  const nlohmann::json was = call_json({"board", "probe", "--events", "1000", "--record", file}, 0);
  const auto again = [&](const std::string& events) {
    return call({"board", "probe", "--board", "replay:" + file, "--events", events, "--json"});
  };
  const Outcome replayed = again("1000");
  ASSERT_EQ(replayed.code, 0) << replayed.err;
  const nlohmann::json now = nlohmann::json::parse(replayed.out);
  for (const char* same : {"serial", "words", "injected", "received", "sent_by_chips", "neurons"}) EXPECT_EQ(now[same], was[same]) << same;
  const Outcome other = again("2000");
  EXPECT_EQ(other.code, 4);
  contains(other.err, "give the same options");
  contains(call({"board", "probe", "--record", file}).err, "there is such a file already");
}

TEST(BoardProbe, RecordingThatIsCutOffSaysSo) {
  const Folder folder;
  const std::string file = folder / "probe.sltr";
  ASSERT_EQ(call({"board", "probe", "--events", "100", "--record", file}).code, 0);
  const auto replay = [&] { return call({"board", "probe", "--board", "replay:" + file, "--events", "100"}); };
  for (const std::uintmax_t size : {fs::file_size(file) / 2 + 1, std::uintmax_t{20}, std::uintmax_t{0}}) {
    fs::resize_file(file, size);
    const Outcome cut = replay();
    EXPECT_EQ(cut.code, 4) << size;
    contains(cut.err, file);
    contains(cut.err, "Copy it again");
  }
  fs::remove(file);
  const Outcome none = replay();
  EXPECT_EQ(none.code, 4);
  contains(none.err, "no such recording");
}

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
                                             {"--chip", "dynapse1", "--seed", "-1"},
                                             {"--chip", "dynapse1", "--bind", "999.1.1.1"},
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
  const auto watchdog = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  do third = call(probe(served.selector()));
  while (third.err.find("in use") != std::string::npos && std::chrono::steady_clock::now() < watchdog);
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

TEST(BoardServe, ListensOnLocalhostAndTellsOthersItsName) {
  Served local({"--bind", "localhost"});
  EXPECT_EQ(local.selector().rfind("usbip:127.0.0.1:", 0), 0U) << local.selector();
  Served exposed({"--bind", "0.0.0.0", "--yes-expose"});
  EXPECT_EQ(exposed.selector().find("0.0.0.0"), std::string::npos);
  EXPECT_EQ(exposed.process().err().find("-r 0.0.0.0"), std::string::npos);
}

TEST(Boards, ServerThatIsNotThereIsAFaultAndTheOthersAreListed) {
  const nlohmann::json listed = call_json({"boards", "--usbip", "127.0.0.1:1"}, 4);
  EXPECT_EQ(listed["boards"].back()["board"], "virtual");
  EXPECT_EQ(listed["boards"].back()["in_use_by"], "");
  contains(listed["usbip_problem"].get<std::string>(), "127.0.0.1:1");
  const Outcome text = call({"boards", "--usbip", "127.0.0.1:1"});
  EXPECT_EQ(text.code, 4);
  contains(text.out, "virtual");
  contains(text.err, "spikeloop board serve");
  EXPECT_EQ(call({"boards", "--usbip", "a/b"}).code, 1);
}

TEST(Doctor, SaysWhatItFoundAndWhatToDo) {
  Served served;
  const nlohmann::json report = call_json({"doctor", "--usbip", served.server()}, 0);
  EXPECT_EQ(report["healthy"], true);
  contains(report["findings"][0]["what"].get<std::string>(), "libusb");
  contains(report["findings"][0]["what"].get<std::string>(), "built with its interface 0x");
  EXPECT_EQ(report["findings"].back()["kind"], "good");
  for (const auto& finding : report["findings"]) EXPECT_TRUE(finding["kind"] == "good" || !finding["advice"].get<std::string>().empty());
  EXPECT_EQ(call({"doctor", "--usbip", "127.0.0.1:1"}).code, 4);
}

/// A system whose loader finds no libusb: what stands in its place is no library.
class WithoutLibusb : public ::testing::Test {
 protected:
  WithoutLibusb() {
    folder_.write("libusb-1.0.so.0", "");
    start_.environment = {{"LD_LIBRARY_PATH", folder_.path().string()}};
  }
  Outcome execute_without(std::vector<std::string> arguments) { return Process(arguments, start_).finish(); }

  Folder folder_;
  Start start_;
};

TEST_F(WithoutLibusb, DoctorSaysThatItIsMissingAndWhatToDo) {
  const Outcome outcome = execute_without({"doctor"});
  EXPECT_EQ(outcome.code, 4) << outcome.err;
  contains(outcome.out, "no library: libusb is missing");
  contains(outcome.out, "sudo apt install libusb-1.0-0");
}

TEST_F(WithoutLibusb, BoardsSaysOnceWhyThoseOnUsbCannotBeSeenAndListsTheOthers) {
  const Outcome outcome = execute_without({"boards"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  contains(outcome.out, "virtual");
  const std::size_t first = outcome.err.find("libusb is missing");
  ASSERT_NE(first, std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("libusb is missing", first + 1), std::string::npos) << outcome.err;
  contains(outcome.err, "sudo apt install libusb-1.0-0");
}

TEST_F(WithoutLibusb, BoardsThatNeedNoUsbAreUsedAsEver) {
  EXPECT_EQ(execute_without({"board", "probe", "--events", "1000"}).code, 0);
  Served served;
  EXPECT_EQ(execute_without(probe(served.selector())).code, 0);
  const Outcome doctor = execute_without({"doctor", "--usbip", served.server()});
  EXPECT_EQ(doctor.code, 0) << doctor.out;  // the board that was asked for can be used
  contains(doctor.out, "note: libusb is missing");
  const Outcome on_usb = execute_without({"board", "probe", "--board", "00000008"});
  EXPECT_EQ(on_usb.code, 4);
  contains(on_usb.err, "libusb is missing");
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
