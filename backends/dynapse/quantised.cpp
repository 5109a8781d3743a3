// SPDX-License-Identifier: Apache-2.0
// The simulator with the weights of the chip.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "backends/compose/chip_network.hpp"
#include "backends/dynapse/device.hpp"
#include "backends/dynapse/dynapse.hpp"
#include "backends/dynapse/session.hpp"
#include "core/bytes.hpp"

namespace spikeloop::dynapse {
namespace {

struct Quantisation {
  std::shared_ptr<const Network> network;
  ChipSpec chip;
  MapOptions options;
  Compiled compiled;
  std::shared_ptr<const Program> simulated;
};

/// Membranes as the codes of their cores make them: time constant, and the leak that is subtracted from the input.
Network with_membranes(const Network& network, const std::vector<Home>& homes, const Compiled& c) {
  NetworkDescription d = network.description();
  for (std::size_t i = 0; i < homes.size(); ++i) {
    if (homes[i] != Home::kChip) continue;
    const std::uint32_t first = c.circuit.first[i];
    const ChipPlace& at = c.placement.places[first];
    const auto core = std::find_if(c.quantised.cores.begin(), c.quantised.cores.end(),
                                   [&](const CoreSetting& s) { return s.chip == at.chip && s.core == at.core; });
    std::visit(
        [&](auto& model) {
          model.tau_m_ms = core->tau_m_s * 1e3;
          model.bias_mv = core->rest * static_cast<double>(c.circuit.threshold_mv[first]);
        },
        std::get<NeuronModel>(d.populations[i].kind));
  }
  return Network(std::move(d));
}

class QuantisedSession final : public Session {
 public:
  QuantisedSession(std::shared_ptr<const Quantisation> parts, std::span<const InitialWeights> initial)
      : parts_(std::move(parts)), compiled_(parts_->compiled), inner_(parts_->simulated->start()) {
    for (const InitialWeights& given : initial)
      if (!bundle(given.projection).wires.empty()) pending_[given.projection] = given.weights;
    quantise_weights();
    for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) hand_over(k);
  }

  void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) override {
    quantise_weights();
    inner_->advance(until, spikes_in, sink);
  }
  void reset(std::uint64_t trial) override {
    quantise_weights();
    inner_->reset(trial);
  }
  Time now() const override { return inner_->now(); }
  std::vector<float> weights(std::size_t k) const override {
    if (const auto given = pending_.find(k); given != pending_.end()) return given->second;
    std::vector<float> weights;
    for (const Circuit::Wire& wire : bundle(k).wires) weights.push_back(wire.weight_mv);
    return weights;
  }
  void set_weights(std::size_t k, std::span<const float> weights) override {
    check_size(*parts_->network, compiled_.circuit, k, weights.size());
    pending_[k].assign(weights.begin(), weights.end());
  }
  Connectivity connectivity(std::size_t k) const override { return inner_->connectivity(k); }
  std::vector<double> thresholds(std::size_t population) const override { return inner_->thresholds(population); }
  void set_thresholds(std::size_t population, std::span<const double> t) override { inner_->set_thresholds(population, t); }
  void set_neurons(std::size_t population, std::span<const NeuronModel> models) override { inner_->set_neurons(population, models); }
  void set_learning(double, double) override {}
  void commit() override {}
  OperationCounts counts() const override {
    OperationCounts counts = inner_->counts();
    counts.populations.resize(parts_->network->populations().size());  // the part has one more, where synapses end that are not on the chip
    return counts;
  }

  State save() const override {
    StateWriter w;
    for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) w.put_all(weights(k));
    w.put_all(inner_->save());
    w.put(hash_bytes(kHashStart, w.bytes.data(), w.bytes.size()));
    return std::move(w.bytes);
  }
  void restore(const State& state) override {
    StateReader r(state);
    r.check_sum();
    for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) {
      const std::vector<float> saved = r.get_all<float>();
      if (saved != weights(k)) set_weights(k, saved);
    }
    inner_->restore(r.get_all<std::byte>());
  }

 private:
  const Circuit::Bundle& bundle(std::size_t k) const { return compiled_.circuit.bundles.at(k); }

  void quantise_weights() {
    if (pending_.empty()) return;
    compiled_ = recompile(*parts_->network, parts_->chip, std::move(compiled_), as_initial(pending_), parts_->options);
    pending_.clear();
    for (std::size_t k = 0; k < compiled_.circuit.bundles.size(); ++k) hand_over(k);
  }

  /// A delta synapse is a short current on the chip, whose largest response is the weight. What is left of it a while later is as if it had
  /// been somewhat larger, and at once.
  double later_over_peak(const Circuit::Wire& wire, bool slow) const {
    const ParameterSet& set = compiled_.circuit.parameters[compiled_.circuit.parameters_of[wire.target]];
    const std::size_t type = (slow ? 0U : 1U) + (wire.weight_mv >= 0 ? 2U : 0U);
    if (!set.delta[type]) return 1;
    return set.tau_s[type] / (set.tau_m_s - set.tau_s[type]) / response_peak(set.tau_s[type], set.tau_m_s);
  }

  void hand_over(std::size_t k) {
    const Circuit::Bundle& b = bundle(k);
    if (b.wires.empty()) return;
    std::vector<float> weights = achieved_weights(compiled_.circuit, compiled_.quantised, k);
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= static_cast<float>(later_over_peak(b.wires[i], b.slow));
    inner_->set_weights(k, weights);
  }

  std::shared_ptr<const Quantisation> parts_;
  Compiled compiled_;
  std::unique_ptr<Session> inner_;
  std::map<std::size_t, std::vector<float>> pending_;
};

class QuantisedProgram final : public Program {
 public:
  explicit QuantisedProgram(std::shared_ptr<const Quantisation> parts) : parts_(std::move(parts)) {}
  std::string describe() const override { return parts_->simulated->describe() + ", with the weights of " + parts_->chip.name; }
  std::unique_ptr<Session> start(std::span<const InitialWeights> initial) const override {
    return std::make_unique<QuantisedSession>(parts_, initial);
  }

 private:
  std::shared_ptr<const Quantisation> parts_;
};

class QuantisedBackend final : public Backend {
 public:
  QuantisedBackend(ChipSpec chip, MapOptions options, std::shared_ptr<const Backend> simulator)
      : chip_(std::move(chip)), options_(std::move(options)), simulator_(std::move(simulator)) {}
  std::string name() const override { return "quantised"; }

  std::vector<Diagnostic> check(const Network& network) const override {
    return diagnostics_of(dynapse::compile(network, chip_, options_).violations);
  }

  std::shared_ptr<const Program> compile(const Network& network) const override {
    Outcome outcome = dynapse::compile(network, chip_, options_);
    refuse(diagnostics_of(outcome.violations));
    const std::vector<Home> homes = homes_of(network, options_);
    const Network on_chip = with_membranes(compose::chip_network(network, homes), homes, outcome.compiled);
    return std::make_shared<QuantisedProgram>(std::make_shared<const Quantisation>(Quantisation{
        std::make_shared<const Network>(network), chip_, options_, std::move(outcome.compiled), simulator_->compile(on_chip)}));
  }

 private:
  ChipSpec chip_;
  MapOptions options_;
  std::shared_ptr<const Backend> simulator_;
};

}  // namespace

std::unique_ptr<spikeloop::Backend> make_quantised(ChipSpec chip, MapOptions options, std::shared_ptr<const spikeloop::Backend> simulator) {
  return std::make_unique<QuantisedBackend>(std::move(chip), std::move(options), std::move(simulator));
}

}  // namespace spikeloop::dynapse
