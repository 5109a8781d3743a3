// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "backends/dynapse/dynapse.hpp"
#include "firmware-interface/virtual_board/dynapse1_model.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {

/// A board that the test can look into.
struct Bench {
  std::shared_ptr<firmware::DynapSe1Model> model;
  std::unique_ptr<ChipSession> session;

  explicit Bench(const Network& network, const MapOptions& options = {}) : Bench(network, options, ideal_board()) {}
  Bench(const Network& network, const MapOptions& options, std::shared_ptr<firmware::DynapSe1Model> board) : model(std::move(board)) {
    BoardUse use;
    use.open = [this] {
      firmware::BoardOptions o;
      o.wait = [](firmware::Milliseconds) {};
      return std::make_unique<firmware::Board>(std::make_unique<firmware::Loopback>(model), o);
    };
    use.settle_time_constants = 40;
    auto started = make_dynapse(dynapse1(), options, use)->compile(network)->start();
    session.reset(dynamic_cast<ChipSession*>(started.release()));
  }

  static std::shared_ptr<firmware::DynapSe1Model> ideal_board() {
    return std::make_shared<firmware::DynapSe1Model>(firmware::DynapSe1Options{.mismatch = 0});
  }

  std::vector<Spike> run(Time until, std::vector<Spike> in, std::uint64_t trial = 1) {
    Recording out;
    session->reset(trial);
    session->advance(until, in, out);
    return out.spikes;
  }
};

/// Four inputs, each to a neuron of its own, which drives one of the next population, in another order.
inline NetworkDescription straight_relay(double weight_mv) {
  NetworkDescription d;
  d.populations = {external("in", 4), neurons("first", 4, 20, 2), neurons("second", 4, 20, 2)};
  d.projections = {projection("in", "first", weight_mv), projection("first", "second", weight_mv)};
  d.projections[0].connect = OneToOne{};
  d.projections[1].connect = OneToOne{};
  d.probes = {spikes_of("in"), spikes_of("first"), spikes_of("second")};
  return d;
}

}  // namespace spikeloop::dynapse
