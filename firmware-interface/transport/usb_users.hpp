// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace spikeloop::firmware {

/// Who has the file `node` open, as "caer-bin (process 12), this program"; empty if nobody, or nobody whom this user may see. This program
/// counts only if it has the file open more than `own` times: whoever finds a device in use has often opened it to find out.
std::string users_of_file(const std::string& node, unsigned own = 0);

}  // namespace spikeloop::firmware
