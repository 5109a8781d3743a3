// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "firmware-interface/probe.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "firmware-interface/virtual_boards.hpp"

namespace spikeloop::firmware {
namespace {

TEST(Probe, ASlowBoardIsNoBadOne) {
  auto clock = std::make_shared<WallClock>(0.03);  // what takes it 50 ms takes us more than a second
  Board board(std::make_unique<Loopback>(make_virtual_board({.mismatch = 0}), clock), {.wait = [](Milliseconds) {}});
  const ProbeReport report = probe_board(board, {.events = 400, .round_trips = 2});
  EXPECT_EQ(report.lost(), 0U);
  EXPECT_EQ(report.neurons_silent(), 0U);
  EXPECT_TRUE(report.good());
}

}  // namespace
}  // namespace spikeloop::firmware
