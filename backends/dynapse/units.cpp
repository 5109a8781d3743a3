// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/units.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace spikeloop::dynapse {
namespace {

/// One synapse of the core.
struct Item {
  std::uint32_t neuron = 0;  ///< of the core
  std::size_t index = 0;     ///< into the counts
  double weight = 0;
};

/// Counts of one type at one unit.
struct Candidate {
  double unit = 0, error = 0;
  std::size_t words = 0;
  std::vector<std::uint8_t> counts;  ///< by item
  std::vector<std::uint16_t> used;   ///< by neuron
};

std::vector<std::uint8_t> counts_at(const std::vector<Item>& items, double unit) {
  std::vector<std::uint8_t> counts(items.size());
  for (std::size_t i = 0; i < items.size(); ++i)
    counts[i] = static_cast<std::uint8_t>(std::min(std::floor(items[i].weight / unit + 0.5), 255.0));
  return counts;
}

/// The unit of least square error for these counts.
double best_unit(const std::vector<Item>& items, const std::vector<std::uint8_t>& counts) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    product += items[i].weight * counts[i];
    square += static_cast<double>(counts[i]) * counts[i];
  }
  return square > 0 ? product / square : 0;
}

Candidate candidate(const std::vector<Item>& items, std::size_t neurons, std::vector<std::uint8_t> counts, double unit) {
  Candidate c;
  c.unit = unit;
  c.counts = std::move(counts);
  c.used.assign(neurons, 0);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const double apart = items[i].weight - c.counts[i] * unit;
    c.error += apart * apart;
    c.used[items[i].neuron] = static_cast<std::uint16_t>(c.used[items[i].neuron] + c.counts[i]);
    c.words += c.counts[i];
  }
  return c;
}

/// The largest weight is k words, for every k; each with the best unit for its counts, and counted anew with that. The first has at most
/// one word a synapse, and so always fits.
std::vector<Candidate> candidates(const std::vector<Item>& items, std::size_t neurons, std::uint32_t budget) {
  double largest = 0;
  for (const Item& item : items) largest = std::max(largest, item.weight);
  std::vector<Candidate> all;
  if (largest == 0) return all;
  const auto fits = [&](const Candidate& c) { return std::all_of(c.used.begin(), c.used.end(), [&](auto n) { return n <= budget; }); };
  for (std::uint32_t k = 1; k <= budget; ++k) {
    std::vector<std::uint8_t> counts = counts_at(items, largest / k);
    const double unit = best_unit(items, counts);
    Candidate plain = candidate(items, neurons, counts, unit), again = candidate(items, neurons, counts_at(items, unit), unit);
    const bool exact = plain.error <= 1e-12 * largest * largest;
    if (k > 1 && !fits(plain) && !fits(again)) continue;
    if (k == 1 || fits(plain)) all.push_back(std::move(plain));
    if (!exact && fits(again)) all.push_back(std::move(again));
    if (exact) break;
  }
  return all;
}

/// Which candidate of each type: steps by what they gain for a word.
class Choice {
 public:
  Choice(std::array<std::vector<Candidate>, kTypes> candidates, std::size_t neurons, std::uint32_t budget)
      : candidates_(std::move(candidates)), used_(neurons), budget_(budget) {
    for (const auto& list : candidates_)
      if (!list.empty()) add(list.front(), 1);
  }

  void run() {
    while (step()) {
    }
  }

  const Candidate* chosen(std::size_t type) const { return candidates_[type].empty() ? nullptr : &candidates_[type][chosen_[type]]; }

 private:
  void add(const Candidate& c, int sign) {
    for (std::size_t n = 0; n < used_.size(); ++n) used_[n] += sign * static_cast<int>(c.used[n]);
  }

  bool fits(const Candidate& now, const Candidate& then) const {
    for (std::size_t n = 0; n < used_.size(); ++n)
      if (used_[n] - now.used[n] + then.used[n] > static_cast<int>(budget_)) return false;
    return true;
  }

  bool step() {
    double best = 0;
    std::size_t best_type = 0, best_candidate = 0;
    for (std::size_t type = 0; type < kTypes; ++type)
      for (std::size_t i = 0; i < candidates_[type].size(); ++i) {
        const Candidate &now = *chosen(type), &then = candidates_[type][i];
        const double gain = now.error - then.error;
        if (gain <= 1e-15) continue;
        const double words = then.words > now.words ? static_cast<double>(then.words - now.words) : 1;
        if (gain / words > best && fits(now, then)) best = gain / words, best_type = type, best_candidate = i;
      }
    if (best == 0) return false;
    add(*chosen(best_type), -1);
    chosen_[best_type] = best_candidate;
    add(*chosen(best_type), 1);
    return true;
  }

  std::array<std::vector<Candidate>, kTypes> candidates_;
  std::array<std::size_t, kTypes> chosen_{};
  std::vector<int> used_;
  std::uint32_t budget_;
};

/// The largest weights of a neuron, as many as it may have.
std::vector<bool> kept(std::span<const Circuit::Synapse> synapses, std::uint32_t budget) {
  std::vector<std::size_t> order(synapses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return synapses[a].weight > synapses[b].weight; });
  std::vector<bool> keep(synapses.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(budget, order.size()); ++i) keep[order[i]] = true;
  return keep;
}

}  // namespace

Units choose_units(const Circuit& circuit, std::span<const std::uint32_t> neurons, std::uint32_t budget) {
  std::array<std::vector<Item>, kTypes> items;
  Units units;
  std::size_t index = 0;
  for (std::uint32_t n = 0; n < neurons.size(); ++n) {
    const auto synapses = circuit.fan_in(neurons[n]);
    const std::vector<bool> keep = kept(synapses, budget);
    for (std::size_t i = 0; i < synapses.size(); ++i, ++index)
      if (keep[i]) items[static_cast<std::size_t>(synapses[i].type)].push_back({n, index, static_cast<double>(synapses[i].weight)});
  }
  units.counts.assign(index, 0);
  std::array<std::vector<Candidate>, kTypes> lists;
  for (std::size_t type = 0; type < kTypes; ++type) lists[type] = candidates(items[type], neurons.size(), budget);
  Choice choice(std::move(lists), neurons.size(), budget);
  choice.run();
  for (std::size_t type = 0; type < kTypes; ++type) {
    const Candidate* c = choice.chosen(type);
    if (c == nullptr) continue;
    units.unit[type] = c->unit;
    for (std::size_t i = 0; i < items[type].size(); ++i) units.counts[items[type][i].index] = c->counts[i];
  }
  return units;
}

}  // namespace spikeloop::dynapse
