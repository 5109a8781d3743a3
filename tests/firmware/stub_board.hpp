// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"
#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/dynapse1/words.hpp"
#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// A DYNAP-SE1 board of the least that a driver needs, with everything that can be wrong about one as a knob: words, registers and routes
/// as on the board, a neuron that fires for each excitatory spike it hears, and no neurons' physics.
class StubBoard : public UsbDevice {
 public:
  struct Options {
    std::string serial = "00000008";
    std::uint16_t product = kProductId;
    std::uint8_t firmware = kFirmwareVersion;
    std::uint32_t logic = kLogicVersion, chip = kChipIdentifier;
    bool statistics = true;
    std::size_t fifo_bytes = 1 << 20;
    bool repeats = false;  ///< each event comes twice
    /// Status that the handshake of a word ends with.
    std::function<std::uint8_t(unsigned chip, std::uint32_t word)> status = [](unsigned, std::uint32_t) { return std::uint8_t{0}; };
    /// Does what another end might do before a request; false = it is stalled.
    std::function<bool(const UsbSetup&)> before = [](const UsbSetup&) { return true; };
  };
  StubBoard() : StubBoard(Options{}) {}
  explicit StubBoard(Options options);

  const UsbDescriptors& descriptors() const override { return descriptors_; }
  std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data) override;
  std::size_t bulk_in(std::uint8_t endpoint, std::span<std::byte> into) override;
  bool bulk_ready(std::uint8_t endpoint) const override { return endpoint == kDataEndpoint && !fifo_.empty(); }
  void configured(std::uint8_t) override {}
  void reset() override;
  void advance(std::chrono::nanoseconds time) override;

  /// Everything that it was told, in the order it came: registers as {module, parameter, value}.
  const std::vector<ConfigWrite>& writes() const { return writes_; }
  /// The words of each chip that were acknowledged.
  const std::vector<std::uint32_t>& words(unsigned chip) const { return words_.at(chip); }
  std::uint32_t value(Register at) const;
  /// Something else changes a register.
  void poke(Register at, std::uint32_t value) { registers_[{at.module, at.parameter}] = value; }
  /// Forgets everything, as when power fails.
  void forget();

 private:
  void take(const WriteConfigs& writes);
  void take(const WriteWords& words);
  std::uint32_t answer(Register at) const;
  void hear(unsigned chip, const InjectedSpike& spike);
  void leave(unsigned chip, unsigned core, unsigned neuron, const Hops& hops, unsigned mask);

  Options options_;
  UsbDescriptors descriptors_;
  std::map<std::pair<int, int>, std::uint32_t> registers_;
  std::vector<ConfigWrite> writes_;
  std::array<std::vector<std::uint32_t>, kChips> words_;
  std::array<std::map<std::pair<int, int>, CamWord>, kChips> cams_;
  std::array<std::map<std::pair<int, int>, SramWord>, kChips> srams_;
  std::vector<std::byte> fifo_;
  StreamEncoder encoder_;
  std::chrono::nanoseconds now_{};
  std::uint64_t sent_ = 0, dropped_ = 0;
  std::uint8_t status_ = 0;
};

}  // namespace spikeloop::firmware
