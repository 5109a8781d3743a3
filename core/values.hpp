// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace spikeloop {

struct Constant {
  double value = 0;
};
struct Normal {
  double mean = 0;
  double std = 1;  ///< >= 0
};
struct Uniform {
  double low = 0;
  double high = 1;  ///< >= low
};
struct LogNormal {
  double mean_log = 0;  ///< mean of the logarithm
  double std_log = 1;   ///< standard deviation of the logarithm, >= 0
};
struct Exponential {
  double mean = 1;  ///< > 0
};
/// Listed values, in the order that the user of the value defines; shared, since they may be large.
struct Listed {
  std::shared_ptr<const std::vector<double>> values;
};
/// 1 on the diagonal, 0 elsewhere; only for feedback weights.
struct Identity {};
/// The product of the initial forward weights from the population that is helped to the controlled one, summed over all paths and scaled
/// to this root mean square: the feedback is aligned with the initial forward path (Meulemans et al. 2021, arXiv 2106.07887). Only for
/// feedback weights.
struct ForwardProduct {
  double rms = 1;  ///< > 0
};

/// Values below `min` or above `max` are moved to the bound (clip) or drawn again (truncate).
struct Bounds {
  std::optional<double> min;
  std::optional<double> max;
  bool redraw = false;  ///< false: clip; true: truncate
};

/// A weight, delay or initial potential: constant, drawn, or listed.
struct Value {
  std::variant<Constant, Normal, Uniform, LogNormal, Exponential, Listed, Identity, ForwardProduct> kind = Constant{};
  Bounds bounds;
};

/// True if every draw gives the same number.
bool is_constant(const Value& value);

/// Draw number `index` of the value, keyed by (seed, stream): a pure function, so that nothing depends on the order of drawing.
double draw(const Value& value, std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

}  // namespace spikeloop
