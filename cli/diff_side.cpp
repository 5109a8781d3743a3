// SPDX-License-Identifier: Apache-2.0
#include "cli/diff_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "cli/spike_input.hpp"
#include "core/io/nir.hpp"
#include "core/random.hpp"

namespace spikeloop::cli {
namespace {

constexpr std::uint64_t kDriveSeed = 1;
constexpr std::size_t kMostSpikes = 10'000'000;
constexpr int kSlices = 100;  // of a run, so that Ctrl-C is heard

DiffSide stepped_side(DiffSide side) {
  const nir::FlatGraph& flat = side.nir->flat;
  side.conventions = stepped_conventions(*side.nir, side.options, *side.tool);
  side.description = ports_of(*side.nir, false);
  nir::Stepper(flat, *side.tool, *side.conventions->dt);  // refuses what the tool cannot read
  return side;
}

DiffSide exact_side(DiffSide side) {
  NirSubject subject = exact_subject(*side.nir, side.options);
  side.conventions = subject.conventions;
  side.description = std::move(subject.network.description);
  side.own = std::move(subject.network.own);
  return side;
}

/// The network with every spike observed, and at `time` the potential of one population.
Network observed(NetworkDescription d, const std::string& population = {}, Time time = 0) {
  d.probes.clear();
  const Network whole(d);  // with the neurons of controllers
  for (const Population& p : whole.populations()) {
    const bool silent = p.is_source() ? std::holds_alternative<CurrentSource>(p.source()) : spiking_of(p.neuron()) == nullptr;
    if (!silent) d.probes.push_back({"", p.name, "", Probe::Variable::kSpikes, 0, 1});
  }
  if (!population.empty()) d.probes.push_back({"potential", population, "", Probe::Variable::kPotential, to_ms(time), 1e9});
  return Network(std::move(d));
}

std::vector<Spike> spikes_for(const Network& network, const NamedSpikes& input, Time until) {
  std::vector<Spike> spikes;
  for (const Spike& s : input.spikes)
    if (s.time < until)
      spikes.push_back({s.time, static_cast<std::uint32_t>(network.population_index(input.populations[s.population])), s.neuron});
  std::stable_sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
  return spikes;
}

void run_exact(const DiffSide& side, const Network& network, const NamedSpikes& input, Time until, Sink& sink) {
  const auto session = make_simulator()->compile(network)->start();
  for (const auto& [name, models] : side.own) set_own_models(network.population_index(name), models, *session);
  const std::vector<Spike> all = spikes_for(network, input, until);
  std::span<const Spike> left = all;
  for (int slice = 1; slice <= kSlices; ++slice) {
    if (interrupted()) throw InterruptedError("interrupted; nothing was written");
    const Time end = slice == kSlices ? until : until / kSlices * slice;
    const auto later = std::find_if(left.begin(), left.end(), [&](const Spike& s) { return s.time >= end; });
    const auto now = static_cast<std::size_t>(later - left.begin());
    session->advance(end, left.first(now), sink);
    left = left.subspan(now);
  }
}

void run_stepped(const DiffSide& side, const Network& ports, const NamedSpikes& input, Time until, Sink& sink) {
  nir::Stepper stepper(side.nir->flat, *side.tool, *side.conventions->dt);
  const Time dt = side.conventions->dt_ns();
  if (!run_steps(stepper, side.nir->flat, ports, spikes_for(ports, input, until), (until + dt - 1) / dt, dt, sink))
    throw InterruptedError("interrupted; nothing was written");
}

/// Keeps spikes, up to a limit, and hears Ctrl-C however many come.
struct BoundedSink final : Sink {
  explicit BoundedSink(const Network& of) : network(of) {}
  void spike(const Spike& s) override {
    if (spikes.size() == kMostSpikes)
      throw DescriptionError(
          fmt::format("more than {} spikes until {:.6g} ms, the last of \"{}\"; does the network excite itself? A shorter "
                      "--duration or less input (--rate) may do",
                      kMostSpikes, to_ms(s.time), network.populations()[s.population].name));
    if (spikes.size() % 65'536 == 0 && interrupted()) throw InterruptedError("interrupted; nothing was written");
    spikes.push_back(s);
  }
  void sample(Time, std::uint32_t, std::span<const double>) override {}
  const Network& network;
  std::vector<Spike> spikes;
};

/// The last sample of one population.
struct LastSample final : Sink {
  explicit LastSample(std::uint32_t wanted) : probe(wanted) {}
  void spike(const Spike&) override {}
  void sample(Time, std::uint32_t of, std::span<const double> v) override {
    if (of == probe) values.assign(v.begin(), v.end());
  }
  std::uint32_t probe;
  std::vector<double> values;
};

}  // namespace

DiffSide load_side(const std::string& file, const NirOptions& options) {
  DiffSide side;
  side.file = file;
  side.options = options;
  if (!io::is_nir(file)) {
    side.description = load_network_of(file);  // which tells first that there is no such file
    if (!options.first_given().empty()) throw UsageError(fmt::format("{} is for NIR files, and {} is none", options.first_given(), file));
    return side;
  }
  side.nir = std::make_shared<const NirFile>(load_nir(file));
  if (!options.as.empty()) side.tool = tool_of(options);
  return side.tool ? stepped_side(std::move(side)) : exact_side(std::move(side));
}

DiffSide reloaded(const DiffSide& side, const NirOptions& options) {
  DiffSide again = side;
  again.options = options;
  return again.tool ? stepped_side(std::move(again)) : exact_side(std::move(again));
}

NamedSpikes input_of(const DiffSide& side, const std::string& file, const std::string& time_unit, double rate_hz, Time until, Terminal& t) {
  const Network network(side.description);
  NamedSpikes input;
  for (const Population& p : network.populations()) input.populations.push_back(p.name);
  if (!file.empty()) {
    input.spikes = read_input(file, time_unit, network, until, t);
    return input;
  }
  for (std::uint32_t p = 0; p < network.populations().size(); ++p) {
    const Population& population = network.populations()[p];
    if (!population.is_source() || !std::holds_alternative<ExternalSource>(population.source()) || population.name.starts_with("ctrl."))
      continue;
    const std::uint64_t stream = stream_of("diff", population.name);
    for (std::uint32_t n = 0; n < population.size(); ++n) {
      double time = 0;
      for (std::uint64_t k = 0; rate_hz > 0; ++k) {
        time -= 1e9 / rate_hz * std::log1p(-random_unit(kDriveSeed, stream, std::uint64_t{n} << 32 | k));
        const Time tick = static_cast<Time>(time) / network.resolution() * network.resolution();
        if (time >= static_cast<double>(until)) break;
        input.spikes.push_back({tick, p, n});
      }
    }
  }
  return input;
}

NamedSpikes run_side(const DiffSide& side, const NamedSpikes& input, Time until) {
  NamedSpikes out;
  const Network network = observed(side.description);
  BoundedSink recording(network);
  side.tool ? run_stepped(side, network, input, until, recording) : run_exact(side, network, input, until, recording);
  for (const Population& p : network.populations()) out.populations.push_back(p.name);
  // What both are given alike is no place to part, however coarse the steps or ticks are that one of them takes it in.
  std::vector<bool> given;
  for (const Population& p : network.populations()) given.push_back(p.is_source() && std::holds_alternative<ExternalSource>(p.source()));
  for (const Spike& s : recording.spikes)
    if (!given[s.population]) out.spikes.push_back(s);
  for (const Spike& s : spikes_for(network, input, until))
    if (given[s.population]) out.spikes.push_back(s);
  return out;
}

std::optional<double> potential_at(const DiffSide& side, const NamedSpikes& input, const std::string& population, std::uint32_t neuron,
                                   Time time) {
  const Network plain = observed(side.description);
  const Population& p = plain.populations()[plain.population_index(population)];
  if (time < 0 || p.is_source() || neuron >= p.size()) return {};
  const Network network = side.tool ? Network(ports_of(*side.nir, true)) : observed(side.description, population, time);
  std::uint32_t probe = 0;
  while (network.probes()[probe].variable != Probe::Variable::kPotential || network.probes()[probe].population != population) ++probe;
  LastSample last(probe);
  if (side.tool)
    run_stepped(side, network, input, time, last);
  else
    run_exact(side, network, input, time + network.resolution(), last);
  return last.values.empty() ? std::nullopt : std::optional(last.values.at(neuron));
}

}  // namespace spikeloop::cli
