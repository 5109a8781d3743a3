// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_boards.hpp"

#include <stdexcept>

#include "firmware-interface/virtual_board/dynapse1_model.hpp"

namespace spikeloop::firmware {

std::shared_ptr<UsbDevice> make_virtual_board(const VirtualBoardOptions& options) {
  if (options.serial.empty() || options.serial.size() > 126) throw std::invalid_argument("a serial has 1 to 126 characters");
  if (!(options.mismatch >= 0 && options.mismatch <= 1)) throw std::invalid_argument("mismatch is from 0 to 1");
  return std::make_shared<DynapSe1Model>(DynapSe1Options{.serial = options.serial, .seed = options.seed, .mismatch = options.mismatch});
}

}  // namespace spikeloop::firmware
