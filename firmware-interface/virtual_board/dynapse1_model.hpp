// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "firmware-interface/virtual_board/dynapse1_fabric.hpp"
#include "firmware-interface/virtual_board/dynapse1_fifo.hpp"
#include "firmware-interface/virtual_board/dynapse1_stimulus.hpp"
#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// Which board a virtual DYNAP-SE1 is.
struct DynapSe1Options {
  std::string serial = "00000001";
  std::uint64_t seed = 1;  ///< of mismatch and of the Poisson generator
  double mismatch = 0.2;   ///< coefficient of variation of each parameter over neurons; 0 = ideal
  // to be another board, or a faulty one (facts A.9)
  std::uint8_t firmware_version = kFirmwareVersion;
  std::uint32_t logic_version = kLogicVersion;      ///< 0xFFFFFFFF as a board without logic answers
  std::uint32_t chip_identifier = kChipIdentifier;  ///< the same
  std::chrono::nanoseconds boot_time{};             ///< chips acknowledge nothing before
  unsigned unacknowledging_chips = 0;               ///< bit i: U_i never acknowledges, as with wrong jumpers
  // depths that are not known
  std::size_t usb_fifo_bytes = 2048;
  std::size_t aer_fifo_events = 1024;
};

/// A DYNAP-SE1 board behind its USB plug: descriptors, vendor requests, registers, four chips and the stream of events. What the model is
/// and what it leaves out: DYNAPSE1_MODEL.md. A word or request that makes no sense is counted, never thrown.
class DynapSe1Model : public UsbDevice {
 public:
  explicit DynapSe1Model(DynapSe1Options options = {});
  DynapSe1Model(const DynapSe1Model&) = delete;
  DynapSe1Model& operator=(const DynapSe1Model&) = delete;

  const UsbDescriptors& descriptors() const override { return descriptors_; }
  std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data) override;
  std::size_t bulk_in(std::uint8_t endpoint, std::span<std::byte> into) override;
  bool bulk_ready(std::uint8_t endpoint) const override;
  void configured(std::uint8_t configuration) override;
  /// Of the bus: the USB FIFO is emptied. FPGA and chips have power all the while, and keep what they have.
  void reset() override;
  void advance(std::chrono::nanoseconds time) override;

  const DynapSe1Statistics& statistics() const { return statistics_; }
  const DynapSe1Fabric& fabric() const { return fabric_; }
  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(now_ns_); }
  /// Events between the chips and the USB FIFO: all monitored ones are in the stream, lost, or these.
  std::size_t events_waiting() const { return output_.waiting(); }
  /// From now on U_i does not acknowledge where bit i is set.
  void set_unacknowledging_chips(unsigned mask) { options_.unacknowledging_chips = mask; }

 private:
  std::optional<std::vector<std::byte>> control_out(const UsbSetup& setup, std::span<const std::byte> data);
  std::optional<std::vector<std::byte>> control_in(const UsbSetup& setup);
  std::uint32_t read(Register at) const;
  std::uint32_t stored(Register at) const;
  void write(const ConfigWrite& write);
  void act_on(const ConfigWrite& write);
  void configure_output();
  void send_word(std::uint32_t word);
  void stimulate(const GeneratedSpike& generated);
  void pass_on();

  DynapSe1Options options_;
  UsbDescriptors descriptors_;
  DynapSe1Statistics statistics_;
  DynapSe1Fabric fabric_;
  DynapSe1Output output_;
  FpgaSram sram_;
  SpikeGenerator generator_;
  PoissonGenerator poisson_;
  std::map<std::uint16_t, std::uint32_t> registers_;
  std::int64_t now_ns_ = 0;
  std::uint8_t status_ = 0;
};

}  // namespace spikeloop::firmware
