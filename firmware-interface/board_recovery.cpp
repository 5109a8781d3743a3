// SPDX-License-Identifier: Apache-2.0
// Board: what happens after it was lost.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "firmware-interface/board.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"

namespace spikeloop::firmware {
namespace {

constexpr Milliseconds kSettle{4000};  // as after the default configuration

// What makes events flow: that comes last, when somebody fetches them.
bool is_run(Register at) {
  return at == reg("CHIP.RUN") || at == reg("AER.RUN") || at == reg("MUX.RUN") || at == reg("MUX.TIMESTAMP_RUN") || at == reg("USB.RUN");
}

}  // namespace

std::size_t ReconnectReport::words() const {
  std::size_t n = 0;
  for (const ShadowCounts& chip : to_program) n += chip.words();
  return n;
}

std::size_t ReconnectReport::doubtful() const {
  std::size_t n = 0;
  for (const ShadowCounts& chip : to_program) n += chip.doubtful;
  return n;
}

std::string ReconnectReport::text() const {
  std::string text = fmt::format("to program again: {} words", words());
  for (unsigned chip = 0; chip < to_program.size(); ++chip) {
    const ShadowCounts& c = to_program[chip];
    if (c.words() + c.doubtful > 0)
      text += fmt::format("\n  U{}: {} CAM, {} SRAM, {} bias and {} other words; {} sent last, without answer", chip, c.cams, c.srams,
                          c.biases, c.others, c.doubtful);
  }
  for (const RegisterMismatch& r : registers) text += "\n  " + r.text();
  if (was_running) text += "\nevents were streaming, and do no more";
  if (stimuli_lost) text += "\ngenerators of stimuli have to be set up again by whoever used them";
  return text;
}

ReconnectReport Board::reconnect() {
  if (!opener_) throw std::logic_error("this board was given as an open transport: say how to open it again");
  return reconnect(opener_);
}

ReconnectReport Board::reconnect(const Opener& opener) {
  ReconnectReport report;
  report.was_running = resume_;
  report.stimuli_lost = stimuli_;
  transport_->close();
  const BoardInfo before = info_;
  std::unique_ptr<Transport> transport = opener();
  if (transport->identity().serial != before.usb.serial)
    throw WrongDevice(fmt::format("board {} is at {}, and {} was there before", transport->identity().serial,
                                  transport->identity().location, before.usb.serial),
                      "Plug the same board in again.");
  report.statistics = statistics_;
  report.statistics.stream = decoder_.counters();
  connect(std::move(transport));
  ++statistics_.reconnects;
  for (unsigned chip = 0; chip < kChips; ++chip) report.to_program[chip] = shadows_[chip].counts();
  report.registers = verify_registers();
  return report;
}

void Board::restore() {
  const auto registers = registers_;
  const auto shadows = shadows_;
  try {
    restore(registers, shadows);
  } catch (...) {
    registers_ = registers;  // what is wanted has not changed: it can be tried again
    shadows_ = shadows;
    throw;
  }
  stimuli_ = false;
}

void Board::restore(const Registers& registers, const std::array<ChipShadow, kChips>& shadows) {
  const auto write_those = [&](bool run) {
    for (const auto& [at, value] : registers)
      if (const Register r{at.first, at.second}; is_run(r) == run) write(r, value);
  };
  for (const Register run : {reg("CHIP.RUN"), reg("AER.RUN")}) registers_.erase({run.module, run.parameter});  // they are off
  write_those(false);
  while_chips_run([&] {
    for (unsigned chip = 0; chip < kChips; ++chip)
      if (const auto words = shadows[chip].words(); !words.empty()) carry_out(program_chip(chip, words));
  });
  if (std::any_of(shadows.begin(), shadows.end(), [](const ChipShadow& s) { return s.counts().biases > 0; })) wait(kSettle);
  if (resume_)
    start();
  else
    write_those(true);
  const auto wrong = verify_registers();
  if (!wrong.empty()) throw ProtocolFault(fmt::format("{}: {}", place(), wrong.front().text()), "Plug the board in again.");
}

}  // namespace spikeloop::firmware
