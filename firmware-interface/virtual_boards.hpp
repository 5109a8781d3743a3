// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// Which virtual board.
struct VirtualBoardOptions {
  std::string serial = "00000001";  ///< 8 characters, as on a real one
  std::uint64_t seed = 1;           ///< of its mismatch
  double mismatch = 0.2;            ///< spread of its neurons and synapses; 0 = ideal
};

/// A virtual DYNAP-SE1 board, to be used through any transport. Throws std::invalid_argument for options that no board has.
std::shared_ptr<UsbDevice> make_virtual_board(const VirtualBoardOptions& options = {});

}  // namespace spikeloop::firmware
