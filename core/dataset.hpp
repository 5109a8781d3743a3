// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Labelled samples, and where they come from.
namespace spikeloop {

/// Labelled samples with features scaled to 0 .. 1.
struct Dataset {
  std::string name;
  std::size_t features = 0;        ///< per sample
  std::vector<std::size_t> shape;  ///< of a sample, e.g. {8, 8}
  std::size_t classes = 0;
  std::vector<float> samples;                        ///< (n, features), row-major; with folds as they are in the file, not scaled
  std::vector<std::uint32_t> labels;                 ///< (n)
  std::vector<std::size_t> train, validation, test;  ///< indices of samples
  std::size_t folds = 0;                             ///< > 1: the parts depend on the seed, see `part_of_seed`
  double validation_from_train = 0;                  ///< with folds
  std::string sha256;                                ///< of the data

  std::size_t size() const { return labels.size(); }
};

/// Moves the last `share` (0 .. < 1, rounded to the nearest sample) of the training part to the validation part; throws DescriptionError
/// for another share.
void set_validation_aside(Dataset& data, double share);

/// Cross-validation: the data as the run of one seed (1, 2, ...) sees them. Seed s tests on fold (s - 1) mod folds of a stratified division
/// that is drawn anew every `folds` seeds, sets the validation part aside at random, and scales features to 0 .. 1 by what it trains on
/// (beyond that they are cut off). Without folds: the data as they are.
Dataset part_of_seed(const Dataset& data, std::uint64_t seed);

/// 8 x 8 images of digits, one file and a split file.
struct DigitsSource {
  std::string file;
  std::string sha256;      ///< expected; empty = not checked
  std::string split_file;  ///< one of "train" or "test" a line, one line a sample

  bool operator==(const DigitsSource&) const = default;
};

/// Images and labels in IDX files as MNIST has them, gzip or plain.
struct ImagesSource {
  std::string train_images, train_labels, test_images, test_labels;
  std::string sha256;  ///< expected, of the four unpacked files one behind the other; empty = not checked
  std::string origin;  ///< how to get the files, for who does not have them

  bool operator==(const ImagesSource&) const = default;
};

/// The Yin-Yang set (Kriener, Goeltz, Petrovici 2021, arXiv 2102.08211), which is made, not read: x, y, 1 - x, 1 - y of points in a disc,
/// and three classes. Seeds as published: training 42, validation 41, test 40.
struct YinYangSource {
  std::uint64_t train = 5000, validation = 1000, test = 1000;  ///< points

  bool operator==(const YinYangSource&) const = default;
};

/// A table of numbers, a sample a line, values between commas.
struct TableSource {
  std::string file;
  std::string sha256;                 ///< expected; empty = not checked
  std::uint64_t header_lines = 0;     ///< left out
  std::vector<std::uint64_t> ignore;  ///< columns that are no features, counted from 0; the last column is the label
  std::string origin;                 ///< how to get the file

  bool operator==(const TableSource&) const = default;
};

/// Which data and how they are divided. Files are found by the caller.
struct DatasetSource {
  std::variant<DigitsSource, ImagesSource, YinYangSource, TableSource> kind;
  double validation_from_train = 0;          ///< this share of the training part is set aside (the last ones in file order)
  std::size_t folds = 0;                     ///< > 1: cross-validation, see `part_of_seed`
  std::optional<std::uint64_t> train, test;  ///< sizes that the parts must have (training with validation), where stated

  bool operator==(const DatasetSource&) const = default;
};

/// The paths that a source names, to be found or written.
std::vector<std::string*> files_of(DatasetSource& source);
/// The digest that a source expects; null for data that are made.
std::string* sha256_of(DatasetSource& source);

/// Makes the Yin-Yang set; the same points as the published ones, to the last bit of a float.
Dataset make_yin_yang(const YinYangSource& source);

}  // namespace spikeloop
