// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/stub_board.hpp"

#include <algorithm>

#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

std::int64_t microseconds(std::chrono::nanoseconds time) { return std::chrono::duration_cast<std::chrono::microseconds>(time).count(); }

}  // namespace

StubBoard::StubBoard(Options options) : options_(std::move(options)) {
  descriptors_.device = bytes_of(
      {18, 1, 0x00, 0x02, 0xFF, 0, 0, 64, 0x2A, 0x15, options_.product & 0xFF, options_.product >> 8, options_.firmware, 0x00, 1, 2, 3, 1});
  descriptors_.configurations = {bytes_of({9, 2, 25,   0, 1,    1,    0, 0x80, 200,  // configuration 1
                                           9, 4, 0,    0, 1,    0xFF, 0, 0,    0,    // interface 0
                                           7, 5, 0x82, 2, 0x00, 0x02, 0})};
  descriptors_.strings = {"iniLabs", "Dynap-se", options_.serial};
}

void StubBoard::forget() {
  registers_.clear();
  cams_ = {};
  srams_ = {};
  for (auto& words : words_) words.clear();
  reset();
}

void StubBoard::reset() {
  fifo_.clear();
  encoder_ = {};
  now_ = {};
}

std::optional<std::vector<std::byte>> StubBoard::control(const UsbSetup& setup, std::span<const std::byte> data) {
  if (!options_.before(setup)) return std::nullopt;
  const ControlRequest request{setup.request, setup.value, setup.index};
  if (!setup.is_in()) {
    const DecodedOut out = decode_out(request, data);
    if (const auto* configs = std::get_if<WriteConfigs>(&out)) return take(*configs), std::vector<std::byte>{};
    if (const auto* words = std::get_if<WriteWords>(&out)) return take(*words), std::vector<std::byte>{};
    return std::nullopt;
  }
  const DecodedIn in = decode_in(request);
  if (const auto* read = std::get_if<ReadConfig>(&in)) {
    const auto bytes = encode_value(answer(read->at));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  }
  if (std::holds_alternative<BadRequest>(in)) return std::nullopt;
  const auto bytes = encode_status(status_);
  return std::vector<std::byte>(bytes.begin(), bytes.end());
}

std::uint32_t StubBoard::value(Register at) const {
  const auto found = registers_.find({at.module, at.parameter});
  return found == registers_.end() ? 0 : found->second;
}

std::uint32_t StubBoard::answer(Register at) const {
  if (at == reg("SYSINFO.LOGIC_VERSION")) return options_.logic;
  if (at == reg("SYSINFO.CHIP_IDENTIFIER")) return options_.chip;
  if (at == reg("SYSINFO.LOGIC_CLOCK")) return 90;
  if (at == reg("AER.HAS_STATISTICS") || at == reg("MUX.HAS_STATISTICS")) return options_.statistics ? 1 : 0;
  if (at == Register{1, 42}) return static_cast<std::uint32_t>(sent_);
  if (at == Register{0, 12}) return static_cast<std::uint32_t>(dropped_);
  return value(at);
}

void StubBoard::take(const WriteConfigs& configs) {
  for (const ConfigWrite& write : configs.writes) {
    writes_.push_back(write);
    registers_[{write.at.module, write.at.parameter}] = write.value;
    if (write.at != reg("MUX.TIMESTAMP_RESET") || write.value == 0) continue;
    encoder_.reset(fifo_);
    now_ = {};
  }
}

void StubBoard::take(const WriteWords& words) {
  const unsigned chip = *chip_of_wire_id(value(reg("CHIP.CHIP_ID")));
  status_ = 0;
  for (const std::uint32_t word : words.words) {
    const std::uint8_t status = value(reg("CHIP.RUN")) == 0 ? 1 : options_.status(chip, word);
    if (status != 0) {
      status_ = status;
      continue;
    }
    const ChipWord decoded = decode_word(word);
    if (const auto* cam = std::get_if<CamWord>(&decoded)) cams_[chip][{cam->neuron, cam->cam}] = *cam;
    if (const auto* sram = std::get_if<SramWord>(&decoded)) srams_[chip][{sram->neuron, sram->sram}] = *sram;
    if (const auto* spike = std::get_if<InjectedSpike>(&decoded))
      hear(chip, *spike);
    else
      words_[chip].push_back(word);
  }
}

void StubBoard::hear(unsigned chip, const InjectedSpike& spike) {
  if (spike.hops.dx + spike.hops.dy > 0) return leave(chip, core_of(spike.source), spike.source & 0xFF, spike.hops, spike.core_mask);
  std::set<int> fired;
  for (const auto& [key, cam] : cams_[chip])
    if (cam.source == spike.source && cam.type >= SynapseType::kSlowExcitatory && (spike.core_mask >> core_of(cam.neuron) & 1) != 0)
      fired.insert(cam.neuron);
  for (const int neuron : fired)
    for (auto at = srams_[chip].lower_bound({neuron, 0}); at != srams_[chip].end() && at->first.first == neuron; ++at)
      leave(chip, at->second.virtual_core, static_cast<unsigned>(neuron) & 0xFF, at->second.hops, at->second.core_mask);
}

void StubBoard::leave(unsigned chip, unsigned core, unsigned neuron, const Hops& hops, unsigned mask) {
  if (hops != monitoring_route(chip, 0).hops || mask == 0 || value(reg("MUX.RUN")) == 0) return;
  for (int i = 0; i < (options_.repeats ? 2 : 1); ++i) {
    ++sent_;
    if (fifo_.size() >= options_.fifo_bytes)
      ++dropped_;
    else
      encoder_.spike(microseconds(now_), core, neuron, mask, fifo_);
  }
}

std::size_t StubBoard::bulk_in(std::uint8_t, std::span<std::byte> into) {
  const std::size_t n = std::min(into.size(), fifo_.size());
  std::copy_n(fifo_.begin(), n, into.begin());
  fifo_.erase(fifo_.begin(), fifo_.begin() + static_cast<std::ptrdiff_t>(n));
  return n;
}

void StubBoard::advance(std::chrono::nanoseconds time) {
  if (value(reg("MUX.TIMESTAMP_RUN")) == 0) return;
  now_ += time;
  encoder_.advance(microseconds(now_), fifo_);
}

}  // namespace spikeloop::firmware
