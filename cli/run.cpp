// SPDX-License-Identifier: Apache-2.0
#include "cli/run.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "cli/run_directory.hpp"
#include "core/io/files.hpp"
#include "core/io/spikes_csv.hpp"
#include "proto/write.hpp"
#include "report/progress.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string file, input, duration = "1s", backend = "simulator", out;
  std::uint64_t seed = 0;
  std::size_t threads = 1;
};

/// Spikes to spikes.csv, samples to samples/<probe>.csv (a line a sample), as they come; and a hash of all of it.
class DirectorySink final : public Sink {
 public:
  DirectorySink(const fs::path& dir, const Network& network) : dir_(dir), network_(&network), spikes_(dir / "spikes.csv", network.populations()) {}

  void spike(const Spike& s) override {
    spikes_.spike(s);
    hash_ = hash_bytes(hash_bytes(hash_bytes(hash_, &s.time, sizeof s.time), &s.population, sizeof s.population), &s.neuron, sizeof s.neuron);
  }

  void sample(Time time, std::uint32_t probe, std::span<const double> values) override {
    hash_ = hash_bytes(hash_bytes(hash_, &time, sizeof time), values.data(), values.size_bytes());
    std::ofstream& file = file_of(probe, values.size());
    std::string line = fmt::format("{:.6f}", to_ms(time));
    for (const double v : values) line += fmt::format(",{}", v);
    if (!(file << line << '\n')) throw DeviceError(fmt::format("cannot write to {}: is the disk full?", (dir_ / "samples").string()));
  }

  void close() {
    spikes_.close();
    for (auto& [probe, file] : samples_)
      if (!file.flush()) throw DeviceError(fmt::format("cannot write to {}: is the disk full?", (dir_ / "samples").string()));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::ofstream& file_of(std::uint32_t probe, std::size_t width) {
    const auto [it, fresh] = samples_.try_emplace(probe);
    if (!fresh) return it->second;
    fs::create_directories(dir_ / "samples");
    it->second.open(dir_ / "samples" / (file_name(network_->probes()[probe].name) + ".csv"));
    it->second << "time_ms";
    for (std::size_t i = 0; i < width; ++i) it->second << ',' << i;
    it->second << '\n';
    return it->second;
  }

  fs::path dir_;
  const Network* network_;
  io::SpikesCsvWriter spikes_;
  std::map<std::uint32_t, std::ofstream> samples_;
  std::uint64_t hash_ = kHashStart;
};

/// Simulated time, events and speed, about five times a second.
class RunProgress {
 public:
  RunProgress(Terminal& t, Time until) : t_(t), until_(until), start_(Clock::now()) {}

  void show(const Session& session) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (t_.quiet || seconds < next_) return;
    next_ = seconds + (t_.err_is_terminal ? 0.2 : 10);
    const double done = static_cast<double>(session.now()) / static_cast<double>(until_);
    const std::string text = fmt::format("{:3.0f} %  {:.1f} of {:.1f} ms  {:.3g} x real time  ETA {}", 100 * done, to_ms(session.now()), to_ms(until_),
                                         static_cast<double>(session.now()) * 1e-9 / seconds, report::clock_text(done > 0 ? seconds / done - seconds : -1));
    if (t_.err_is_terminal) t_.err << '\r' << text << "\x1b[K" << std::flush;
    else t_.err << text << '\n';
    shown_ = true;
  }
  void end() {
    if (shown_ && t_.err_is_terminal) t_.err << "\r\x1b[K" << std::flush;
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Terminal& t_;
  Time until_;
  Clock::time_point start_;
  double next_ = 1;
  bool shown_ = false;
};

/// Advances in slices, so that progress is shown and Ctrl-C is heard; slicing does not change the result.
void simulate(Session& session, Time until, std::vector<Spike> input, Sink& sink, RunProgress& progress) {
  std::stable_sort(input.begin(), input.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
  const Time slice = std::clamp<Time>(until / 200, kMillisecond, 100 * kMillisecond);
  auto at = input.begin();
  while (session.now() < until && !interrupted()) {
    const Time end = std::min(until, session.now() + slice);
    const auto later = std::find_if(at, input.end(), [&](const Spike& s) { return s.time >= end; });
    session.advance(end, std::span(at, later), sink);
    at = later;
    progress.show(session);
  }
}

nlohmann::ordered_json summary(const Network& network, const OperationCounts& counts, double seconds, std::uint64_t hash) {
  nlohmann::ordered_json populations = nlohmann::ordered_json::object(), projections = nlohmann::ordered_json::object();
  const double simulated = static_cast<double>(counts.simulated) * 1e-9;
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const double rate = static_cast<double>(counts.populations[p].spikes) / static_cast<double>(network.populations()[p].size()) / std::max(simulated, 1e-12);
    populations[network.populations()[p].name] = {{"neurons", network.populations()[p].size()}, {"spikes", counts.populations[p].spikes}, {"updates", counts.populations[p].updates}, {"rate_hz", rate}};
  }
  for (std::size_t k = 0; k < network.projections().size(); ++k)
    projections[network.projections()[k].name] = {{"synaptic_events", counts.projections[k].synaptic_events}, {"plastic_updates", counts.projections[k].plastic_updates}};
  return {{"network", network.name()}, {"backend", "simulator"}, {"version", kVersion}, {"seed", network.seed()}, {"simulated_s", simulated}, {"wall_s", seconds},
          {"recording_hash", fmt::format("{:016x}", hash)}, {"late", counts.late}, {"dropped", counts.dropped}, {"overflowed", counts.overflowed},
          {"populations", populations}, {"projections", projections}};
}

void print_summary(Terminal& t, const Network& network, const OperationCounts& counts, double seconds, const fs::path& dir) {
  report::Table table{{{"population", report::Align::kLeft}, {"neurons", report::Align::kRight}, {"spikes", report::Align::kRight}, {"rate (Hz)", report::Align::kRight}, {"updates", report::Align::kRight}}, {}, ""};
  const double simulated = std::max(static_cast<double>(counts.simulated) * 1e-9, 1e-12);
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const double n = static_cast<double>(network.populations()[p].size()), spikes = static_cast<double>(counts.populations[p].spikes);
    table.rows.push_back({network.populations()[p].name, report::count_text(n), report::count_text(spikes), fmt::format("{:.2f}", spikes / n / simulated), report::count_text(static_cast<double>(counts.populations[p].updates))});
  }
  table.note = fmt::format("simulated {:.6g} s in {:.2f} s; late {}, dropped {}, overflowed {}; written to {}", simulated, seconds, counts.late, counts.dropped, counts.overflowed, dir.string());
  t.out << report::render(table, t.colour);
}

