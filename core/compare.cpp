// SPDX-License-Identifier: Apache-2.0
#include "core/compare.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace spikeloop {
namespace {

using Key = std::pair<std::uint32_t, std::uint32_t>;  // index into the populations of the comparison, neuron

std::map<Key, std::vector<Time>> trains_by_neuron(const NamedSpikes& recording, const std::vector<std::uint32_t>& index) {
  std::map<Key, std::vector<Time>> trains;
  for (const Spike& s : recording.spikes) trains[{index[s.population], s.neuron}].push_back(s.time);
  for (auto& [key, train] : trains) std::sort(train.begin(), train.end());
  return trains;
}

/// The first spike of two sorted trains that has no partner; counts those that have one.
std::optional<Divergence> compare_trains(const std::vector<Time>& a, const std::vector<Time>& b, Time tolerance, std::uint64_t& shared) {
  std::optional<Divergence> first;
  std::size_t i = 0, k = 0;
  while (i < a.size() || k < b.size()) {
    const bool both = i < a.size() && k < b.size();
    if (both && std::max(a[i], b[k]) - std::min(a[i], b[k]) <= tolerance) {
      ++shared, ++i, ++k;
      continue;
    }
    const bool of_a = k == b.size() || (both && a[i] < b[k]);
    if (!first) {
      first.emplace();
      first->time = of_a ? a[i] : b[k];
      if (i < a.size()) first->a = a[i];
      if (k < b.size()) first->b = b[k];
    }
    ++(of_a ? i : k);
  }
  return first;
}

}  // namespace

std::uint32_t NamedSpikes::index_of(const std::string& name) {
  const auto at = std::find(populations.begin(), populations.end(), name);
  if (at != populations.end()) return static_cast<std::uint32_t>(at - populations.begin());
  populations.push_back(name);
  return static_cast<std::uint32_t>(populations.size() - 1);
}

SpikeComparison compare_spikes(const NamedSpikes& a, const NamedSpikes& b, Time tolerance) {
  SpikeComparison out;
  NamedSpikes names;
  const auto index_in = [&](const NamedSpikes& recording) {
    std::vector<std::uint32_t> index;
    for (const std::string& name : recording.populations) index.push_back(names.index_of(name));
    return index;
  };
  const std::vector<std::uint32_t> of_a = index_in(a), of_b = index_in(b);
  for (const std::string& name : names.populations) out.populations.push_back({name});
  for (const Spike& s : a.spikes) ++out.populations[of_a[s.population]].a;
  for (const Spike& s : b.spikes) ++out.populations[of_b[s.population]].b;
  const auto in_a = trains_by_neuron(a, of_a), in_b = trains_by_neuron(b, of_b);
  const std::vector<Time> silence;
  Key of_first{};
  const auto compare = [&](const Key& key, const std::vector<Time>& train_a, const std::vector<Time>& train_b) {
    auto parted = compare_trains(train_a, train_b, tolerance, out.populations[key.first].shared);
    if (!parted || (out.first && std::tie(out.first->time, of_first) <= std::tie(parted->time, key))) return;
    parted->population = names.populations[key.first], parted->neuron = key.second;
    out.first = std::move(parted), of_first = key;
  };
  for (const auto& [key, train] : in_a) {
    const auto other = in_b.find(key);
    compare(key, train, other == in_b.end() ? silence : other->second);
  }
  for (const auto& [key, train] : in_b)
    if (!in_a.contains(key)) compare(key, silence, train);
  return out;
}

}  // namespace spikeloop
