// SPDX-License-Identifier: Apache-2.0
#include "core/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "core/errors.hpp"
#include "core/random.hpp"

namespace spikeloop {
namespace {

/// Fisher, Yates; a function of (seed, purpose, number) alone.
void shuffle(std::vector<std::size_t>& items, const char* purpose, std::uint64_t number) {
  const std::uint64_t stream = stream_of("data", purpose);
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random_below(number, stream, i, i)]);
}

/// Which fold each sample is in: those of a class are dealt out in turn, in random order.
std::vector<std::size_t> folds_of(const Dataset& data, std::uint64_t division) {
  std::vector<std::size_t> order(data.size()), fold(data.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  shuffle(order, "folds", division);
  std::size_t next = 0;
  for (std::uint32_t c = 0; c < data.classes; ++c)
    for (const std::size_t i : order)
      if (data.labels[i] == c) fold[i] = next++ % data.folds;
  return fold;
}

/// Features to 0 .. 1 by the range that they have in the training part.
void scale_by_training_part(Dataset& data) {
  for (std::size_t f = 0; f < data.features; ++f) {
    float low = std::numeric_limits<float>::infinity(), high = -low;
    for (const std::size_t i : data.train)
      low = std::min(low, data.samples[i * data.features + f]), high = std::max(high, data.samples[i * data.features + f]);
    for (std::size_t i = 0; i < data.size(); ++i) {
      float& x = data.samples[i * data.features + f];
      x = high > low ? std::clamp((x - low) / (high - low), 0.0f, 1.0f) : 0.0f;
    }
  }
}

/// The published generator, number for number: NumPy's way to make doubles and small integers of a Mersenne twister.
class YinYang {
 public:
  explicit YinYang(std::uint32_t seed) : random_(seed) {}

  void add(Dataset& data) {
    std::uint32_t goal = 3;
    while (goal > 2) goal = static_cast<std::uint32_t>(random_() & 3);
    for (;;) {
      const double x = unit() * 2 * kBig, y = unit() * 2 * kBig;
      if (std::hypot(x - kBig, y - kBig) > kBig || class_of(x, y) != goal) continue;
      for (const double value : {x, y, 1 - x, 1 - y}) data.samples.push_back(static_cast<float>(value));
      data.labels.push_back(goal);
      return;
    }
  }

 private:
  static constexpr double kSmall = 0.1, kBig = 0.5;
  double unit() {
    const auto a = static_cast<double>(random_() >> 5), b = static_cast<double>(random_() >> 6);
    return (a * 67108864 + b) / 9007199254740992.0;
  }
  static std::uint32_t class_of(double x, double y) {
    const double right = std::hypot(x - 1.5 * kBig, y - kBig), left = std::hypot(x - 0.5 * kBig, y - kBig);
    if (right < kSmall || left < kSmall) return 2;
    return right <= kSmall || (left > kSmall && left <= 0.5 * kBig) || (y > kBig && right > 0.5 * kBig);
  }
  std::mt19937 random_;
};

}  // namespace

void set_validation_aside(Dataset& data, double share) {
  if (!(share >= 0 && share < 1))
    throw DescriptionError(fmt::format("validation_from_train is {}: it must be at least 0 and less than 1", share));
  const auto samples = static_cast<std::ptrdiff_t>(std::llround(share * static_cast<double>(data.train.size())));
  data.validation.assign(data.train.end() - samples, data.train.end());
  data.train.erase(data.train.end() - samples, data.train.end());
}

Dataset part_of_seed(const Dataset& data, std::uint64_t seed) {
  if (data.folds < 2) return data;
  Dataset part = data;
  const std::uint64_t run = seed == 0 ? 0 : seed - 1, tested = run % data.folds;
  const std::vector<std::size_t> fold = folds_of(data, run / data.folds);
  part.train.clear(), part.validation.clear(), part.test.clear();
  for (std::size_t i = 0; i < data.size(); ++i) (fold[i] == tested ? part.test : part.train).push_back(i);
  shuffle(part.train, "validation", seed);
  set_validation_aside(part, data.validation_from_train);
  scale_by_training_part(part);
  return part;
}

std::vector<std::string*> files_of(DatasetSource& source) {
  if (auto* d = std::get_if<DigitsSource>(&source.kind)) return {&d->file, &d->split_file};
  if (auto* i = std::get_if<ImagesSource>(&source.kind)) return {&i->train_images, &i->train_labels, &i->test_images, &i->test_labels};
  if (auto* t = std::get_if<TableSource>(&source.kind)) return {&t->file};
  return {};
}

std::string* sha256_of(DatasetSource& source) {
  if (auto* d = std::get_if<DigitsSource>(&source.kind)) return &d->sha256;
  if (auto* i = std::get_if<ImagesSource>(&source.kind)) return &i->sha256;
  if (auto* t = std::get_if<TableSource>(&source.kind)) return &t->sha256;
  return nullptr;
}

Dataset make_yin_yang(const YinYangSource& source) {
  constexpr std::uint32_t kTrain = 42, kValidation = 41, kTest = 40;
  Dataset data;
  data.name = "yin_yang";
  data.features = 4, data.shape = {4}, data.classes = 3;
  const auto add = [&](std::uint32_t seed, std::uint64_t points, std::vector<std::size_t>& part) {
    YinYang yin_yang(seed);
    for (std::uint64_t k = 0; k < points; ++k) part.push_back(data.size()), yin_yang.add(data);
  };
  add(kTrain, source.train, data.train);
  add(kValidation, source.validation, data.validation);
  add(kTest, source.test, data.test);
  return data;
}

}  // namespace spikeloop
