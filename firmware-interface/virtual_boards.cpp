// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_boards.hpp"

#include "firmware-interface/transport/errors.hpp"

namespace spikeloop::firmware {

std::shared_ptr<UsbDevice> make_virtual_board(const VirtualBoardOptions&) { throw NotFound("this version has no virtual board yet"); }

}  // namespace spikeloop::firmware
