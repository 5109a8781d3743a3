// SPDX-License-Identifier: Apache-2.0
#include "backends/compose/host_network.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "backends/compose/chip_network.hpp"
#include "core/engine/synapses.hpp"

namespace spikeloop::compose {
namespace {

constexpr double kEchoThresholdMv = 1e9, kEchoDriveMv = 4e9;
constexpr double kEchoTauMs = 1;

bool is_generated(const Population& p) { return p.is_source() && !std::holds_alternative<ExternalSource>(p.source()); }

bool runs_on_host(const Network& network, const std::vector<Home>& homes, const Projection& p) {
  if (!p.rule.empty()) return true;
  return homes[network.population_index(p.target)] == Home::kHost;
}

/// What is seen of feedback at a neuron that learns: the currents that its rules look at.
bool teaches(const Network& network, const std::vector<Home>& homes, const std::vector<bool>& echoed, const Projection& p) {
  const std::size_t target = network.population_index(p.target);
  return p.port != Port::kBasal && homes[target] == Home::kChip && echoed[target];
}

NeuronModel echo_of(const NeuronModel& model) {
  Lif echo;
  echo.tau_m_ms = kEchoTauMs;
  echo.tau_apical_ms = membrane_of(model).tau_apical_ms;
  echo.v_threshold_mv = kEchoThresholdMv;
  return echo;
}

class Builder {
 public:
  Builder(const Network& network, const std::vector<Home>& homes) : network_(network), homes_(homes) {
    for (const Population& p : network.populations()) echoed_.push_back(false), names_.push_back(name_in_part(p.name));
    for (const Projection& p : network.projections()) {
      const std::size_t target = network.population_index(p.target);
      if (!p.rule.empty() && homes[target] == Home::kChip) echoed_[target] = true;
    }
  }

  std::optional<HostNetwork> build() {
    const bool nobody = std::none_of(homes_.begin(), homes_.end(), [](Home h) { return h == Home::kHost; });
    if (nobody && std::none_of(echoed_.begin(), echoed_.end(), [](bool e) { return e; })) return std::nullopt;
    description_.name = network_.name();
    description_.resolution = network_.resolution();
    description_.seed = network_.seed();
    description_.rules = network_.rules();
    add_populations();
    for (std::size_t k = 0; k < network_.projections().size(); ++k) add_projection(k);
    add_drives();
    add_probes();
    return HostNetwork{Network(std::move(description_)), std::move(drive_), std::move(projection_of_), std::move(weights_),
                       std::move(probe_of_)};
  }

 private:
  void add_populations() {
    drive_.resize(network_.populations().size());
    for (std::size_t i = 0; i < network_.populations().size(); ++i) {
      Population p = network_.populations()[i];
      p.name = names_[i];
      if (homes_[i] != Home::kHost) {
        p.v_initial_mv.reset(), p.homeostasis.reset();
        if (echoed_[i])
          p.kind = echo_of(p.neuron());
        else
          p.kind = SourceModel(ExternalSource{});
      }
      description_.populations.push_back(std::move(p));
    }
    for (std::size_t i = 0; i < echoed_.size(); ++i) {
      if (!echoed_[i]) continue;
      drive_[i] = static_cast<std::uint32_t>(description_.populations.size());
      Population source;
      source.name = "host.drive." + names_[i];
      source.shape = network_.populations()[i].shape;
      source.kind = SourceModel(ExternalSource{});
      description_.populations.push_back(std::move(source));
    }
  }

  void add_projection(std::size_t k) {
    Projection p = network_.projections()[k];
    projection_of_.emplace_back();
    if (!runs_on_host(network_, homes_, p) && !teaches(network_, homes_, echoed_, p)) return;
    projection_of_.back() = description_.projections.size();
    if (is_constant(p.delay_ms)) take_weights(p);
    p.source = names_[network_.population_index(p.source)];
    p.target = names_[network_.population_index(p.target)];
    description_.projections.push_back(std::move(p));
  }

  /// As the whole network draws them: some are made of weights of projections that are not here.
  void take_weights(Projection& p) {
    InitialWeights initial{description_.projections.size(), {}};
    std::vector<std::tuple<std::uint32_t, std::uint32_t, float>> synapses;
    engine::for_each_initial_weight(network_, p, [&](std::uint32_t s, std::uint32_t t, float w) { synapses.emplace_back(s, t, w); });
    std::stable_sort(synapses.begin(), synapses.end(), [](const auto& a, const auto& b) {
      return std::pair(std::get<0>(a), std::get<1>(a)) < std::pair(std::get<0>(b), std::get<1>(b));
    });
    for (const auto& [s, t, w] : synapses) initial.weights.push_back(w);
    weights_.push_back(std::move(initial));
    if (!std::holds_alternative<Tensor>(p.connect)) p.weight = {Constant{0}, {}}, p.weight_scale = 1;
  }

  void add_drives() {
    for (std::size_t i = 0; i < drive_.size(); ++i) {
      if (!drive_[i]) continue;
      Projection p;
      p.source = description_.populations[*drive_[i]].name;
      p.target = names_[i];
      p.connect = OneToOne{};
      p.weight = {Constant{kEchoDriveMv}, {}};
      p.delay_ms = {Constant{to_ms(network_.resolution())}, {}};
      description_.projections.push_back(std::move(p));
    }
  }

  void add_probes() {
    std::vector<bool> probed(homes_.size());
    for (std::uint32_t i = 0; i < network_.probes().size(); ++i) {
      Probe p = network_.probes()[i];
      if (!p.projection.empty() && !projection_of_[network_.projection_index(p.projection)]) continue;
      if (!p.population.empty()) {
        const std::size_t population = network_.population_index(p.population);
        if (homes_[population] != Home::kHost) continue;
        probed[population] = probed[population] || p.variable == Probe::Variable::kSpikes;
        p.population = names_[population];
      }
      description_.probes.push_back(std::move(p));
      probe_of_.push_back(i);
    }
    for (std::size_t i = 0; i < homes_.size(); ++i)
      if (homes_[i] == Home::kHost && !probed[i]) {
        description_.probes.push_back({"", names_[i], "", Probe::Variable::kSpikes, 0, 1});
        probe_of_.push_back(HostNetwork::kNone);
      }
  }

  const Network& network_;
  const std::vector<Home>& homes_;
  std::vector<bool> echoed_;
  std::vector<std::string> names_;
  NetworkDescription description_;
  std::vector<std::optional<std::uint32_t>> drive_;
  std::vector<std::optional<std::size_t>> projection_of_;
  std::vector<InitialWeights> weights_;
  std::vector<std::uint32_t> probe_of_;
};

}  // namespace

std::optional<HostNetwork> host_network(const Network& network, const std::vector<Home>& homes) { return Builder(network, homes).build(); }

std::optional<Network> source_network(const Network& network) {
  NetworkDescription d;
  d.name = network.name();
  d.resolution = network.resolution();
  d.seed = network.seed();
  bool any = false;
  for (Population p : network.populations()) {
    p.name = name_in_part(p.name);
    p.v_initial_mv.reset(), p.homeostasis.reset();
    if (is_generated(p)) {
      any = true;
      d.probes.push_back({"", p.name, "", Probe::Variable::kSpikes, 0, 1});
    } else {
      p.kind = SourceModel(ExternalSource{});
    }
    d.populations.push_back(std::move(p));
  }
  if (!any) return std::nullopt;
  return Network(std::move(d));
}

}  // namespace spikeloop::compose
