// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "firmware-interface/board.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/stub_board.hpp"

namespace spikeloop::firmware {

/// A cable that is pulled when it is told, just before a transfer of words; and that loses an answer when it is told.
class Cable : public Transport {
 public:
  Cable(std::shared_ptr<UsbDevice> device, int& words_left) : inner_(std::move(device)), words_left_(words_left) {}
  const DeviceIdentity& identity() const override { return inner_.identity(); }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override {
    if (request.request == kRequestAerMultiple && --words_left_ == 0) inner_.unplug();
    inner_.control_out(request, data, timeout);
    if (std::exchange(loses_answer, false)) throw TimedOut("no answer");
  }
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override {
    return inner_.control_in(request, into, timeout);
  }
  void start_stream(const StreamOptions& options) override {
    inner_.start_stream(options);
    streams = true;
  }
  bool streams = false;
  std::size_t read_limit = SIZE_MAX;  ///< bytes that a read gives at most
  bool loses_answer = false;          ///< the next request to the device is carried out, and nobody learns of it
  void stop_stream() override { inner_.stop_stream(); }
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override {
    return inner_.read_stream(into.first(std::min(into.size(), read_limit)), timeout);
  }
  void close() noexcept override { inner_.close(); }
  void pull() { inner_.unplug(); }

 private:
  Loopback inner_;
  int& words_left_;  ///< transfers of words until the cable is pulled; 0 = never
};

class BoardTest : public ::testing::Test {
 protected:
  static constexpr Milliseconds kPatience{100};
  BoardTest() {
    options_.wait = [this](Milliseconds time) { waits_.push_back(time); };
  }

  void use(StubBoard::Options options) { device_ = std::make_shared<StubBoard>(std::move(options)); }
  Board::Opener opener() {
    return [this] {
      auto transport = std::make_unique<Cable>(device_, words_left_);
      cable_ = transport.get();
      return transport;
    };
  }
  std::unique_ptr<Board> open() { return std::make_unique<Board>(opener(), options_); }
  /// What a board that is refused says, and what to do.
  std::string refusal(StubBoard::Options options) {
    use(std::move(options));
    try {
      open();
    } catch (const WrongDevice& fault) {
      EXPECT_FALSE(fault.advice().empty());
      return fault.what();
    }
    return "it was not refused";
  }
  /// Those of steps that are writes.
  static std::vector<ConfigWrite> writes_of(const Steps& steps) {
    std::vector<ConfigWrite> writes;
    for (const Step& step : steps)
      if (const auto* write = std::get_if<WriteStep>(&step)) writes.push_back(write->write);
    return writes;
  }
  /// All synapses of a neuron listen to a tag; the neuron is seen by the host.
  static std::vector<ChipWord> listener(unsigned chip, NeuronAddress neuron, NeuronAddress tag) {
    std::vector<ChipWord> words;
    for (unsigned i = 0; i < kCamsPerNeuron; ++i)
      words.push_back(CamWord{neuron, static_cast<std::uint8_t>(i), tag, SynapseType::kFastExcitatory});
    words.push_back(monitoring_route(chip, neuron));
    return words;
  }
  /// Spikes that the routers bring to the host, of neurons 0, 1, 2, ...
  static std::vector<InjectedSpike> echoes(unsigned chip, std::size_t n) {
    std::vector<InjectedSpike> spikes;
    for (std::size_t i = 0; i < n; ++i) {
      const auto neuron = static_cast<NeuronAddress>(i % kNeuronsPerChip);
      const SramWord route = monitoring_route(chip, neuron);
      spikes.push_back({neuron, route.hops, route.core_mask});
    }
    return spikes;
  }

  std::shared_ptr<StubBoard> device_ = std::make_shared<StubBoard>();
  Cable* cable_ = nullptr;
  int words_left_ = 0;
  BoardOptions options_;
  std::vector<Milliseconds> waits_;
};

}  // namespace spikeloop::firmware
