// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `spikeloop convert A B`.
Verb convert_verb();

}  // namespace spikeloop::cli
