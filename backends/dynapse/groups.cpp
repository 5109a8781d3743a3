// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <metis.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>

#include "backends/dynapse/placer.hpp"

namespace spikeloop::dynapse {
namespace {

std::uint32_t ceil_div(std::size_t n, std::uint32_t by) { return static_cast<std::uint32_t>((n + by - 1) / by); }

/// A graph for METIS: the neurons of a group, and everything outside that two of them hear, which has no weight. Edges stand for synapses.
struct Graph {
  std::vector<idx_t> begin, neighbours, weights;
};

Graph graph_of(const Circuit& circuit, const Group& group) {
  std::vector<std::uint32_t> number(circuit.sources(), Circuit::kNone);
  std::uint32_t vertices = 0;
  for (const std::uint32_t n : group.neurons) number[n] = vertices++;
  const std::uint32_t inside = vertices;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  // both directions
  for (const std::uint32_t n : group.neurons)
    for (const Circuit::Synapse& s : circuit.fan_in(n)) {
      if (number[s.source] == Circuit::kNone) number[s.source] = vertices++;
      if (number[s.source] == number[n]) continue;
      edges.emplace_back(number[n], number[s.source]);
      edges.emplace_back(number[s.source], number[n]);
    }
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  Graph graph;
  graph.begin.assign(vertices + 1, 0);
  for (const auto& [from, to] : edges) {
    ++graph.begin[from + 1];
    graph.neighbours.push_back(static_cast<idx_t>(to));
  }
  std::partial_sum(graph.begin.begin(), graph.begin.end(), graph.begin.begin());
  graph.weights.assign(vertices, 0);
  std::fill_n(graph.weights.begin(), inside, 1);
  return graph;
}

/// Which of `parts` each neuron of the group goes to; METIS keeps the parts about equal, not below a limit.
std::vector<std::uint32_t> cut(const Circuit& circuit, const Group& group, std::uint64_t seed) {
  std::vector<std::uint32_t> parts(group.neurons.size());
  Graph graph = graph_of(circuit, group);
  if (graph.neighbours.empty()) {  // nothing to cut: by number
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = static_cast<std::uint32_t>(i * group.cores / parts.size());
    return parts;
  }
  idx_t vertices = static_cast<idx_t>(graph.weights.size()), constraints = 1, cores = static_cast<idx_t>(group.cores), cut_edges = 0;
  idx_t options[METIS_NOPTIONS];
  METIS_SetDefaultOptions(options);
  options[METIS_OPTION_SEED] = static_cast<idx_t>(seed & 0x7FFFFFFF);
  options[METIS_OPTION_NUMBERING] = 0;
  std::vector<idx_t> part(graph.weights.size());
  const int status = METIS_PartGraphKway(&vertices, &constraints, graph.begin.data(), graph.neighbours.data(), graph.weights.data(),
                                         nullptr, nullptr, &cores, nullptr, nullptr, options, &cut_edges, part.data());
  if (status != METIS_OK) throw BugError(fmt::format("METIS could not cut a graph of {} vertices: status {}", vertices, status));
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = static_cast<std::uint32_t>(part[i]);
  return parts;
}

/// Moves neurons from parts that are too full to the emptiest; which are moved is for the refinement to mend.
void even_out(std::vector<std::uint32_t>& parts, std::uint32_t cores, std::uint32_t limit) {
  std::vector<std::uint32_t> sizes(cores);
  for (const std::uint32_t p : parts) ++sizes[p];
  for (std::uint32_t& p : parts) {
    if (sizes[p] <= limit) continue;
    --sizes[p];
    p = static_cast<std::uint32_t>(std::min_element(sizes.begin(), sizes.end()) - sizes.begin());
    ++sizes[p];
  }
}

}  // namespace

Board::Board(const ChipSpec& chip) {
  const auto number = [](const Figure& f) { return static_cast<std::uint32_t>(f.value); };
  const ChipLimits& l = chip.limits;
  chips = number(l.chips), row = number(l.chips_per_row), cores = number(l.cores), neurons_per_core = number(l.neurons_per_core);
  sram_entries = number(l.sram_entries), sram_monitoring = number(l.sram_monitoring), tags = number(l.tags), hops = number(l.hops);
}

std::array<int, 2> Board::way(std::uint32_t from, std::uint32_t to) const {
  return {static_cast<int>(to % row) - static_cast<int>(from % row), static_cast<int>(to / row) - static_cast<int>(from / row)};
}

std::uint32_t Board::distance(std::uint32_t from, std::uint32_t to) const {
  const auto [dx, dy] = way(from, to);
  return static_cast<std::uint32_t>(std::abs(dx) + std::abs(dy));
}

std::vector<Group> groups_of(const Circuit& circuit, const Board& board, bool by_population) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Group> groups;  // (parameters, population)
  for (std::uint32_t n = 0; n < circuit.neurons.size(); ++n) {
    const std::uint32_t parameters = circuit.parameters_of[n];
    Group& group = groups[{parameters, by_population ? circuit.neurons[n].population : 0}];
    group.parameters = parameters;
    group.neurons.push_back(n);
  }
  std::vector<Group> list;
  for (auto& [key, group] : groups) {
    group.cores = ceil_div(group.neurons.size(), board.neurons_per_core);
    list.push_back(std::move(group));
  }
  return list;
}

std::vector<std::uint32_t> first_cut(const Circuit& circuit, const Board& board, const std::vector<Group>& groups, std::uint64_t seed) {
  std::vector<std::uint32_t> slots(circuit.neurons.size());
  std::uint32_t first = 0;
  for (const Group& group : groups) {
    std::vector<std::uint32_t> parts(group.neurons.size());
    if (group.cores > 1) {
      parts = cut(circuit, group, seed);
      even_out(parts, group.cores, board.neurons_per_core);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) slots[group.neurons[i]] = first + parts[i];
    first += group.cores;
  }
  return slots;
}

}  // namespace spikeloop::dynapse
