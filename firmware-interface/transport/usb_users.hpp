// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace spikeloop::firmware {

/// Who has the file `node` open, as "caer-bin (process 12), this program"; empty if nobody, or nobody whom this user may see.
std::string users_of_file(const std::string& node);

}  // namespace spikeloop::firmware
