// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `eval DIR...`: trained networks on their test sets, from the files of the run directories alone; `eval FILE --recordings DIR`: any
/// network on recordings with labels.
Verb eval_verb();

}  // namespace spikeloop::cli
