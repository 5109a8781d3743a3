// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "firmware-interface/dynapse1/describe.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"

namespace spikeloop::firmware {
namespace {

constexpr int kReadsOfCounter = 8;  // its upper half moves once in hours: twice in a row is a fault

// Registers whose value says how the board is set up, and stays until it is written again.
bool keeps_value(Register at) {
  const bool configures = at.module == reg("MUX.RUN").module || at.module == reg("AER.RUN").module || at.module == reg("CHIP.RUN").module ||
                          at.module == reg("USB.RUN").module;
  return configures && at != reg("MUX.TIMESTAMP_RESET") && at != reg("CHIP.CONTENT") && at != reg("CHIP.CHIP_ID");
}

bool injects_spike(std::uint32_t word) { return std::holds_alternative<InjectedSpike>(decode_word(word)); }

std::string name_of(Register at) {
  const Parameter* parameter = find_parameter(at);
  return parameter != nullptr ? std::string(parameter->name) : fmt::format("register {}.{}", at.module, at.parameter);
}

constexpr const char* kHandshakeAdvice =
    "The chips do not acknowledge: the board may still be starting (wait for its ACK light), or cable, power or jumpers are wrong.";

constexpr std::array kChipRuns = {reg("CHIP.RUN"), reg("AER.RUN")};  // what must be on while words are acknowledged
constexpr std::array kRuns = {reg("CHIP.RUN"), reg("AER.RUN"), reg("MUX.RUN"), reg("MUX.TIMESTAMP_RUN"), reg("USB.RUN")};

}  // namespace

WordFault::WordFault(const std::string& what, const Place& place) : ProtocolFault(what, kHandshakeAdvice), place_(place) {}

std::string RegisterMismatch::text() const { return fmt::format("{} is {}, not {}", name_of(at), read, written); }

// --- opening ---

Board::Board(Opener opener, BoardOptions options) : opener_(std::move(opener)), options_(std::move(options)), buffer_(1 << 16) {
  connect(opener_());
}

Board::Board(std::unique_ptr<Transport> transport, BoardOptions options) : options_(std::move(options)), buffer_(1 << 16) {
  connect(std::move(transport));
}

Board::~Board() {
  const bool runs = std::any_of(kRuns.begin(), kRuns.end(), [this](Register at) { return written(at) != 0 || in_doubt(at); });
  if (running_ || runs) stop_quietly();
}

void Board::stop_quietly() noexcept {
  try {
    stop();
  } catch (const DeviceFault&) {  // it is gone, or will be stopped by who opens it next
  }
}

void Board::connect(std::unique_ptr<Transport> transport) {
  transport_ = std::move(transport);
  forget_connection();
  identify();
}

void Board::forget_connection() {
  chip_.reset();
  running_ = started_ = false;
  stream_fault_ = nullptr;
  decoder_ = {};
  waiting_ = {};
  const std::uint64_t reconnects = statistics_.reconnects;
  statistics_ = {};
  statistics_.reconnects = reconnects;
}

std::string Board::place() const { return fmt::format("the board at {}", info_.usb.location); }

void Board::identify() {
  BoardInfo info;
  info.usb = transport_->identity();
  info_.usb.location = info.usb.location;
  if (info.usb.vendor != kVendorId || info.usb.product != kProductId)
    throw WrongDevice(fmt::format("{} is no DYNAP-SE1: it is {:04x}:{:04x}, not {:04x}:{:04x}", info.usb.location, info.usb.vendor,
                                  info.usb.product, kVendorId, kProductId),
                      "Choose another device; `spikeloop boards` lists those that can be used.");
  info.firmware = info.usb.version & 0xFF;
  if (info.firmware != kFirmwareVersion)
    throw WrongDevice(fmt::format("{} has firmware {}, and {} is needed", place(), info.firmware, kFirmwareVersion),
                      "Flash its USB chip with the firmware of libcaer 3 and plug it in again.");
  info.logic = read(reg("SYSINFO.LOGIC_VERSION"));
  if (info.logic != kLogicVersion)
    throw WrongDevice(fmt::format("{} has logic {}, and {} is needed", place(), info.logic, kLogicVersion),
                      info.logic == 0 || info.logic == ~0U
                          ? "Its FPGA does not answer: plug the board in again and wait until it has started."
                          : "Flash its FPGA with the logic of libcaer 3 and plug it in again.");
  info.is_master = read(reg("SYSINFO.DEVICE_IS_MASTER")) != 0;
  info.clock_mhz = read(reg("SYSINFO.LOGIC_CLOCK"));
  info.chip = read(reg("SYSINFO.CHIP_IDENTIFIER"));
  if (info.chip != kChipIdentifier)
    throw WrongChips(fmt::format("{} has chips of kind {}, and DYNAP-SE1 is {}", place(), info.chip, kChipIdentifier),
                     "Choose another board; `spikeloop boards` lists those that can be used.");
  info.has_event_statistics = read(reg("AER.HAS_STATISTICS")) != 0;
  info.has_drop_statistics = read(reg("MUX.HAS_STATISTICS")) != 0;
  info_ = std::move(info);
  begin_counting();
}

// --- registers ---

void Board::write(Register at, std::uint32_t value) { carry_out({write_step(at, value)}); }

std::uint32_t Board::read(Register at) {
  std::array<std::byte, 4> answer{};
  const std::size_t n = transport_->control_in(config_request(at), answer, options_.timeout);
  const auto value = decode_value(std::span(answer).first(n));
  if (!value) throw ProtocolFault(fmt::format("{} answered {} of 4 bytes for {}", place(), n, name_of(at)), "Plug the board in again.");
  return *value;
}

std::uint64_t Board::read_wide(Register at) {
  const Register low{at.module, static_cast<std::uint8_t>(at.parameter + 1)};
  for (int i = 0; i < kReadsOfCounter; ++i) {
    const std::uint32_t upper = read(at), lower = read(low);
    if (const auto value = wide_value(upper, lower, read(at))) return *value;
  }
  throw ProtocolFault(fmt::format("{}: the upper half of {} never stands still", place(), name_of(at)), "Plug the board in again.");
}

std::uint32_t Board::written(Register at) const {
  const auto known = registers_.find({at.module, at.parameter});
  return known == registers_.end() ? 0 : known->second;
}

void Board::send(const OutRequest& out, std::span<const ConfigWrite> writes) {
  for (const ConfigWrite& write : writes) {
    if (write.at == reg("CHIP.CHIP_ID")) chip_.reset();  // an answer that does not come may mean either
    if (keeps_value(write.at)) doubtful_.insert({write.at.module, write.at.parameter});
  }
  transport_->control_out(out.request, out.data, options_.timeout);
  for (const ConfigWrite& write : writes) record(write);
}

void Board::record(const ConfigWrite& write) {
  doubtful_.erase({write.at.module, write.at.parameter});
  if (write.at == reg("CHIP.CHIP_ID")) chip_ = chip_of_wire_id(write.value);
  if (write.at.module >= reg("SRAM.ADDRESS").module) stimuli_ = true;
  if (keeps_value(write.at)) registers_[{write.at.module, write.at.parameter}] = write.value;
}

std::vector<RegisterMismatch> Board::verify_registers() {
  std::vector<RegisterMismatch> wrong;
  for (const auto& [at, written] : registers_) {
    const Register r{at.first, at.second};
    if (const std::uint32_t now = read(r); now != written) wrong.push_back({r, written, now});
  }
  return wrong;
}

// --- words ---

void Board::select_chip(unsigned chip) {
  const std::uint8_t id = wire_chip_id(chip);
  if (chip_ != chip) write(reg("CHIP.CHIP_ID"), id);
}

void Board::acknowledged(std::uint32_t word) {
  ++statistics_.words;
  if (injects_spike(word))
    ++statistics_.injected;
  else
    shadows_.at(*chip_).programmed(word);
}

std::uint8_t Board::send_words(std::span<const std::uint32_t> words) {
  const OutRequest out = encode_words(words);
  transport_->control_out(out.request, out.data, options_.timeout);
  std::array<std::byte, kStatusBytes> answer{};
  const std::size_t n = transport_->control_in(kWordsStatusRequest, answer, options_.timeout);
  const auto status = decode_status(std::span(answer).first(n));
  if (!status) throw ProtocolFault(fmt::format("{} did not say whether words were acknowledged", place()), "Plug the board in again.");
  return *status;
}

void Board::find_bad_word(std::span<const std::uint32_t> words, std::size_t index, std::uint8_t status) {
  const auto fail = [&](std::size_t i, std::size_t count) {
    const std::string which =
        count == 1 ? fmt::format("word {}", index + i) : fmt::format("one of words {} to {}", index, index + count - 1);
    throw WordFault(fmt::format("{}: {} for U{} was not acknowledged (status {}): {}{}", place(), which, *chip_, status,
                                count == 1 ? "" : "the first is ", describe_word(words[i])),
                    {*chip_, index + i, count, words[i], status});
  };
  if (words.size() == 1 || std::any_of(words.begin(), words.end(), injects_spike)) fail(0, words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    ++statistics_.words_repeated;
    status = send_words(words.subspan(i, 1));
    if (status != 0) fail(i, 1);
    acknowledged(words[i]);
  }
}

void Board::program_batch(std::span<const std::uint32_t> words, std::size_t index) {
  if (!chip_) throw std::logic_error("words need a chip: CHIP.CHIP_ID has not been written");
  const auto doubt_all = [&] {
    for (const std::uint32_t word : words) shadows_.at(*chip_).doubt(word);
  };
  std::uint8_t status = 0;
  try {
    status = send_words(words);
  } catch (DeviceFault& fault) {
    doubt_all();
    fault.add(fmt::format("at words {} to {} for U{}, the first {}", index, index + words.size() - 1, *chip_, describe_word(words[0])));
    throw;
  }
  if (status != 0) {
    doubt_all();
    return find_bad_word(words, index, status);
  }
  for (const std::uint32_t word : words) acknowledged(word);
}

void Board::wait(Milliseconds time) const {
  if (options_.wait)
    options_.wait(time);
  else
    std::this_thread::sleep_for(time);
}

void Board::carry_out(const Steps& steps) {
  std::size_t words_done = 0;
  for (const Step& step : steps) {
    if (const auto* one = std::get_if<WriteStep>(&step)) {
      send(encode_write(one->write), {&one->write, 1});
    } else if (const auto* several = std::get_if<WritesStep>(&step)) {
      send(encode_writes(several->writes), several->writes);
    } else if (const auto* words = std::get_if<WordsStep>(&step)) {
      if (options_.ask) options_.ask();
      program_batch(words->words, words_done);
      words_done += words->words.size();
    } else {
      wait(std::get<WaitStep>(step).time);
    }
  }
}

void Board::while_chips_run(const std::function<void()>& act) {
  std::array<std::uint32_t, kChipRuns.size()> before{};
  for (std::size_t i = 0; i < kChipRuns.size(); ++i) {
    before[i] = written(kChipRuns[i]);
    if (before[i] == 0 || in_doubt(kChipRuns[i])) write(kChipRuns[i], 1);
  }
  const auto as_before = [&] {
    for (std::size_t i = 0; i < kChipRuns.size(); ++i)
      if (before[i] == 0) write(kChipRuns[i], 0);
  };
  try {
    act();
  } catch (...) {  // also what `ask` throws
    try {
      as_before();
    } catch (const DeviceFault&) {  // the first fault says more
    }
    throw;
  }
  as_before();
}

void Board::program(unsigned chip, std::span<const std::uint32_t> words) {
  while_chips_run([&] { carry_out(program_chip(chip, words)); });
}

void Board::program(unsigned chip, std::span<const ChipWord> words) {
  std::vector<std::uint32_t> encoded;
  encoded.reserve(words.size());
  for (const ChipWord& word : words) encoded.push_back(encode(word));
  program(chip, encoded);
}

void Board::initialise(bool clear_cams) {
  stop();  // who had it before may have left it streaming
  try {
    carry_out(default_configuration());
  } catch (...) {  // also what `ask` and `wait` throw
    stop_quietly();
    throw;
  }
  for (unsigned chip = 0; clear_cams && chip < kChips; ++chip) while_chips_run([&] { carry_out(firmware::clear_cams(chip)); });
  const auto wrong = verify_registers();
  if (!wrong.empty()) throw ProtocolFault(fmt::format("{}: {}", place(), wrong.front().text()), "Plug the board in again.");
}

}  // namespace spikeloop::firmware
