// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "firmware-interface/transport/transport.hpp"

/// Configuration of the DYNAP-SE1 board: its modules and parameters, and the vendor requests that write and read them. All values are
/// big-endian on the wire. Bits and sources: firmware-interface/PROTOCOL.md.
namespace spikeloop::firmware {

/// Where a parameter is.
struct Register {
  std::uint8_t module = 0, parameter = 0;
  friend bool operator==(const Register&, const Register&) = default;
};

/// One line of the table of parameters.
struct Parameter {
  std::string_view name;  ///< "MODULE.PARAMETER"
  Register at;
  bool read_only = false;
  bool wide = false;  ///< the upper half of a 64-bit counter, whose lower half is the next parameter
  std::string_view unit = "";
};

/// Every parameter that a device has on the wire (facts A.4).
inline constexpr std::array kParameters = std::to_array<Parameter>({
    {"MUX.RUN", {0, 0}},
    {"MUX.TIMESTAMP_RUN", {0, 1}},
    {"MUX.TIMESTAMP_RESET", {0, 2}, false, false, "pulse"},
    {"MUX.FORCE_CHIP_BIAS_ENABLE", {0, 3}},
    {"MUX.DROP_AER_ON_TRANSFER_STALL", {0, 4}},
    {"MUX.HAS_STATISTICS", {0, 10}, true},
    {"MUX.AER_DROPPED", {0, 11}, true, true, "events"},
    {"AER.RUN", {1, 3}},
    {"AER.ACK_DELAY", {1, 4}, false, false, "logic cycles"},
    {"AER.ACK_EXTENSION", {1, 6}, false, false, "logic cycles"},
    {"AER.WAIT_ON_TRANSFER_STALL", {1, 8}},
    {"AER.EXTERNAL_AER_CONTROL", {1, 10}},
    {"AER.HAS_STATISTICS", {1, 40}, true},
    {"AER.EVENTS", {1, 41}, true, true, "events"},
    {"AER.EVENTS_DROPPED", {1, 45}, true, true, "events"},
    {"CHIP.RUN", {5, 0}},
    {"CHIP.CHIP_ID", {5, 1}, false, false, "wire chip id"},
    {"CHIP.CONTENT", {5, 2}, false, false, "chip word"},
    {"CHIP.REQ_DELAY", {5, 3}, false, false, "logic cycles"},
    {"CHIP.REQ_EXTENSION", {5, 4}, false, false, "logic cycles"},
    {"SYSINFO.LOGIC_VERSION", {6, 0}, true},
    {"SYSINFO.CHIP_IDENTIFIER", {6, 1}, true},
    {"SYSINFO.DEVICE_IS_MASTER", {6, 2}, true},
    {"SYSINFO.LOGIC_CLOCK", {6, 3}, true, false, "MHz"},
    {"SYSINFO.LOGIC_PATCH", {6, 7}, true},
    {"USB.RUN", {9, 0}},
    {"USB.EARLY_PACKET_DELAY", {9, 1}, false, false, "30 MHz cycles"},
    {"SRAM.ADDRESS", {14, 1}, false, false, "16-bit words; a write does the command"},
    {"SRAM.READDATA", {14, 2}, true},
    {"SRAM.WRITEDATA", {14, 3}},
    {"SRAM.RWCOMMAND", {14, 4}, false, false, "0 read, 1 write"},
    {"SRAM.BURSTMODE", {14, 5}},
    {"SYNAPSERECONFIG.RUN", {15, 0}},
    {"SYNAPSERECONFIG.GLOBALKERNEL", {15, 1}, false, false, "16:12 address, 11:0 data"},
    {"SYNAPSERECONFIG.USESRAMKERNELS", {15, 2}},
    {"SYNAPSERECONFIG.CHIPSELECT", {15, 3}, false, false, "wire chip id"},
    {"SYNAPSERECONFIG.SRAMBASEADDR", {15, 4}, false, false, "2^15 16-bit words"},
    {"SPIKEGEN.RUN", {16, 0}, false, false, "rising edge"},
    {"SPIKEGEN.VARMODE", {16, 1}},
    {"SPIKEGEN.BASEADDR", {16, 2}, false, false, "16-bit words"},
    {"SPIKEGEN.STIMCOUNT", {16, 3}, false, false, "events less one"},
    {"SPIKEGEN.ISI", {16, 4}, false, false, "ISI base"},
    {"SPIKEGEN.ISIBASE", {16, 5}, false, false, "90 MHz cycles"},
    {"SPIKEGEN.REPEAT", {16, 6}},
    {"POISSONSPIKEGEN.RUN", {18, 0}},
    {"POISSONSPIKEGEN.WRITEADDRESS", {18, 1}, false, false, "source; a write commits WRITEDATA"},
    {"POISSONSPIKEGEN.WRITEDATA", {18, 2}, false, false, "0.06706 Hz"},
    {"POISSONSPIKEGEN.CHIPID", {18, 3}, false, false, "wire chip id"},
});

/// The parameter of that name; a name that is not in the table does not compile.
consteval Register reg(std::string_view name) {
  for (const Parameter& p : kParameters)
    if (p.name == name) return p.at;
  throw "no such parameter";
}

/// The table's line of a register, the lower half of a 64-bit counter giving the counter's; null if the board has no such parameter.
const Parameter* find_parameter(Register at);
const Parameter* find_parameter(std::string_view name);

/// A value for a parameter.
struct ConfigWrite {
  Register at;
  std::uint32_t value = 0;
  friend bool operator==(const ConfigWrite&, const ConfigWrite&) = default;
};

// --- what the protocol fixes ---

inline constexpr std::uint16_t kVendorId = 0x152A, kProductId = 0x841D;
inline constexpr std::uint8_t kFirmwareVersion = 3;  ///< low byte of bcdDevice
inline constexpr std::uint32_t kLogicVersion = 5, kChipIdentifier = 64;
inline constexpr std::uint8_t kDataEndpoint = 0x82;
inline constexpr std::uint8_t kRequestConfig = 0xBF, kRequestConfigMultiple = 0xC2, kRequestAer = 0xC5, kRequestAerMultiple = 0xC6;
inline constexpr std::size_t kMaxConfigs = 85;             ///< in one request: 85 x 6 bytes fit into 512
inline constexpr std::uint32_t kUsbCyclesPerDelay = 3750;  ///< EARLY_PACKET_DELAY: cycles in the 125 us that users count in
inline constexpr std::array<std::uint8_t, 4> kWireChipIds = {0, 8, 4, 12};  ///< of U0..U3

/// The chip id on the wire of U0..U3; throws std::out_of_range for another chip.
std::uint8_t wire_chip_id(unsigned chip);
/// U0..U3 (0..3) of a chip id on the wire; nothing for any other.
std::optional<unsigned> chip_of_wire_id(std::uint32_t id);

/// The 64-bit counter from its halves, read in the order upper, lower, upper; nothing when the upper half has moved meanwhile: read again.
std::optional<std::uint64_t> wide_value(std::uint32_t upper, std::uint32_t lower, std::uint32_t upper_again);

// --- the host's side ---

/// A control OUT transfer.
struct OutRequest {
  ControlRequest request;
  std::vector<std::byte> data;
  friend bool operator==(const OutRequest&, const OutRequest&) = default;
};

/// 0xBF: one parameter; also the request of a control IN that reads it (4 bytes).
constexpr ControlRequest config_request(Register at) { return {kRequestConfig, at.module, at.parameter}; }
OutRequest encode_write(const ConfigWrite& write);
/// 0xC2: 1..85 writes in one transfer, which the board does not acknowledge; throws std::out_of_range for another number.
OutRequest encode_writes(std::span<const ConfigWrite> writes);
/// 0xC6: 1..85 chip words for the chip chosen last by CHIP.CHIP_ID; throws std::out_of_range for another number. Each such transfer must
/// be followed by reading `kWordsStatusRequest`.
OutRequest encode_words(std::span<const std::uint32_t> words);
inline constexpr ControlRequest kWordsStatusRequest = {kRequestAerMultiple, 0, 0};
inline constexpr std::size_t kStatusBytes = 2;
/// Time stamps start again at 0: one 0xC2 that sets MUX.TIMESTAMP_RESET and clears it.
OutRequest encode_timestamp_reset();

/// The value that a read of a parameter gives; nothing unless there are 4 bytes.
std::optional<std::uint32_t> decode_value(std::span<const std::byte> answer);
/// The status of chip words: 0 = every handshake was done. Nothing unless the answer is `kStatusBytes` that begin with `request`.
std::optional<std::uint8_t> decode_status(std::span<const std::byte> answer, std::uint8_t request = kRequestAerMultiple);

// --- the device's side ---

/// One 0xBF, or all of a 0xC2.
struct WriteConfigs {
  std::vector<ConfigWrite> writes;
  friend bool operator==(const WriteConfigs&, const WriteConfigs&) = default;
};
/// Words of a 0xC6, or the one of a 0xC5.
struct WriteWords {
  std::uint8_t request = kRequestAerMultiple;
  std::vector<std::uint32_t> words;
  friend bool operator==(const WriteWords&, const WriteWords&) = default;
};
struct ReadConfig {
  Register at;
  friend bool operator==(const ReadConfig&, const ReadConfig&) = default;
};
/// How the words of the last 0xC6 (or 0xC5) went.
struct ReadStatus {
  std::uint8_t request = kRequestAerMultiple;
  friend bool operator==(const ReadStatus&, const ReadStatus&) = default;
};
/// A request that no host makes; a board may stall it.
struct BadRequest {
  std::string_view reason;  ///< of static life
  friend bool operator==(const BadRequest&, const BadRequest&) = default;
};
using DecodedOut = std::variant<WriteConfigs, WriteWords, BadRequest>;
using DecodedIn = std::variant<ReadConfig, ReadStatus, BadRequest>;

/// What a control OUT asks for. Legal is exactly what the encoders make, and 0xC5 (one word: wValue 5, wIndex 2, 4 bytes), which drivers
/// before libcaer 3 send. Whether a parameter exists and may be written is not judged here.
DecodedOut decode_out(ControlRequest request, std::span<const std::byte> data);
/// What a control IN asks for.
DecodedIn decode_in(ControlRequest request);
std::array<std::byte, 4> encode_value(std::uint32_t value);
std::array<std::byte, kStatusBytes> encode_status(std::uint8_t status, std::uint8_t request = kRequestAerMultiple);

}  // namespace spikeloop::firmware
