// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/chip.hpp"
#include "core/energy.hpp"
#include "core/errors.hpp"
#include "core/experiment.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"
#include "proto/field_change.hpp"

/// Descriptions from files: text (.txtpb) with every fault at its line and column, or binary (.binpb, .pb).
/// All loaders throw one DescriptionError with all faults of a file at once (a FieldChangeError if it is a change that cannot be made).
namespace spikeloop {

/// A matrix from a file, row-major.
struct TensorData {
  std::vector<std::uint64_t> shape;
  std::vector<float> values;
};

/// What a loader cannot do by itself.
struct LoadOptions {
  /// Reads a tensor file (.npy); throws an Error if it cannot. A description that names a tensor is refused where this is not set.
  std::function<TensorData(const std::string& path)> read_tensor;
  /// Reads a description file; if not set, from the disk.
  std::function<std::string(const std::string& path)> read_file = {};
  /// Made before the description is looked at, as if they stood in the file; each in the description that it belongs to.
  std::vector<FieldChange> changes = {};
};

/// What a description file describes.
enum class DescriptionKind { kUnknown, kNetwork, kExperiment, kPriceList, kChip, kMapping };

/// Reads the line `# proto-message: spikeloop.v1.Network` among the comments at the start of a text.
DescriptionKind description_kind(std::string_view text);
/// The same for a file; throws DescriptionError if it cannot be read.
DescriptionKind description_kind_of_file(const std::string& path);

/// A valid network (`validate` finds nothing). Tensor files are relative to `path`.
NetworkDescription load_network(const std::string& path, const LoadOptions& options = {});
/// The same from memory; `file` is what faults are reported of, and what tensor files are relative to.
NetworkDescription load_network_text(std::string_view text, const std::string& file = "", const LoadOptions& options = {});
NetworkDescription load_network_binary(std::string_view bytes, const std::string& file = "", const LoadOptions& options = {});

/// An experiment by itself; whether it fits its network and data is for `validate` of core/experiment.hpp. Paths stay as they were written.
Experiment load_experiment(const std::string& path, const LoadOptions& options = {});
Experiment load_experiment_text(std::string_view text, const std::string& file = "", const LoadOptions& options = {});
Experiment load_experiment_binary(std::string_view bytes, const std::string& file = "", const LoadOptions& options = {});

/// A price list: every price is a finite number that is not negative, and has a source.
PriceList load_prices(const std::string& path);
PriceList load_prices_text(std::string_view text, const std::string& file = "");
PriceList load_prices_binary(std::string_view bytes, const std::string& file = "");

/// A chip: every figure is a number that is not negative, and has a source.
ChipSpec load_chip(const std::string& path);
ChipSpec load_chip_text(std::string_view text, const std::string& file = "");
ChipSpec load_chip_binary(std::string_view bytes, const std::string& file = "");

/// A mapping: complete (a place for each neuron on the chip, no two in one), every route within a board.
Mapping load_mapping(const std::string& path);
Mapping load_mapping_text(std::string_view text, const std::string& file = "");
Mapping load_mapping_binary(std::string_view bytes, const std::string& file = "");

/// `path` as a description in `description_file` means it: relative to that file's folder, unless absolute.
std::string resolve_path(const std::string& description_file, const std::string& path);

/// Fills in file, line and column of faults that were found after loading (by a back end, or by `validate` of an experiment).
std::vector<Diagnostic> locate(std::vector<Diagnostic> faults, const std::string& path);

}  // namespace spikeloop
