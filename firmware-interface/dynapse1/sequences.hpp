// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "firmware-interface/dynapse1/steps.hpp"
#include "firmware-interface/dynapse1/words.hpp"

/// The orders in which drivers configure a board (facts A.7, of libcaer). Nothing is sent when a board is opened.
namespace spikeloop::firmware {

/// Quiet, defined state of FPGA and all four chips: modules off, silent biases, no routes, low-power biases, monitoring routes, then a wait
/// of 4 s, without which the chips are not ready. CAMs are left as they are. 1096 transfers of words.
Steps default_configuration();
/// Events flow from here on; to be done when transfers are already waiting for them.
Steps data_start();
/// Events stop; the transfers are cancelled afterwards.
Steps data_stop();

/// Words for a chip (0..3) in as few transfers as hold them, the choice of the chip first.
Steps program_chip(unsigned chip, std::span<const std::uint32_t> words);
/// Each word in a transfer of its own, as drivers send biases.
Steps program_chip_singly(unsigned chip, std::span<const ChipWord> words);
/// All 65,536 CAM entries of a chip to `cleared_cam`: 772 transfers. They then listen to neuron 0 of core 0.
Steps clear_cams(unsigned chip);
/// All 4096 SRAM entries of a chip to `empty_sram`: 49 transfers. That an empty one is all zeros is INFERRED.
Steps empty_srams(unsigned chip);
/// SRAM entry 0 of all 1024 neurons of a chip to `monitoring_route`.
Steps monitor_all(unsigned chip);

}  // namespace spikeloop::firmware
