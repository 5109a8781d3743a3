// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset.hpp"

/// IDX files as MNIST and its relatives have them: a magic number, big-endian sizes, unsigned bytes.
namespace spikeloop::io {

/// An array of unsigned bytes as it lies in an IDX file.
struct IdxArray {
  std::vector<std::size_t> shape;    ///< 1 to 4 sizes
  std::vector<std::uint8_t> values;  ///< the last index runs fastest
};

/// The bytes of an IDX file, gzip or plain; throws DescriptionError. `name` stands in errors.
IdxArray parse_idx(std::string_view bytes, const std::string& name);

/// Reads images (n, height, width) and labels (n) of a training and a test part; pixels are scaled to 0 .. 1, classes are as many as the
/// largest label tells. The last `validation_from_train` of the training part becomes the validation part. Throws DescriptionError
/// (missing, with where to get them; damaged; sizes that do not fit; another digest) or DeviceError.
Dataset read_images(const ImagesSource& source, double validation_from_train);

}  // namespace spikeloop::io
