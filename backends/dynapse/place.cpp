// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <optional>

#include "backends/dynapse/placer.hpp"

namespace spikeloop::dynapse {
namespace {

/// The spike generator plays to one chip: no way between neurons is worth a second one, unless nothing is found that way.
constexpr double kOneInputChip = 5000, kMoreInputChips = 4;

/// One try: groups, cut, refinement, tags.
struct Attempt {
  std::unique_ptr<Arrangement> arrangement;
  std::optional<Tags> tags;
  double cost = 0;
  std::uint32_t cores = 0;  ///< that the groups had
};

std::uint32_t cores_of(const std::vector<Group>& groups) {
  std::uint32_t cores = 0;
  for (const Group& g : groups) cores += g.cores;
  return cores;
}

/// A core for each population, if that takes no more chips than need be; every other attempt mixes populations.
std::vector<Group> groups_for(const Circuit& circuit, const Board& board, std::uint64_t attempt) {
  std::vector<Group> mixed = groups_of(circuit, board, false), apart = groups_of(circuit, board, true);
  const auto chips = [&](const std::vector<Group>& groups) { return (cores_of(groups) + board.cores - 1) / board.cores; };
  const bool by_population = cores_of(apart) <= board.slots() && (chips(apart) == chips(mixed)) == (attempt % 2 == 0);
  return by_population ? apart : mixed;
}

/// More cores for groups whose neurons wish for them, as long as there are some.
void widen(std::vector<Group>& groups, const Board& board, const std::vector<std::uint32_t>& wishes) {
  std::uint32_t free = board.slots() - cores_of(groups);
  for (Group& group : groups) {
    std::uint32_t more = 0;
    for (const std::uint32_t n : group.neurons) more += wishes[n];
    more = std::min({more, free, static_cast<std::uint32_t>(group.neurons.size()) - group.cores});
    group.cores += more, free -= more;
  }
}

/// A neuron of each core that hears more sources than it has tags wishes for as many cores more as that takes at least. False if none does.
bool wish(const Board& board, const Arrangement& a, std::vector<std::uint32_t>& wishes) {
  std::vector<bool> wished(board.slots());
  bool any = false;
  for (std::uint32_t n = 0; n < wishes.size(); ++n) {
    const std::uint32_t slot = a.slots()[n], over = (a.tags_of(slot) - 1) / (board.tags - 1);
    if (a.tags_of(slot) == 0 || over == 0 || wished[slot]) continue;
    wishes[n] += over;
    wished[slot] = any = true;
  }
  return any;
}

Attempt attempt_of(const Circuit& circuit, const Board& board, std::uint64_t seed, std::uint64_t attempt,
                   const std::vector<std::uint32_t>& wishes) {
  std::vector<Group> groups = groups_for(circuit, board, attempt);
  widen(groups, board, wishes);
  const std::uint64_t draw = seed + attempt * 0x9E3779B97F4A7C15ull;
  Attempt a;
  a.cores = cores_of(groups);
  const double input_core = attempt % 4 < 2 ? kOneInputChip : kMoreInputChips;
  a.arrangement = std::make_unique<Arrangement>(circuit, board, first_cut(circuit, board, groups, draw), input_core);
  a.arrangement->arrange_cores();
  a.arrangement->refine(groups, draw);
  a.cost = a.arrangement->cost();
  for (std::uint32_t s = 0; s < circuit.sources(); ++s)
    if (a.arrangement->excess_of(s) > 0) return a;
  a.tags = assign_tags(circuit, board, *a.arrangement, attempt == 0 ? 0 : draw);
  return a;
}

std::string population_of(const Network& network, const Circuit& circuit, std::uint32_t source) {
  const std::size_t n = circuit.neurons.size();
  return network.populations()[(source < n ? circuit.neurons[source] : circuit.inputs[source - n]).population].name;
}

std::string path_of(const Network& network, const std::string& population) {
  const std::size_t i = network.population_index(population);
  return i < network.description().populations.size() ? fmt::format("populations[{}]", i) : "controllers";
}

/// Neurons that have more destinations than entries, one finding a population.
void explain_routes(const Network& network, const Circuit& circuit, const Board& board, const Arrangement& a, unsigned attempts,
                    std::vector<Violation>& violations) {
  struct Worst {
    std::uint32_t need = 0, neurons = 0;
    bool observed = false;
  };
  std::vector<Worst> worst(network.populations().size());
  for (std::uint32_t n = 0; n < circuit.neurons.size(); ++n) {
    if (a.excess_of(n) == 0) continue;
    Worst& w = worst[circuit.neurons[n].population];
    w.need = std::max(w.need, a.entries_of(n)), ++w.neurons, w.observed = circuit.observed[n];
  }
  for (std::size_t p = 0; p < worst.size(); ++p) {
    if (worst[p].neurons == 0) continue;
    const std::string& name = network.populations()[p].name;
    const std::uint32_t over = worst[p].need - std::min(worst[p].need, board.sram_entries);
    violations.push_back({path_of(network, name), name, "SRAM entries in a neuron", static_cast<double>(worst[p].need),
                          static_cast<double>(board.sram_entries),
                          fmt::format("{} neurons have targets on too many chips{}; the best of {} placements that were tried",
                                      worst[p].neurons, worst[p].observed ? ", and one entry is taken by their being seen" : "", attempts),
                          worst[p].observed && over == 1 ? std::string("not to probe it (nor learn at it), or targets on one chip fewer")
                                                         : fmt::format("targets on {} chip{} fewer", over, over == 1 ? "" : "s")});
  }
}

/// The cores that hear more sources than there are tags; or that no assignment of tags was found.
void explain_tags(const Network& network, const Circuit& circuit, const Board& board, const Arrangement& a, unsigned attempts,
                  std::vector<Violation>& violations) {
  const std::uint32_t limit = board.tags - 1;
  std::uint32_t fullest = 0;
  for (std::uint32_t slot = 0; slot < board.slots(); ++slot) {
    const std::uint32_t heard = a.tags_of(slot);
    fullest = std::max(fullest, heard);
    if (heard <= limit) continue;
    std::string name;
    for (std::uint32_t n = 0; n < circuit.neurons.size() && name.empty(); ++n)
      if (a.slots()[n] == slot) name = population_of(network, circuit, n);
    violations.push_back(
        {path_of(network, name), name, fmt::format("tags in U{} core {}", board.chip_of(slot), slot % board.cores),
         static_cast<double>(heard), static_cast<double>(limit),
         fmt::format("its neurons listen to so many sources; the best of {} placements that were tried", attempts),
         fmt::format("{} source{} fewer, or targets that listen to the same ones", heard - limit, heard - limit == 1 ? "" : "s")});
  }
  if (!violations.empty()) return;
  violations.push_back(
      {"populations", "", "", 0, 0,
       fmt::format("no tags were found by which every core tells its sources apart: the fullest hears {} of {} that are "
                   "possible, and neurons of one number and different cores or chips alias (in {} placements that were tried)",
                   fullest, limit, attempts),
       "targets that listen to fewer sources, fewer projections between chips, or another placement (map --seed, else --map-seed)"});
}

void fill(Placement& p, const Circuit& circuit, const Board& board, const Arrangement& a, Tags tags) {
  p.places = std::move(tags.places);
  p.routes = std::move(tags.routes);
  std::vector<CoreUse> cores(board.slots());
  for (std::uint32_t n = 0; n < circuit.neurons.size(); ++n) {
    CoreUse& use = cores[a.slots()[n]];
    ++use.neurons;
    use.parameters = circuit.parameters_of[n];
    use.sram_entries =
        std::max(use.sram_entries, static_cast<std::uint32_t>(p.routes[n].size()) + (circuit.observed[n] ? board.sram_monitoring : 0));
  }
  for (std::uint32_t slot = 0; slot < board.slots(); ++slot) {
    if (cores[slot].neurons == 0) continue;
    cores[slot].chip = static_cast<std::uint8_t>(board.chip_of(slot)), cores[slot].core = static_cast<std::uint8_t>(slot % board.cores);
    cores[slot].tags = a.tags_of(slot);
    p.cores.push_back(cores[slot]);
  }
  double broadcasts = 0, hops = 0;
  for (std::uint32_t s = 0; s < p.routes.size(); ++s)
    for (const ChipRoute& r : p.routes[s]) {
      broadcasts += std::popcount(r.core_mask);
      if (s >= circuit.neurons.size()) continue;
      hops += board.distance(p.places[s].chip, r.chip);
    }
  p.broadcasts = broadcasts / static_cast<double>(std::max<std::size_t>(p.routes.size(), 1));
  p.hops = hops / static_cast<double>(std::max<std::size_t>(circuit.neurons.size(), 1));
}

}  // namespace

Placed place(const Network& network, const Circuit& circuit, const ChipSpec& chip, const MapOptions& options) {
  const Board board(chip);
  if (cores_of(groups_of(circuit, board, false)) > board.slots())
    throw BugError("place: the circuit needs more cores than `check` let pass");
  Placed placed;
  Attempt best;
  std::vector<std::uint32_t> wishes(circuit.neurons.size());  // for more cores, by neuron
  unsigned attempts = std::max(options.attempts, 1U);
  for (unsigned i = 0; i < attempts; ++i) {
    Attempt attempt = attempt_of(circuit, board, options.seed, i, wishes);
    if (wish(board, *attempt.arrangement, wishes) && attempt.cores < board.slots() && attempts < options.attempts + board.slots())
      ++attempts;
    const bool better = !best.arrangement || attempt.cost < best.cost;
    const bool done = attempt.tags.has_value();
    if (better || done) best = std::move(attempt);
    if (done) break;
  }
  if (best.tags) {
    fill(placed.placement, circuit, board, *best.arrangement, std::move(*best.tags));
    return placed;
  }
  explain_routes(network, circuit, board, *best.arrangement, attempts, placed.violations);
  explain_tags(network, circuit, board, *best.arrangement, attempts, placed.violations);
  return placed;
}

}  // namespace spikeloop::dynapse
