// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include <fmt/format.h>

#include <string>

#include "core/experiment.hpp"
#include "core/io/digits.hpp"
#include "proto/load.hpp"

namespace spikeloop::testing {

/// A training that nobody stops.
inline const std::atomic<bool> kGoOn{false};

/// One of the experiments that ship, with its network and data.
struct Shipped {
  Experiment experiment;
  NetworkDescription network;
  Dataset data;

  explicit Shipped(const char* name) {
    const std::string file = fmt::format("{}/examples/{}.txtpb", SPIKELOOP_SOURCE_DIR, name);
    experiment = load_experiment(file);
    network = load_network(resolve_path(file, experiment.network_file));
    const auto& digits = std::get<DigitsSource>(experiment.dataset.kind);
    data = io::read_digits(resolve_path(file, digits.file), digits.sha256, resolve_path(file, digits.split_file),
                           experiment.dataset.validation_from_train);
  }
};

}  // namespace spikeloop::testing
