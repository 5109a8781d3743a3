// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/model_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "firmware-interface/dynapse1/biases.hpp"

namespace spikeloop::firmware {
namespace {

bool control_out(DynapSe1Model& model, const OutRequest& out) {
  const UsbSetup setup{kVendorOut, out.request.request, out.request.value, out.request.index, static_cast<std::uint16_t>(out.data.size())};
  return model.control(setup, out.data).has_value();
}

std::vector<std::byte> control_in(DynapSe1Model& model, ControlRequest request, std::uint16_t length) {
  return model.control({kVendorIn, request.request, request.value, request.index, length}, {}).value_or(std::vector<std::byte>{});
}

}  // namespace

void ModelHost::write(Register at, std::uint32_t value) { EXPECT_TRUE(control_out(model, encode_write({at, value}))); }

std::uint32_t ModelHost::read(Register at) {
  const auto value = decode_value(control_in(model, config_request(at), 4));
  EXPECT_TRUE(value);
  return value.value_or(0);
}

std::uint64_t ModelHost::read_wide(Register at) {
  const std::uint32_t upper = read(at), lower = read({at.module, static_cast<std::uint8_t>(at.parameter + 1)});
  return wide_value(upper, lower, read(at)).value();
}

int ModelHost::send(unsigned chip, const std::vector<ChipWord>& words) {
  std::vector<std::uint32_t> values;
  for (const ChipWord& word : words) values.push_back(encode(word));
  int status = 0;
  write(reg("CHIP.CHIP_ID"), wire_chip_id(chip));
  for (std::span<const std::uint32_t> left = values; !left.empty() && status == 0;
       left = left.subspan(std::min(left.size(), kMaxConfigs))) {
    EXPECT_TRUE(control_out(model, encode_words(left.first(std::min(left.size(), kMaxConfigs)))));
    status = decode_status(control_in(model, kWordsStatusRequest, 2)).value();
  }
  return status;
}

void ModelHost::carry_out(const Steps& steps) {
  for (const Step& step : steps) {
    if (const auto* one = std::get_if<WriteStep>(&step)) write(one->write.at, one->write.value);
    if (const auto* many = std::get_if<WritesStep>(&step)) {
      EXPECT_TRUE(control_out(model, encode_writes(many->writes)));
    }
    if (const auto* pause = std::get_if<WaitStep>(&step)) model.advance(pause->time);
    if (const auto* words = std::get_if<WordsStep>(&step)) {
      EXPECT_TRUE(control_out(model, encode_words(words->words)));
      EXPECT_EQ(decode_status(control_in(model, kWordsStatusRequest, 2)), 0);
    }
  }
}

void ModelHost::start() {
  carry_out(data_start());
  for (unsigned chip = 0; chip < kChips; ++chip) carry_out(monitor_all(chip));
}

void ModelHost::biases_for_all(const std::vector<ChipWord>& words) {
  for (unsigned chip = 0; chip < kChips; ++chip) EXPECT_EQ(send(chip, words), 0);
}

void ModelHost::fetch() {
  std::array<std::byte, 512> packet{};
  while (model.bulk_ready(kDataEndpoint)) {
    const std::size_t n = model.bulk_in(kDataEndpoint, packet);
    const auto got = std::span<const std::byte>(packet).first(n);
    bytes.insert(bytes.end(), got.begin(), got.end());
    std::array<StreamEvent, 256> out;
    for (auto left = got; !left.empty();) {
      const StreamResult result = decoder.decode(left, out);
      events.insert(events.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(result.events));
      left = left.subspan(result.bytes);
    }
  }
}

void ModelHost::run(std::chrono::nanoseconds time, std::chrono::nanoseconds step) {
  for (; time.count() > 0; time -= step) {
    model.advance(std::min(time, step));
    fetch();
  }
}

void ModelHost::drain() {
  for (std::size_t before = bytes.size() + 1; before != bytes.size();) {
    before = bytes.size();
    run(std::chrono::milliseconds(5));
  }
}

std::uint64_t ModelHost::spikes_of(unsigned chip, unsigned core, unsigned neuron) const {
  return static_cast<std::uint64_t>(std::count_if(
      events.begin(), events.end(), [&](const StreamEvent& e) { return e.chip == chip && e.core == core && e.neuron == neuron; }));
}

std::vector<ChipWord> connect(NeuronAddress source, NeuronAddress neuron, SynapseType type, unsigned times, unsigned first) {
  std::vector<ChipWord> words;
  for (unsigned i = 0; i < times; ++i) words.push_back(CamWord{neuron, static_cast<std::uint8_t>(first + i), source, type});
  return words;
}

std::vector<ChipWord> with_bias(std::vector<ChipWord> words, std::string_view name, std::uint8_t coarse, std::uint8_t fine) {
  for (ChipWord& word : words) {
    auto* bias = std::get_if<BiasWord>(&word);
    if (bias == nullptr || kCoreBiases[place_of_bias(bias->address).index].name != name) continue;
    bias->coarse = coarse;
    bias->fine = fine;
  }
  return words;
}

}  // namespace spikeloop::firmware
