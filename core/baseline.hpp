// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/experiment.hpp"

namespace spikeloop {

/// Test accuracy of a linear classifier on the same data and split (softmax regression by stochastic gradient descent, the weight decay
/// chosen on the validation part): what a hidden layer has to beat; with folds their mean. Deterministic.
double linear_baseline(const Dataset& data);

}  // namespace spikeloop
