// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "backends/dynapse/circuit.hpp"
#include "backends/dynapse/device.hpp"

namespace spikeloop::dynapse {

/// One check of one network: makes the circuit on the way, and notes everything that the chip has not.
class Checker {
 public:
  Checker(const Network& network, const ChipSpec& chip, const MapOptions& options);
  Checked run();

 private:
  // checker.cpp: the wires
  void number_sources();
  void note_observed();
  void add_wires();
  void add_wires(std::size_t projection);
  void override_weights();
  void check_delays(std::size_t projection);
  void check_all();
  void leave_causes();

  // check_neurons.cpp: what the neurons are
  void check_model(std::size_t population);
  void check_state(std::size_t population);
  void make_parameters(std::size_t population);
  void note_overshoot(std::size_t population, const ParameterSet& set);
  void check_times(std::size_t population, const ParameterSet& set);
  void check_time(std::size_t population, const char* field, double tau_s, double capacitance_f, std::size_t bias);
  void check_refractory(std::size_t population, double refractory_s);
  void check_bias(std::size_t population, const ParameterSet& set);
  void check_probes();

  // check_capacity.cpp: how much there is of everything
  void check_neurons();
  void check_fan_in();
  void check_expected_fan_in(std::size_t projection);
  void check_parameter_sets();
  void check_inputs();
  void check_weights();

  const Population& population(std::size_t index) const { return network_.populations()[index]; }
  bool on_chip(std::size_t population) const { return out_.circuit.homes[population] == Home::kChip; }
  bool reaches_chip(const Projection& p) const;
  std::string path_of_population(std::size_t index) const;
  std::string path_of_projection(std::size_t index) const;
  /// "populations[2].neuron.lif." + field.
  std::string path_of_model(std::size_t index, const char* field) const;
  void violate(Violation v) { out_.violations.push_back(std::move(v)); }
  /// Something that the chip has not at all.
  void refuse(std::string path, const std::string& population, std::string why, std::string change) {
    violate({std::move(path), population, "", 0, 0, std::move(why), std::move(change)});
  }

  const Network& network_;
  const ChipSpec& chip_;
  const MapOptions& options_;
  std::vector<bool> types_used_;              ///< by population x type
  std::vector<std::string> of_another_kind_;  ///< populations whose first violation says all
  bool complete_ = true;                      ///< false: some projection is too large for its wires to be made
  Checked out_;
};

}  // namespace spikeloop::dynapse
