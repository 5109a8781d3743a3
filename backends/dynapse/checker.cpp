// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/engine/synapses.hpp"
#include "core/random.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr double kMostWires = 4096 * 4096;  // of a projection; more cannot fit, and need not be looked at one by one
constexpr const char* kFamily = "dynap-se1";

void at_most(std::vector<Diagnostic>& faults, const char* field, const Figure& figure, double most) {
  if (figure.value >= 1 && figure.value <= most && figure.value == std::floor(figure.value)) return;
  faults.push_back({fmt::format("limits.{}", field),
                    fmt::format("is {:.6g}, but words of the family {} can name 1 to {:.6g}", figure.value, kFamily, most), "", "", 0, 0});
}

/// The words of the family bound what a file may promise.
void check_family(const ChipSpec& chip) {
  std::vector<Diagnostic> faults;
  if (chip.family != kFamily)
    faults.push_back({"family", fmt::format("is \"{}\"; this back end encodes for \"{}\"", chip.family, kFamily), "", "", 0, 0});
  const ChipLimits& l = chip.limits;
  at_most(faults, "chips", l.chips, firmware::kChips);
  if (l.chips_per_row.value != 2)
    faults.push_back(
        {"limits.chips_per_row", fmt::format("is {:.6g}, but boards of the family have 2", l.chips_per_row.value), "", "", 0, 0});
  at_most(faults, "cores", l.cores, firmware::kCores);
  at_most(faults, "neurons_per_core", l.neurons_per_core, firmware::kNeuronsPerCore);
  at_most(faults, "cam_words", l.cam_words, firmware::kCamsPerNeuron);
  at_most(faults, "sram_entries", l.sram_entries, firmware::kSramsPerNeuron);
  at_most(faults, "tags", l.tags, firmware::kNeuronsPerChip);
  if (chip.biases.coarse_a.empty() || chip.biases.coarse_a.size() > 8)
    faults.push_back({"biases.coarse_a", fmt::format("has {} ranges, but codes name 1 to 8", chip.biases.coarse_a.size()), "", "", 0, 0});
  if (!(chip.biases.fine_steps.value >= 1 && chip.biases.fine_steps.value <= 255))
    faults.push_back({"biases.fine_steps", fmt::format("is {:.6g}, but codes name 1 to 255", chip.biases.fine_steps.value), "", "", 0, 0});
  if (!faults.empty()) throw DescriptionError(std::move(faults));
}

}  // namespace

Checker::Checker(const Network& network, const ChipSpec& chip, const MapOptions& options)
    : network_(network), chip_(chip), options_(options), types_used_(network.populations().size() * kTypes) {}

std::string Checker::path_of_population(std::size_t index) const {
  return index < network_.description().populations.size() ? fmt::format("populations[{}]", index) : "controllers";
}

std::string Checker::path_of_projection(std::size_t index) const {
  return index < network_.description().projections.size() ? fmt::format("projections[{}]", index) : "controllers";
}

std::string Checker::path_of_model(std::size_t index, const char* field) const {
  const std::string path = path_of_population(index);
  return path == "controllers" ? path : fmt::format("{}.neuron.{}.{}", path, model_name(population(index).neuron()), field);
}

bool Checker::reaches_chip(const Projection& p) const { return p.port != Port::kModulator && on_chip(network_.population_index(p.target)); }

/// The neurons on the chip first, then what is played into it and heard there.
void Checker::number_sources() {
  Circuit& c = out_.circuit;
  const std::size_t n = network_.populations().size();
  c.first.assign(n, Circuit::kNone);
  std::vector<bool> heard(n);
  for (const Projection& p : network_.projections())
    if (reaches_chip(p)) heard[network_.population_index(p.source)] = true;
  const auto number = [&](std::size_t i, std::vector<LogicalNeuron>& list, std::size_t before) {
    c.first[i] = static_cast<std::uint32_t>(before + list.size());
    for (std::uint32_t k = 0; k < population(i).size(); ++k) list.push_back({static_cast<std::uint32_t>(i), k});
  };
  for (std::size_t i = 0; i < n; ++i)
    if (on_chip(i)) number(i, c.neurons, 0);
  for (std::size_t i = 0; i < n; ++i)
    if (!on_chip(i) && heard[i]) number(i, c.inputs, c.neurons.size());
  c.rate_hz.assign(c.sources(), kAssumedHz);
  for (std::size_t i = 0; i < n; ++i) {
    if (c.first[i] == Circuit::kNone || !population(i).is_source()) continue;
    double rate = kAssumedHz;
    if (const auto* poisson = std::get_if<PoissonSource>(&population(i).source())) rate = poisson->rate_hz;
    if (const auto* regular = std::get_if<RegularSource>(&population(i).source())) rate = regular->rate_hz;
    std::fill_n(c.rate_hz.begin() + c.first[i], population(i).size(), rate);
  }
}

/// Seen by the host: what is probed, what a host population listens to, and both ends of what the host learns.
void Checker::note_observed() {
  Circuit& c = out_.circuit;
  std::vector<bool> seen(network_.populations().size());
  for (const Probe& probe : network_.probes())
    if (probe.variable == Probe::Variable::kSpikes) seen[network_.population_index(probe.population)] = true;
  for (const Projection& p : network_.projections()) {
    const std::size_t source = network_.population_index(p.source), target = network_.population_index(p.target);
    if (!p.rule.empty()) seen[source] = seen[target] = true;
    if (!on_chip(target)) seen[source] = true;
  }
  c.observed.resize(c.neurons.size());
  for (std::size_t i = 0; i < c.neurons.size(); ++i) c.observed[i] = seen[c.neurons[i].population];
}

