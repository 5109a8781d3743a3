// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/network.hpp"

/// Short hands for writing networks.
namespace spikeloop::bench {

inline Population neurons(const std::string& name, std::uint64_t n, const NeuronModel& model) {
  Population p;
  p.name = name;
  p.shape = {n};
  p.kind = model;
  return p;
}

inline Population source(const std::string& name, std::uint64_t n, const SourceModel& model) {
  Population p;
  p.name = name;
  p.shape = {n};
  p.kind = model;
  return p;
}

inline Projection connect(const std::string& from, const std::string& to, const Connect& how, const Value& weight, const Value& delay_ms) {
  Projection p;
  p.source = from;
  p.target = to;
  p.connect = how;
  p.weight = weight;
  p.delay_ms = delay_ms;
  return p;
}

inline Value constant(double value) { return {Constant{value}, {}}; }
inline Value normal(double mean, double std, const Bounds& bounds = {}) { return {Normal{mean, std}, bounds}; }

}  // namespace spikeloop::bench
