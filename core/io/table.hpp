// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/dataset.hpp"

/// Tables of numbers with a label: a sample a line, values between commas.
namespace spikeloop::io {

/// The samples in the text of a table, features as they are written. Lines with a "?" are left out: a value is not known. Classes are the
/// different labels in ascending order. Throws DescriptionError with file and line of every fault (at most ten).
Dataset parse_table(std::string_view text, const TableSource& source);

/// Reads a table for cross-validation in `folds` folds; throws DescriptionError or DeviceError.
Dataset read_table(const TableSource& source, std::size_t folds, double validation_from_train);

}  // namespace spikeloop::io
