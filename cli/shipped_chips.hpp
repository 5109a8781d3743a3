// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace spikeloop::cli {

/// A chip file that is in the program, so that `--chip dynapse1` needs no file: examples/chips/NAME.txtpb.
struct ShippedChip {
  const char* name;
  std::string_view text;
};
const std::vector<ShippedChip>& shipped_chips();

}  // namespace spikeloop::cli