void Checker::check_delays(std::size_t k) {
  const Projection& p = network_.projections()[k];
  const double most = chip_.delays.longest_delay_ms.value;
  double longest = 0;
  if (is_constant(p.delay_ms)) {
    longest = draw(p.delay_ms, network_.seed(), 0, 0);
  } else {
    const auto draws = static_cast<std::uint64_t>(std::min(network_.expected_synapses(p), 4096.0));
    for (std::uint64_t i = 0; i < draws; ++i)
      longest = std::max(longest, draw(p.delay_ms, network_.seed(), stream_of(p.random_key, "delay"), i));
  }
  if (longest <= most) return;
  violate({path_of_projection(k), p.target, fmt::format("ms of delay for \"{}\"", p.name), longest, most,
           "the chip has no delay lines, and only what is short is left out", fmt::format("a delay of {:.4g} ms or less", most)});
}

void Checker::add_wires(std::size_t k) {
  Circuit& c = out_.circuit;
  const Projection& p = network_.projections()[k];
  Circuit::Bundle& bundle = c.bundles[k];
  const std::size_t source = network_.population_index(p.source), target = network_.population_index(p.target);
  bundle.slow = p.port == Port::kApical;
  bundle.plastic = !p.rule.empty();
  check_delays(k);
  if (population(source).is_source() && std::holds_alternative<CurrentSource>(population(source).source()))
    refuse(path_of_population(source), p.source, "is a current; the chip takes spikes", "a source of spikes, or a neuron's bias_mv");
  if (!complete_ || network_.expected_synapses(p) > kMostWires) {
    complete_ = false;
    check_expected_fan_in(k);
    return;
  }
  engine::for_each_initial_weight(network_, p, [&](std::uint32_t s, std::uint32_t t, float w) {
    bundle.wires.push_back({c.first[source] + s, c.first[target] + t, w});
  });
  std::stable_sort(bundle.wires.begin(), bundle.wires.end(),
                   [](const auto& a, const auto& b) { return std::pair(a.source, a.target) < std::pair(b.source, b.target); });
}

void Checker::override_weights() {
  for (const InitialWeights& given : options_.weights) {
    std::vector<Circuit::Wire>& wires = out_.circuit.bundles.at(given.projection).wires;
    if (!reaches_chip(network_.projections().at(given.projection))) continue;
    if (wires.size() != given.weights.size())
      throw DescriptionError(fmt::format("projection \"{}\" has {} synapses, but {} weights are given",
                                         network_.projections()[given.projection].name, wires.size(), given.weights.size()));
    for (std::size_t i = 0; i < wires.size(); ++i) wires[i].weight_mv = given.weights[i];
  }
}

void Checker::add_wires() {
  Circuit& c = out_.circuit;
  c.bundles.resize(network_.projections().size());
  for (std::size_t k = 0; k < c.bundles.size(); ++k)
    if (reaches_chip(network_.projections()[k])) add_wires(k);
  if (!complete_) {
    for (Circuit::Bundle& bundle : c.bundles) bundle.wires.clear();
    return;
  }
  override_weights();
  for (const Circuit::Bundle& bundle : c.bundles)
    for (const Circuit::Wire& wire : bundle.wires) {
      if (wire.weight_mv == 0 && !bundle.plastic) continue;
      const std::size_t first = c.neurons[wire.target].population * kTypes + (bundle.slow ? 0 : 1);
      if (wire.weight_mv > 0 || bundle.plastic) types_used_[first + 2] = true;
      if (wire.weight_mv < 0 || bundle.plastic) types_used_[first] = true;
    }
}

/// What else the chip has not of neurons that are of another kind altogether is a consequence, and mended with that.
void Checker::leave_causes() {
  for (const std::string& name : of_another_kind_)
    std::erase_if(out_.violations, [&, kept = false](const Violation& v) mutable {
      if (v.population != name) return false;
      return std::exchange(kept, true);
    });
}

Checked Checker::run() {
  check_all();
  leave_causes();
  return std::move(out_);
}

void Checker::check_all() {
  out_.circuit.homes = homes_of(network_, options_);
  for (std::size_t i = 0; i < network_.populations().size(); ++i)
    if (on_chip(i)) check_model(i), check_state(i);
  check_probes();
  double neurons = 0;
  for (std::size_t i = 0; i < network_.populations().size(); ++i) neurons += static_cast<double>(population(i).size());
  if (neurons > kMostWires) complete_ = false;  // not worth numbering
  if (complete_) {
    number_sources();
    note_observed();
  }
  check_neurons();
  add_wires();
  Circuit& c = out_.circuit;
  c.threshold_mv.assign(c.neurons.size(), 1);
  c.parameters_of.assign(c.neurons.size(), 0);
  if (!complete_) return;
  for (std::size_t i = 0; i < network_.populations().size(); ++i)
    if (on_chip(i)) make_parameters(i);
  gather(c);
  check_fan_in();
  check_parameter_sets();
  check_inputs();
  check_weights();
}

Checked check(const Network& network, const ChipSpec& chip, const MapOptions& options) {
  check_family(chip);
  return Checker(network, chip, options).run();
}

}  // namespace spikeloop::dynapse
