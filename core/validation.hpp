// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/network.hpp"

/// The parts of `validate`: each checks one part of a description and adds what it finds.
namespace spikeloop::validation {

/// Collects faults below a path.
class Faults {
 public:
  explicit Faults(std::vector<Diagnostic>& all, std::string path = "") : all_(&all), path_(std::move(path)) {}
  Faults at(const std::string& field) const { return Faults(*all_, path_.empty() ? field : path_ + "." + field); }
  Faults at(const char* field, std::size_t index) const { return at(fmt::format("{}[{}]", field, index)); }
  void add(std::string what, std::string suggestion = "") const {
    all_->push_back({path_, std::move(what), std::move(suggestion), "", 0, 0});
  }

  bool finite(const char* field, double x) const {
    if (std::isfinite(x) && std::abs(x) <= 1e12) return true;
    at(field).add(fmt::format("is {}, which is not a finite number of reasonable size", x), "use a number between -1e12 and 1e12");
    return false;
  }
  bool positive(const char* field, double x) const {
    if (!finite(field, x)) return false;
    if (x > 0) return true;
    at(field).add(fmt::format("is {}, but must be greater than 0", x));
    return false;
  }
  bool not_negative(const char* field, double x) const {
    if (!finite(field, x)) return false;
    if (x >= 0) return true;
    at(field).add(fmt::format("is {}, but must not be negative", x));
    return false;
  }
  void between(const char* field, double x, double low, double high) const {
    if (finite(field, x) && (x < low || x > high)) at(field).add(fmt::format("is {}, but must be between {} and {}", x, low, high));
  }

 private:
  std::vector<Diagnostic>* all_;
  std::string path_;
};

inline constexpr double kMaxTimeMs = 1e11;  // 3 years: far from the end of int64 nanoseconds

/// Everything that a check of one part needs to know about the rest.
struct Context {
  const NetworkDescription& d;
  std::map<std::string, std::size_t> populations, rules, projections;

  std::uint64_t size_of(const std::string& population) const { return d.populations[populations.at(population)].size(); }
};

/// Whether `name` is among the names; if not, adds the fault, with a "did you mean".
bool refers(const Faults& f, const char* field, const std::string& name, const std::map<std::string, std::size_t>& index, const char* what);

/// Number of neurons as a double, so that no product overflows.
double size_or_more(const std::vector<std::uint64_t>& shape);

/// {channels, height, width}; a plain {height, width} has one channel; nothing for other shapes.
std::optional<std::array<std::uint64_t, 3>> image_shape(const Population& p);

/// `expected` is the number of values that a list must have (0 = a list cannot be used here), `of_what` says what they stand for.
void check_value(const Faults& f, const Value& value, double expected, const char* of_what, bool feedback = false);

void check_population(const Faults& f, const Population& p, Time resolution);
void check_projection(const Faults& f, const Context& c, const Projection& p);
void check_rule(const Faults& f, const Rule& r);
void check_controller(const Faults& f, const Context& c, const Controller& k);

}  // namespace spikeloop::validation