int run_network(const Options& o, Terminal& t) {
  if (o.backend != "simulator") throw DescriptionError(fmt::format("there is no back end \"{}\"; this version has: simulator", o.backend));
  const Time until = parse_duration(o.duration);
  NetworkDescription description = load_network_of(o.file);
  if (o.seed != 0) description.seed = o.seed;
  const Network network(description);
  std::vector<Spike> input;
  if (!o.input.empty()) input = io::read_spikes_csv(o.input, network.populations());
  const auto session = make_simulator(o.threads)->compile(network)->start();
  const fs::path dir = make_run_directory(o.out, network.name().empty() ? fs::path(o.file).stem().string() : file_name(network.name()));
  io::write_file(dir / "network.txtpb", write_network(description));
  DirectorySink sink(dir, network);
  RunProgress progress(t, until);
  simulate(*session, until, std::move(input), sink, progress);
  progress.end();
  sink.close();
  write_weights(dir / "weights", network, *session);
  const OperationCounts counts = session->counts();
  nlohmann::ordered_json report = summary(network, counts, progress.seconds(), sink.hash());
  report["command"] = t.command;
  report["interrupted"] = interrupted().load();
  report["directory"] = dir.string();
  io::write_file(dir / "report.json", report.dump(4) + "\n");
  if (t.json) t.print(report);
  else print_summary(t, network, counts, progress.seconds(), dir);
  if (!interrupted()) return kOk;
  t.err << fmt::format("spikeloop: interrupted at {:.6g} of {:.6g} ms; what was observed until then is in {}\n", to_ms(session->now()), to_ms(until), dir.string());
  return kInterrupted;
}

}  // namespace

Verb run_verb_entry() {
  return {"run", "simulate a network and write what its probes observe",
          "Examples:\n  spikeloop run examples/networks/brunel.txtpb --duration 1s --threads 2\n  spikeloop run net.txtpb --input spikes.csv --duration 250ms --out runs/trial",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<Options>();
            app.add_option("FILE", o->file, "a network, or an experiment that names one (.txtpb)")->required();
            app.add_option("--input", o->input, "spikes for external sources (CSV: time_ms,population,neuron)");
            app.add_option("--duration", o->duration, "simulated time: 1s, 250ms, 20us (default 1s)");
            app.add_option("--backend", o->backend, "where to run (default simulator)");
            app.add_option("--seed", o->seed, "instead of the network's own seed")->check(CLI::PositiveNumber);
            app.add_option("--threads", o->threads, "threads; the result does not depend on them (default 1)")->check(CLI::Range(1, 256));
            app.add_option("--out", o->out, "run directory, must not exist (default runs/NAME)");
            return [o](Terminal& t) { return run_network(*o, t); };
          }};
}

}  // namespace spikeloop::cli
