// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/transport/recording_transport.hpp"
#include "firmware-interface/transport/replay_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

/// All that a program saw of a transport, as text.
std::string conversation(Transport& transport) {
  std::ostringstream seen;
  std::vector<std::byte> buffer(3000);
  const auto note = [&](const char* what, const std::function<std::size_t()>& call) {
    try {
      const std::size_t n = call();
      seen << what << ' ' << n << ':';
      for (std::size_t i = 0; i < n; ++i) seen << std::to_integer<int>(buffer[i]) << ' ';
    } catch (const DeviceFault& e) {
      seen << what << " threw " << e.what() << " / " << e.advice();
    }
    seen << '\n';
  };
  const auto out = [&](std::uint8_t request, const std::vector<std::byte>& data) {
    note("out", [&] { return transport.control_out({request, 7, 8}, data, Milliseconds(50)), std::size_t{0}; });
  };
  seen << transport.identity().serial << ' ' << transport.identity().product_name << ' ' << transport.identity().vendor << '\n';
  out(CounterDevice::kStore, bytes_of({1, 2, 255}));
  note("in", [&] { return transport.control_in({CounterDevice::kLoad, 0, 0}, buffer, Milliseconds(50)); });
  out(0x77, {});  // stalls
  out(CounterDevice::kStart, {});
  note("start", [&] { return transport.start_stream({.transfers = 4}), std::size_t{0}; });
  for (int i = 0; i < 20; ++i) note("read", [&] { return transport.read_stream(buffer, Milliseconds(50)); });
  note("stop", [&] { return transport.stop_stream(), std::size_t{0}; });
  return seen.str();
}

std::unique_ptr<Transport> board() {
  std::vector<FaultRule> rules;
  rules.push_back({.kind = FaultKind::kStall, .at = 20});
  rules.push_back({.kind = FaultKind::kCut, .at = 60});
  return std::make_unique<FaultyTransport>(std::make_unique<Loopback>(std::make_shared<CounterDevice>()), FaultScript{1, rules},
                                           [](Milliseconds) { return true; });
}

/// The bytes of a recorded conversation, and what was seen in it.
std::pair<std::string, std::string> recorded() {
  auto out = std::make_unique<std::ostringstream>();
  std::ostringstream& stream = *out;
  RecordingTransport recording(board(), std::move(out), "memory");
  std::string seen = conversation(recording);
  recording.close();
  return {stream.str(), seen};
}

std::unique_ptr<ReplayTransport> replay_of(const std::string& bytes) {
  return std::make_unique<ReplayTransport>(std::make_unique<std::istringstream>(bytes), "memory");
}

TEST(Recording, IsReplayedToTheByteFaultsIncluded) {
  const auto [bytes, seen] = recorded();
  EXPECT_NE(seen.find("threw"), std::string::npos);
  EXPECT_NE(seen.find("cut (injected)"), std::string::npos);
  const auto replay = replay_of(bytes);
  EXPECT_EQ(conversation(*replay), seen);
  EXPECT_TRUE(replay->finished());
}

TEST(Recording, DoesNotChangeWhatIsRecorded) { EXPECT_EQ(recorded().second, conversation(*board())); }

TEST(Replay, NamesTheCallThatDiffers) {
  const std::string bytes = recorded().first;
  const auto replay = replay_of(bytes);
  replay->control_out({CounterDevice::kStore, 7, 8}, bytes_of({1, 2, 255}), kWatchdog);
  std::array<std::byte, 10> small{};
  try {
    replay->control_in({CounterDevice::kLoad, 1, 0}, small, kWatchdog);
    FAIL() << "a call that differs was answered";
  } catch (const ReplayMismatch& e) {
    EXPECT_EQ(
        std::string(e.what()),
        "memory: call 2 is control_in, request 0x11 value 0x0001 index 0x0000, of 10 bytes; recorded is control_in, request 0x11 value "
        "0x0000 index 0x0000, of 3000 bytes");
  }
  EXPECT_EQ(replay->answered(), 1U);
}

TEST(Replay, NamesTheByteThatDiffers) {
  const auto replay = replay_of(recorded().first);
  try {
    replay->control_out({CounterDevice::kStore, 7, 8}, bytes_of({1, 3, 255}), kWatchdog);
    FAIL() << "other data were taken";
  } catch (const ReplayMismatch& e) {
    EXPECT_NE(std::string(e.what()).find("differ from byte 1 on"), std::string::npos) << e.what();
  }
}

TEST(Replay, SaysWhenThereIsNoMore) {
  const auto replay = replay_of(recorded().first);
  conversation(*replay);
  EXPECT_THROW(replay->stop_stream(), ReplayMismatch);
  replay->close();
  EXPECT_THROW(replay->stop_stream(), DeviceLost);
}

TEST(Replay, OfACutOffFileAnswersWhatIsThere) {
  const std::string bytes = recorded().first;
  for (std::size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
    std::unique_ptr<ReplayTransport> replay;
    try {
      replay = replay_of(bytes.substr(0, length));
      conversation(*replay);
      replay->finished();
    } catch (const ProtocolFault& e) {
      const std::string what = e.what();
      EXPECT_TRUE(what.find("cut off") != std::string::npos || what.find("ends after") != std::string::npos) << what;
    }
  }
}

TEST(Replay, RefusesWhatIsNoRecording) {
  EXPECT_THROW(replay_of(""), ProtocolFault);
  EXPECT_THROW(replay_of("SLTX\x01"), ProtocolFault);
  EXPECT_THROW(replay_of(std::string("SLTR\x02\0\0\0\0\0\0\0", 12)), ProtocolFault);
  EXPECT_THROW(ReplayTransport::open("/no/such/recording"), NotFound);
}

TEST(Recording, GoesToANewFileOnly) {
  std::string folder = (std::filesystem::temp_directory_path() / "spikeloop-recording-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const auto file = std::filesystem::path(folder) / "a.sltr";
  std::string seen;
  {
    const auto recording = RecordingTransport::create(board(), file);
    seen = conversation(*recording);
  }
  EXPECT_EQ(conversation(*ReplayTransport::open(file)), seen);
  EXPECT_THROW(RecordingTransport::create(board(), file), DeviceFault);
  EXPECT_THROW(RecordingTransport::create(board(), std::filesystem::path(folder) / "none" / "a"), DeviceFault);
  std::filesystem::remove_all(folder);
}

TEST(Recording, AFullDiskIsAFaultOfTheCall) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto out = std::make_unique<std::ofstream>("/dev/full", std::ios::binary);
  EXPECT_THROW(RecordingTransport(board(), std::move(out), "full"), DeviceFault);
}

}  // namespace
}  // namespace spikeloop::firmware
