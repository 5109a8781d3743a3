// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "backends/simulator/simulator.hpp"
#include "tests/bench/feed_forward.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/runs.hpp"

namespace spikeloop::bench {
namespace {

/// The spikes that every exact engine agrees on; nothing if the file is not there.
std::optional<std::vector<Spike>> known_spikes() {
  namespace fs = std::filesystem;
  const char* data = std::getenv("SPIKELOOP_DATA_DIR");
  const fs::path shared = data ? fs::path(data) / ".." : fs::path(SPIKELOOP_SOURCE_DIR) / ".." / "shared";
  const fs::path file = (shared / "bench" / "ff_spikes.csv").lexically_normal();
  if (fs::exists(file)) return read_layer_spikes(file);
  std::fprintf(stderr, "SPIKES ARE NOT COMPARED: %s is not there (looked for at SPIKELOOP_DATA_DIR/../bench)\n", file.c_str());
  return std::nullopt;
}

/// All presentations in one session; appends the wall time of each in ms.
Recording present_all(Session& session, const std::vector<std::vector<Spike>>& input, std::vector<double>& wall_ms) {
  Recording recording;
  for (std::size_t p = 0; p < input.size(); ++p) {
    const Stopwatch presentation;
    session.advance(static_cast<Time>(p + 1) * kPresentation, input[p], recording);
    wall_ms.push_back(1e3 * presentation.wall_s());
  }
  recording.counts = session.counts();
  return recording;
}

void add_comparison(Json& json, const Recording& recording) {
  const std::optional<std::vector<Spike>> known = known_spikes();
  json["compared"] = known.has_value();
  if (!known) return;
  const auto [ours, theirs] = std::mismatch(recording.spikes.begin(), recording.spikes.end(), known->begin(), known->end());
  const bool same = ours == recording.spikes.end() && theirs == known->end();
  json["same_spikes"] = same;
  if (!same)
    json["first_difference_ms"] =
        to_ms(std::min(ours == recording.spikes.end() ? kNever : ours->time, theirs == known->end() ? kNever : theirs->time));
}

}  // namespace

Json run_feed_forward(const RunOptions& options) {
  constexpr int kSessions = 5;
  const std::uint64_t resident_before = resident_bytes();
  const Stopwatch building;
  const Network network(feed_forward());
  const std::shared_ptr<const Program> program = make_simulator(options.threads)->compile(network);
  std::unique_ptr<Session> session = program->start();
  const double build_s = building.wall_s();

  std::vector<std::vector<Spike>> input;
  for (std::uint32_t p = 0; p < kPresentations; ++p) input.push_back(feed_forward_input(p));
  std::vector<double> wall_ms;
  Recording recording = present_all(*session, input, wall_ms);
  const double resident = static_cast<double>(resident_bytes()) - static_cast<double>(resident_before);
  for (int k = 1; k < kSessions; ++k) {
    session = program->start();
    recording = present_all(*session, input, wall_ms);
  }

  double events = 0, synapses = 0;
  std::uint64_t neurons = 0;
  Json spikes = Json::object();
  for (const ProjectionCounts& p : recording.counts.projections) events += static_cast<double>(p.synaptic_events) / kPresentations;
  for (const Projection& p : network.projections()) synapses += network.expected_synapses(p);
  for (std::size_t k = 0; k < network.populations().size(); ++k) {
    const Population& p = network.populations()[k];
    if (!p.is_source()) neurons += p.size();
    spikes[p.name] = recording.counts.populations[k].spikes;
  }
  const double middle_ms = median(wall_ms);
  Json json = {{"network", "feed_forward"}, {"threads", options.threads}, {"neurons", neurons},
               {"synapses", synapses},      {"build_s", build_s},         {"spikes", spikes}};
  json["presentations_timed"] = wall_ms.size();
  json["ms_per_presentation"] = middle_ms;
  json["best_ms_per_presentation"] = *std::min_element(wall_ms.begin(), wall_ms.end());
  json["synaptic_events_per_presentation"] = events;
  json["events_per_s"] = events / (middle_ms * 1e-3);
  json["real_time_factor"] = middle_ms / to_ms(kPresentation);
  json["bytes_per_synapse"] = resident / synapses;
  json["peak_bytes"] = peak_resident_bytes();
  add_comparison(json, recording);
  return json;
}

}  // namespace spikeloop::bench
