// SPDX-License-Identifier: Apache-2.0
#include "core/io/idx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::uint8_t kUnsignedByte = 0x08;

[[noreturn]] void refuse(const std::string& name, std::string what, std::string suggestion = "use an intact copy") {
  Faults faults(name);
  faults.add(0, std::move(what), std::move(suggestion));
  faults.throw_if_any();
  throw BugError("a fault was not thrown");
}

std::string unpacked(std::string bytes, const std::string& name) { return is_gzip(bytes) ? gunzip(bytes, kMostBytes, name) : bytes; }

void add_images(Dataset& data, const IdxArray& images, const IdxArray& labels, const std::string& name, std::vector<std::size_t>& part) {
  if (images.shape.size() != 3)
    refuse(name, fmt::format("has {} dimensions, not the 3 of images", images.shape.size()), "name the file of images here");
  if (labels.shape.size() != 1 || labels.shape[0] != images.shape[0])
    refuse(name, fmt::format("has {} images, its labels are {}", images.shape[0], labels.values.size()),
           "name images and labels of the same set");
  const std::vector<std::size_t> shape = {images.shape[1], images.shape[2]};
  if (data.shape.empty()) data.shape = shape, data.features = shape[0] * shape[1];
  if (data.shape != shape)
    refuse(name, "the images of the test part have another size than those of the training part", "name files of the same set");
  for (std::size_t i = 0; i < labels.values.size(); ++i) part.push_back(data.size() + i);
  for (const std::uint8_t pixel : images.values) data.samples.push_back(static_cast<float>(pixel) / 255.0f);
  for (const std::uint8_t label : labels.values)
    data.labels.push_back(label), data.classes = std::max<std::size_t>(data.classes, label + 1u);
}

}  // namespace

IdxArray parse_idx(std::string_view bytes, const std::string& name) {
  std::string plain;
  if (is_gzip(bytes)) plain = gunzip(bytes, kMostBytes, name), bytes = plain;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0) refuse(name, "is no IDX file: it does not start with two zero bytes");
  if (byte(2) != kUnsignedByte) refuse(name, fmt::format("has values of type 0x{:02x}; only unsigned bytes (0x08) are read", byte(2)));
  const std::size_t dimensions = byte(3), header = 4 + 4 * dimensions;
  if (dimensions < 1 || dimensions > 4 || bytes.size() < header) refuse(name, "has a damaged header");
  IdxArray array;
  std::size_t size = 1;
  for (std::size_t d = 0; d < dimensions; ++d) {
    const std::size_t at = 4 + 4 * d, extent = std::size_t{byte(at)} << 24 | std::size_t{byte(at + 1)} << 16 |
                                               std::size_t{byte(at + 2)} << 8 | byte(at + 3);
    array.shape.push_back(extent);
    if (extent != 0 && size > kMostBytes / extent) refuse(name, "says that it is larger than 1 GiB");
    size *= extent;
  }
  if (bytes.size() - header != size)
    refuse(name, fmt::format("has {} bytes of values where its header says {}", bytes.size() - header, size));
  array.values.assign(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end());
  return array;
}

Dataset read_images(const ImagesSource& source, double validation_from_train) {
  std::vector<IdxArray> arrays;
  std::string all;
  for (const std::string& file : {source.train_images, source.train_labels, source.test_images, source.test_labels}) {
    const std::string bytes = unpacked(read_file(file, kMostBytes, source.origin), file);
    arrays.push_back(parse_idx(bytes, file));
    all += bytes;
  }
  Dataset data;
  data.name = "images";
  data.sha256 = check_sha256(all, source.sha256, "the four files of images and labels together, unpacked");
  data.samples.reserve(arrays[0].values.size() + arrays[2].values.size());
  add_images(data, arrays[0], arrays[1], source.train_images, data.train);
  add_images(data, arrays[2], arrays[3], source.test_images, data.test);
  set_validation_aside(data, validation_from_train);
  return data;
}

}  // namespace spikeloop::io
