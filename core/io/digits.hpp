// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/experiment.hpp"

namespace spikeloop::io {

/// Reads the handwritten digits (UCI Optical Recognition of Handwritten Digits, DOI 10.24432/C50P49): CSV, gzip or plain, no header,
/// a line = 64 whole numbers 0..16 (8 x 8 pixels, row-major) and the label 0..9; pixels are scaled to 0..1.
/// `expected_sha256` is that of the file as it lies on the disk; empty = not checked.
/// `split_file` has one word, "train" or "test", a line, one line a sample; the last `validation_from_train` (0 .. < 1, rounded to the
/// nearest sample) of the training part in file order become the validation part.
/// Throws DescriptionError with file and line of every fault (at most ten), DeviceError if the disk fails.
Dataset read_digits(const std::filesystem::path& path, const std::string& expected_sha256, const std::filesystem::path& split_file,
                    double validation_from_train);

/// The samples in the bytes of such a file, gzip or plain, without a split; `name` stands in errors.
Dataset parse_digits(std::string_view bytes, const std::string& name);

/// Divides a data set by the text of a split file, as described at `read_digits`; `name` stands in errors.
void apply_split(Dataset& data, std::string_view text, const std::string& name, double validation_from_train);

}  // namespace spikeloop::io
