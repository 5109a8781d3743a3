// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

template <class Access>
void fields(const Access& a, auto& source) {
  a("rate_hz", source.rate_hz);
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(source)>, RegularSource>)
    a("phase", source.phase), a("random_phase", source.random_phase);
}

template <class Source>
SourceModel read(const Reader& reader) {
  Source source;
  fields(reader, source);
  return source;
}

SourceModel read_spike_list(const Reader& reader, const v1::SpikeList& message) {
  SpikeListSource source;
  source.events.reserve(static_cast<std::size_t>(message.spikes_size()));
  for (int i = 0; i < message.spikes_size(); ++i) {
    auto& event = source.events.emplace_back();
    event.neuron = message.spikes(i).neuron();
    if (!time_from_ms(message.spikes(i).time_ms(), event.time))
      reader.fault(fmt::format("spikes[{}].time_ms", i), "is not a time", "times end at 9e12 ms");
  }
  if (message.times_ms_size() != message.neurons_size()) {
    reader.fault("times_ms", fmt::format("has {} times for {} neurons", message.times_ms_size(), message.neurons_size()),
                 "list one neuron a time");
    return source;
  }
  for (int i = 0; i < message.times_ms_size(); ++i) {
    auto& event = source.events.emplace_back();
    event.neuron = message.neurons(i);
    if (!time_from_ms(message.times_ms(i), event.time))
      reader.fault(fmt::format("times_ms[{}]", i), "is not a time", "times end at 9e12 ms");
  }
  return source;
}

SourceModel read_current(const Reader& reader, const v1::Current& message) {
  CurrentSource source;
  for (int i = 0; i < message.steps_size(); ++i) {
    const Reader step = reader.at("steps", i, message.steps(i));
    auto& to = source.steps.emplace_back();
    step.time("time_ms", to.time);
    step("value_mv", to.value_mv);
  }
  return source;
}

struct SourceWriter {
  v1::Source& message;
  void operator()(const ExternalSource&) const { message.mutable_external(); }
  void operator()(const PoissonSource& s) const { fields(Writer(*message.mutable_poisson()), s); }
  void operator()(const RegularSource& s) const { fields(Writer(*message.mutable_regular()), s); }
  void operator()(const SpikeListSource& s) const {
    auto* list = message.mutable_spike_list();
    for (const auto& event : s.events) {
      list->add_times_ms(to_ms(event.time));
      list->add_neurons(event.neuron);
    }
  }
  void operator()(const CurrentSource& s) const {
    auto* current = message.mutable_current();
    for (const auto& step : s.steps) {
      const Writer writer(*current->add_steps());
      writer.time("time_ms", step.time);
      writer("value_mv", step.value_mv);
    }
  }
};

}  // namespace

SourceModel read_source(const Reader& reader, const v1::Source& message) {
  switch (message.kind_case()) {
    case v1::Source::kExternal:
      return ExternalSource{};
    case v1::Source::kPoisson:
      return read<PoissonSource>(reader.at("poisson", message.poisson()));
    case v1::Source::kRegular:
      return read<RegularSource>(reader.at("regular", message.regular()));
    case v1::Source::kSpikeList:
      return read_spike_list(reader.at("spike_list", message.spike_list()), message.spike_list());
    case v1::Source::kCurrent:
      return read_current(reader.at("current", message.current()), message.current());
    case v1::Source::KIND_NOT_SET:
      break;
  }
  reader.fault("", "does not say which kind", "use `external {}`, `poisson {}`, `regular {}`, `spike_list {}` or `current {}`");
  return ExternalSource{};
}

void write_source(const SourceModel& source, v1::Source& message) { std::visit(SourceWriter{message}, source); }

}  // namespace spikeloop::proto
