// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace spikeloop::firmware {

/// What a virtual DYNAP-SE1 has done since it was made: operations that energy is made of, and everything that was lost and where.
struct DynapSe1Statistics {
  // operations
  std::uint64_t neuron_spikes = 0;     ///< of the 4096 neurons
  std::uint64_t injected_spikes = 0;   ///< by spike words
  std::uint64_t generated_spikes = 0;  ///< by the FPGA's spike generator and Poisson generator
  std::uint64_t routed_events = 0;     ///< one for each destination (SRAM entry, injected or generated spike) whose mask is not 0
  std::uint64_t hops = 0;              ///< between chips, or out of the last
  std::uint64_t core_broadcasts = 0;   ///< one for each core that an event reached
  std::uint64_t synaptic_events = 0;   ///< one for each CAM word that matched
  std::uint64_t monitored_events = 0;  ///< that left the chips for the FPGA
  // events lost
  std::uint64_t lost_off_grid = 0;     ///< left the mesh elsewhere
  std::uint64_t lost_not_running = 0;  ///< came to the FPGA while AER.RUN was 0
  std::uint64_t lost_mux_stopped = 0;  ///< came to the multiplexer while MUX.RUN was 0
  std::uint64_t lost_stalled_aer = 0;  ///< AER.EVENTS_DROPPED
  std::uint64_t lost_stalled_mux = 0;  ///< MUX.AER_DROPPED
  std::uint64_t merged_in_neuron = 0;  ///< a neuron's next spike while its last one waited for the stalled FPGA
  std::uint64_t lost_by_reset = 0;     ///< were in the USB FIFO when the bus was reset
  std::uint64_t stimuli_not_sent = 0;  ///< generated while CHIP.RUN was 0, or for no chip of the board
  // the host's words
  std::uint64_t cam_words = 0, sram_words = 0, bias_words = 0, other_words = 0;
  std::uint64_t malformed_words = 0;       ///< had no effect
  std::uint64_t unacknowledged_words = 0;  ///< reached no chip
  std::uint64_t malformed_stimuli = 0;     ///< words of a generator's program with bit 15 or 14 set
  std::uint64_t unknown_parameters = 0;    ///< writes to what the board lacks, or may not be written
  std::uint64_t bad_requests = 0;          ///< stalled
  friend bool operator==(const DynapSe1Statistics&, const DynapSe1Statistics&) = default;
};

}  // namespace spikeloop::firmware
