// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_model.hpp"

#include <algorithm>
#include <utility>

#include "firmware-interface/dynapse1/modules.hpp"

namespace spikeloop::firmware {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint8_t kNotAcknowledged = 1;
constexpr std::uint32_t kEarlyPacketCycles = 30'000;  // INFERRED: the driver's default is the board's
constexpr std::uint32_t kUsbClockMhz = 30;
constexpr std::uint8_t kMuxModule = 0, kAerModule = 1, kUsbModule = 9, kSramModule = 14, kGeneratorModule = 16, kPoissonModule = 18;

Bytes octets(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned x : values) bytes.push_back(static_cast<std::byte>(x));
  return bytes;
}

/// Facts A.1 and A.2. INFERRED: that the interface is of the vendor's class, and packets of 512 bytes.
UsbDescriptors describe(const DynapSe1Options& options) {
  UsbDescriptors d;
  d.device = octets({18, 1, 0x00, 0x02, 0xFF, 0, 0, 64, kVendorId & 0xFF, kVendorId >> 8, kProductId & 0xFF, kProductId >> 8,
                     options.firmware_version, 0, 1, 2, 3, 1});
  d.configurations = {octets({9, 2,    25,
                              0, 1,    1,
                              0, 0x80, 200,  // bus powered, 400 mA
                              9, 4,    0,
                              0, 1,    0xFF,
                              0, 0,    0,  // one interface
                              7, 5,    kDataEndpoint,
                              2, 0x00, 0x02,
                              0})};  // bulk IN
  d.strings = {"iniLabs", "Dynap-se", options.serial};
  return d;
}

constexpr std::uint16_t key_of(Register at) { return static_cast<std::uint16_t>(at.module << 8 | at.parameter); }

std::uint32_t half(std::uint64_t counter, Register at, Register upper) {
  return static_cast<std::uint32_t>(at == upper ? counter >> 32 : counter);
}

}  // namespace

DynapSe1Model::DynapSe1Model(DynapSe1Options options)
    : options_(std::move(options)),
      descriptors_(describe(options_)),
      fabric_(options_.seed, options_.mismatch, statistics_),
      output_(options_.usb_fifo_bytes, options_.aer_fifo_events, statistics_),
      poisson_(options_.seed) {
  registers_[key_of(reg("USB.EARLY_PACKET_DELAY"))] = kEarlyPacketCycles;
  configure_output();
}

std::optional<Bytes> DynapSe1Model::control(const UsbSetup& setup, std::span<const std::byte> data) {
  const bool vendor = (setup.request_type & 0x7F) == kVendorOut;
  auto answer = !vendor ? std::nullopt : setup.is_in() ? control_in(setup) : control_out(setup, data);
  if (!answer) ++statistics_.bad_requests;
  return answer;
}

std::optional<Bytes> DynapSe1Model::control_out(const UsbSetup& setup, std::span<const std::byte> data) {
  const DecodedOut request = decode_out({setup.request, setup.value, setup.index}, data);
  if (std::holds_alternative<BadRequest>(request)) return std::nullopt;
  if (const auto* configs = std::get_if<WriteConfigs>(&request))
    for (const ConfigWrite& config : configs->writes) write(config);
  if (const auto* words = std::get_if<WriteWords>(&request)) {
    status_ = 0;
    for (const std::uint32_t word : words->words) write({reg("CHIP.CONTENT"), word});
  }
  return Bytes{};
}

std::optional<Bytes> DynapSe1Model::control_in(const UsbSetup& setup) {
  const auto cut = [&](auto answer) {
    return Bytes(answer.begin(), answer.begin() + std::min<std::ptrdiff_t>(answer.size(), setup.length));
  };
  const DecodedIn request = decode_in({setup.request, setup.value, setup.index});
  if (const auto* config = std::get_if<ReadConfig>(&request)) return cut(encode_value(read(config->at)));
  if (const auto* status = std::get_if<ReadStatus>(&request)) return cut(encode_status(status_, status->request));
  return std::nullopt;
}

std::uint32_t DynapSe1Model::stored(Register at) const {
  const auto found = registers_.find(key_of(at));
  return found == registers_.end() ? 0 : found->second;
}

std::uint32_t DynapSe1Model::read(Register at) const {
  const Parameter* parameter = find_parameter(at);
  if (parameter == nullptr) return 0;
  if (!parameter->read_only) return stored(at);
  const Register is = parameter->at;
  if (is == reg("SYSINFO.LOGIC_VERSION")) return options_.logic_version;
  if (is == reg("SYSINFO.CHIP_IDENTIFIER")) return options_.chip_identifier;
  if (is == reg("SYSINFO.DEVICE_IS_MASTER") || is == reg("MUX.HAS_STATISTICS") || is == reg("AER.HAS_STATISTICS")) return 1;
  if (is == reg("SYSINFO.LOGIC_CLOCK")) return kFpgaClockMhz;
  if (is == reg("MUX.AER_DROPPED")) return half(statistics_.lost_stalled_mux, at, is);
  if (is == reg("AER.EVENTS")) return half(output_.events(), at, is);
  if (is == reg("AER.EVENTS_DROPPED")) return half(statistics_.lost_stalled_aer, at, is);
  if (is == reg("SRAM.READDATA")) return sram_.read_data();
  return 0;
}

