// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

/// The figures of each part by name, once for both directions.
void fields_of(const auto& a, auto& x, const ChipLimits*) {
  a("chips", x.chips), a("chips_per_row", x.chips_per_row), a("cores", x.cores), a("neurons_per_core", x.neurons_per_core);
  a("cam_words", x.cam_words), a("sram_entries", x.sram_entries), a("sram_monitoring", x.sram_monitoring), a("tags", x.tags);
  a("hops", x.hops);
}
void fields_of(const auto& a, auto& x, const ChipBiases*) {
  a("fine_steps", x.fine_steps), a("floor_a", x.floor_a), a("tau1_factor", x.tau1_factor), a("dc_factor", x.dc_factor);
}
void fields_of(const auto& a, auto& x, const ChipDevice*) {
  a("thermal_v", x.thermal_v), a("kappa", x.kappa), a("stage_v", x.stage_v), a("membrane_f", x.membrane_f), a("fast_f", x.fast_f);
  a("slow_f", x.slow_f), a("refractory_f", x.refractory_f), a("pulse_f", x.pulse_f), a("threshold_a", x.threshold_a);
}
void fields_of(const auto& a, auto& x, const ChipDelays*) {
  a("broadcast_s", x.broadcast_s), a("hop_s", x.hop_s), a("longest_delay_ms", x.longest_delay_ms), a("delta_tau_ms", x.delta_tau_ms);
  a("pulse_s", x.pulse_s);
}
void fields_of(const auto& a, auto& x, const ChipPrices*) {
  a("spike_j", x.spike_j), a("encode_j", x.encode_j), a("broadcast_j", x.broadcast_j), a("route_j", x.route_j), a("hop_j", x.hop_j);
  a("match_j", x.match_j);
}

void figure_fields(const auto& a, auto& figure) { a("value", figure.value), a("source", figure.source), a("verified", figure.verified); }

Figure read_figure(const Reader& reader, const v1::Figure& message) {
  Figure figure;
  figure_fields(reader, figure);
  if (!message.has_value()) reader.fault("value", "is missing");
  if (!std::isfinite(figure.value) || figure.value < 0)
    reader.fault("value", fmt::format("is {}, but must be a number >= 0", figure.value));
  if (figure.source.empty()) reader.fault("source", "is missing: every number says where it comes from");
  return figure;
}

const google::protobuf::FieldDescriptor& field_named(const google::protobuf::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) throw BugError(fmt::format("the schema of {} has no field {}", message.GetDescriptor()->name(), name));
  return *field;
}

/// Figures of one part; `zero`: prices and delays may be 0, nothing else.
template <class Part, class Message>
Part read_part(const Reader& outer, const char* name, const Message& message, bool zero) {
  Part part;
  const Reader reader = outer.at(name, message);
  const auto read = [&](const char* field, Figure& figure) {
    if (!reader.has(field)) {
      reader.fault("", fmt::format("lacks {}", field), fmt::format("{} {{ value: ... source: \"...\" }}", field));
      return;
    }
    const auto& inner = static_cast<const v1::Figure&>(message.GetReflection()->GetMessage(message, &field_named(message, field)));
    figure = read_figure(reader.at(field, inner), inner);
    if (!zero && figure.value == 0 && inner.has_value()) reader.at(field, inner).fault("value", "is 0, but must be more");
  };
  fields_of(read, part, static_cast<const Part*>(nullptr));
  return part;
}

template <class Part>
void write_part(const Part& part, google::protobuf::Message& message) {
  const auto write = [&](const char* field, const Figure& figure) {
    figure_fields(Writer(*message.GetReflection()->MutableMessage(&message, &field_named(message, field))), figure);
  };
  fields_of(write, part, static_cast<const Part*>(nullptr));
}

}  // namespace

ChipSpec read_chip(const Reader& reader, const v1::Chip& message) {
  ChipSpec chip;
  reader("name", chip.name), reader("family", chip.family), reader("note", chip.note);
  if (chip.name.empty()) reader.fault("name", "is missing: `map --chip` calls it so");
  if (chip.family.empty()) reader.fault("family", "is missing: it says which encoder writes its words", "e.g. family: \"dynap-se1\"");
  chip.limits = read_part<ChipLimits>(reader, "limits", message.limits(), false);
  chip.biases = read_part<ChipBiases>(reader, "biases", message.biases(), false);
  const Reader biases = reader.at("biases", message.biases());
  for (int i = 0; i < message.biases().coarse_a_size(); ++i)
    chip.biases.coarse_a.push_back(read_figure(biases.at("coarse_a", i, message.biases().coarse_a(i)), message.biases().coarse_a(i)));
  if (chip.biases.coarse_a.empty()) biases.fault("", "lacks coarse_a: the full scale of each coarse range, in A");
  chip.device = read_part<ChipDevice>(reader, "device", message.device(), false);
  chip.delays = read_part<ChipDelays>(reader, "delays", message.delays(), true);
  chip.prices = read_part<ChipPrices>(reader, "prices", message.prices(), true);
  return chip;
}

void write_chip(const ChipSpec& chip, v1::Chip& message) {
  const Writer write(message);
  write("name", chip.name), write("family", chip.family), write("note", chip.note);
  write_part(chip.limits, *message.mutable_limits());
  write_part(chip.biases, *message.mutable_biases());
  for (const Figure& figure : chip.biases.coarse_a) figure_fields(Writer(*message.mutable_biases()->add_coarse_a()), figure);
  write_part(chip.device, *message.mutable_device());
  write_part(chip.delays, *message.mutable_delays());
  write_part(chip.prices, *message.mutable_prices());
}

}  // namespace spikeloop::proto
