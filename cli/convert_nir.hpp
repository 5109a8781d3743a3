// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/nir.hpp"

namespace spikeloop::cli {

/// Whether `convert` is asked to turn a NIR file into another file, or a description into a NIR file.
bool is_nir_conversion(const std::string& from, const std::string& to);

/// NIR to .txtpb (weights beside it in <name>_weights/), .txtpb to NIR, or NIR to NIR. Throws DescriptionError with everything that the
/// other cannot say.
int convert_nir(const std::string& from, const std::string& to, bool force, const NirOptions& options, Terminal& terminal);

}  // namespace spikeloop::cli