void DynapSe1Model::write(const ConfigWrite& write) {
  const Parameter* parameter = find_parameter(write.at);
  if (parameter == nullptr || parameter->read_only) {
    ++statistics_.unknown_parameters;
    return;
  }
  const bool pulse = write.at == reg("MUX.TIMESTAMP_RESET") && write.value != 0 && stored(write.at) == 0;
  registers_[key_of(write.at)] = write.value;
  if (pulse) output_.reset_timestamps(now_ns_);
  act_on(write);
}

void DynapSe1Model::act_on(const ConfigWrite& write) {
  const std::uint8_t parameter = write.at.parameter;
  if (write.at == reg("CHIP.CONTENT")) {
    send_word(write.value);
    return;
  }
  switch (write.at.module) {
    case kMuxModule:
    case kAerModule:
    case kUsbModule:
      return configure_output();
    case kSramModule:
      return sram_.write(parameter, write.value);
    case kGeneratorModule:
      return generator_.write(parameter, write.value, now_ns_, sram_);
    case kPoissonModule:
      return poisson_.write(parameter, write.value, now_ns_);
    default:
      return;  // kept, without effect
  }
}

void DynapSe1Model::configure_output() {
  const auto on = [this](Register at) { return (stored(at) & 1) != 0; };
  DynapSe1Output::Settings s;
  s.aer_run = on(reg("AER.RUN"));
  s.wait_on_stall = on(reg("AER.WAIT_ON_TRANSFER_STALL"));
  s.mux_run = on(reg("MUX.RUN"));
  s.drop_on_stall = on(reg("MUX.DROP_AER_ON_TRANSFER_STALL"));
  s.timestamp_run = on(reg("MUX.TIMESTAMP_RUN"));
  s.usb_run = on(reg("USB.RUN"));
  s.early_packet_ns = std::int64_t{stored(reg("USB.EARLY_PACKET_DELAY"))} * 1000 / kUsbClockMhz;
  output_.configure(s, now_ns_);
}

void DynapSe1Model::send_word(std::uint32_t word) {
  const auto chip = chip_of_wire_id(stored(reg("CHIP.CHIP_ID")));
  const bool runs = (stored(reg("CHIP.RUN")) & 1) != 0 && now_ns_ >= options_.boot_time.count();
  if (!runs || !chip || (options_.unacknowledging_chips >> *chip & 1) != 0) {
    status_ = kNotAcknowledged;
    ++statistics_.unacknowledged_words;
    return;
  }
  fabric_.take_word(*chip, word, now_ns_);
  pass_on();
}

void DynapSe1Model::stimulate(const GeneratedSpike& generated) {
  const auto chip = chip_of_wire_id(generated.wire_chip.value_or(stored(reg("CHIP.CHIP_ID"))));
  if (!chip || (stored(reg("CHIP.RUN")) & 1) == 0) {
    ++statistics_.stimuli_not_sent;
    return;
  }
  ++statistics_.generated_spikes;
  fabric_.inject(*chip, generated.spike, now_ns_);
}

/// What has come out of the chips goes to the FPGA.
void DynapSe1Model::pass_on() {
  for (const MonitoredEvent& event : fabric_.monitored()) output_.receive(event, now_ns_);
  fabric_.monitored().clear();
}

/// Event by event; at equal times generators come before neurons, and those before wraps.
void DynapSe1Model::advance(std::chrono::nanoseconds time) {
  const std::int64_t until = now_ns_ + std::max<std::int64_t>(0, time.count());
  for (;;) {
    const std::int64_t generator = generator_.next_ns(), poisson = poisson_.next_ns(), neuron = fabric_.next_ns(now_ns_);
    const std::int64_t next = std::min({generator, poisson, neuron, output_.next_wrap_ns()});
    if (next > until) break;
    now_ns_ = std::max(now_ns_, next);
    if (next == generator) {
      if (const auto generated = generator_.take(sram_, statistics_)) stimulate(*generated);
    } else if (next == poisson) {
      stimulate(poisson_.take());
    } else if (next == neuron) {
      fabric_.go_on();
    } else {
      output_.wrap(now_ns_);
    }
    pass_on();
  }
  now_ns_ = until;
}

std::size_t DynapSe1Model::bulk_in(std::uint8_t endpoint, std::span<std::byte> into) {
  return endpoint == kDataEndpoint ? output_.take(into, now_ns_) : 0;
}

bool DynapSe1Model::bulk_ready(std::uint8_t endpoint) const { return endpoint == kDataEndpoint && output_.ready(now_ns_); }

void DynapSe1Model::configured(std::uint8_t) {}

void DynapSe1Model::reset() { output_.clear_usb_fifo(); }

}  // namespace spikeloop::firmware
