// SPDX-License-Identifier: Apache-2.0
#include "cli/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>
#include <sstream>

#include "cli/backends.hpp"
#include "cli/directory_sink.hpp"
#include "cli/display.hpp"
#include "cli/inputs.hpp"
#include "cli/nir.hpp"
#include "cli/options.hpp"
#include "cli/recorded.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/run_nir.hpp"
#include "cli/spike_input.hpp"
#include "cli/tables.hpp"
#include "core/io/nir.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "report/profile.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTraceFile = "trace.json";

struct RunOptions {
  MachineChoice machine;
  std::string file, input, unit, duration = "1s", out;
  std::uint64_t seed = 0;
  std::size_t threads = 1;
  bool profile = false;
  NirOptions nir;
};

constexpr double kRunawayHz = 100'000;  // more than neurons are meant to do on any machine

/// Populations whose neurons spike without end since `before`: a run of them takes long and fills the disk.
std::string runaway(const Network& network, const OperationCounts& before, const OperationCounts& now) {
  const double seconds = static_cast<double>(now.simulated - before.simulated) / static_cast<double>(kSecond);
  for (std::size_t p = 0; p < now.populations.size() && seconds > 0; ++p) {
    const Population& population = network.populations()[p];
    const auto spikes = static_cast<double>(now.populations[p].spikes - before.populations[p].spikes);
    const double rate = spikes / static_cast<double>(population.size()) / seconds;
    if (population.is_source() || rate < kRunawayHz) continue;
    return fmt::format(
        "spikeloop: warning: each neuron of \"{}\" spikes {} times a second; does the network excite itself? Of a NIR file, see --pulse "
        "and --unit\n",
        population.name, report::count_text(rate));
  }
  return {};
}

/// Advances in slices, so that progress is shown and Ctrl-C is heard. Slicing does not change what a simulator does; a chip does not stand
/// still between slices, and gets few.
void simulate(Session& session, const Network& network, bool stands_still, Time until, std::span<const Spike> input, Sink& sink,
              RunDisplay& display, Terminal& t) {
  std::string warning;
  const Time slice = stands_still ? std::clamp<Time>(until / 200, kMillisecond, 100 * kMillisecond) : kSecond;
  while (session.now() < until && !interrupted()) {
    const Time end = std::min(until, session.now() + slice);
    const auto later = std::find_if(input.begin(), input.end(), [&](const Spike& s) { return s.time >= end; });
    const auto now = static_cast<std::size_t>(later - input.begin());
    const OperationCounts before = warning.empty() ? session.counts() : OperationCounts{};
    session.advance(end, input.first(now), sink);
    if (warning.empty()) {
      warning = runaway(network, before, session.counts());
      t.err << warning << std::flush;
    }
    input = input.subspan(now);
    display.show(session.now());
  }
}

nlohmann::ordered_json summary(const Network& network, const std::string& machine, const OperationCounts& counts, double seconds,
                               std::uint64_t hash) {
  nlohmann::ordered_json populations = nlohmann::ordered_json::object(), projections = nlohmann::ordered_json::object();
  const double simulated = static_cast<double>(counts.simulated) * 1e-9;
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const double rate = static_cast<double>(counts.populations[p].spikes) / static_cast<double>(network.populations()[p].size()) /
                        std::max(simulated, 1e-12);
    populations[network.populations()[p].name] = {{"neurons", network.populations()[p].size()},
                                                  {"spikes", counts.populations[p].spikes},
                                                  {"updates", counts.populations[p].updates},
                                                  {"rate_hz", rate}};
  }
  for (std::size_t k = 0; k < network.projections().size(); ++k)
    projections[network.projections()[k].name] = {{"synaptic_events", counts.projections[k].synaptic_events},
                                                  {"plastic_updates", counts.projections[k].plastic_updates}};
  nlohmann::ordered_json json = {{"network", network.name()},
                                 {"backend", machine},
                                 {"version", kVersion},
                                 {"seed", network.seed()},
                                 {"simulated_s", simulated},
                                 {"wall_s", seconds},
                                 {"recording_hash", fmt::format("{:016x}", hash)},
                                 {"late", counts.late},
                                 {"dropped", counts.dropped},
                                 {"overflowed", counts.overflowed},
                                 {"populations", populations},
                                 {"projections", projections}};
  if (counts.chip)
    json["chip"] = {{"operations", to_json(counts.chip->operations)},
                    {"neurons_per_core", counts.chip->neurons_per_core},
                    {"unseen_neurons", counts.chip->unseen_neurons}};
  return json;
}

void print_summary(Terminal& t, const Network& network, const OperationCounts& counts, double seconds, const fs::path& dir) {
  report::Table table{{{"population", report::Align::kLeft},
                       {"neurons", report::Align::kRight},
                       {"spikes", report::Align::kRight},
                       {"rate (Hz)", report::Align::kRight},
                       {"updates", report::Align::kRight}},
                      {},
                      ""};
  const double simulated = std::max(static_cast<double>(counts.simulated) * 1e-9, 1e-12);
  for (std::size_t p = 0; p < network.populations().size(); ++p) {
    const double n = static_cast<double>(network.populations()[p].size()), spikes = static_cast<double>(counts.populations[p].spikes);
    table.rows.push_back({network.populations()[p].name, report::count_text(n), report::count_text(spikes),
                          fmt::format("{:.2f}", spikes / n / simulated),
                          report::count_text(static_cast<double>(counts.populations[p].updates))});
  }
  table.note = fmt::format("simulated {:.6g} s in {:.3g} s; late {}, dropped {}, overflowed {}", simulated, seconds, counts.late,
                           counts.dropped, counts.overflowed);
  t.out << fitted(table, t.out_width, t.colour) << fmt::format("written to {}\n", dir.string());
}

void write_trace(const fs::path& file, const Profile& profile, const Network& network, Terminal& t) {
  std::ostringstream text;
  report::write_chrome_trace(text, profile, network);
  write_file_atomically(file.string(), text.str());
  if (profile.left_out > 0)
    t.err << fmt::format("spikeloop: {} has the first {} stretches of the run; {} later ones are only in the table\n", file.string(),
                         profile.spans.size(), profile.left_out);
}

/// Populations of which a board tells nothing: no probe looks at their spikes, nothing is learned at them, and nobody beside it listens.
std::vector<std::string> unobserved(const Network& network, const dynapse::ChipSession* board) {
  std::vector<std::string> names;
  if (board == nullptr) return names;
  const dynapse::Circuit& c = board->compiled().circuit;
  for (std::size_t n = 0; n < c.neurons.size(); ++n) {
    const std::string name = "\"" + network.populations()[c.neurons[n].population].name + "\"";
    if (!c.observed[n] && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

int run_network(const RunOptions& o, Terminal& t) {
  check_machine_choice(o.machine);
  const bool is_nir = io::is_nir(o.file);
  if (is_nir && !o.nir.as.empty()) return run_nir_stepped({o.file, o.input, o.unit, o.duration, o.out, o.nir}, t);
  const Time until = parse_duration(o.duration);
  std::optional<NirFile> nir_file;
  std::optional<NirSubject> subject;
  if (is_nir) nir_file = load_nir(o.file), subject = exact_subject(*nir_file, o.nir);
  NetworkDescription description = subject ? subject->network.description : load_network_of(o.file);  // tells if there is no such file
  if (!is_nir && !o.nir.first_given().empty())
    throw UsageError(fmt::format("{} is for NIR files, and {} is none", o.nir.first_given(), o.file));
  if (o.seed != 0) description.seed = o.seed;
  const Network network(description);
  check_file_names(network);
  const std::vector<Spike> input = read_input(o.input, o.unit, network, until, t);
  const auto machine = make_machine(o.machine, o.threads, network.seed());
  if (!is_nir) check_machine(*machine, network, o.file);  // a NIR file has no lines to point at: `compile` refuses
  const auto session = machine->compile(network)->start();
  if (subject) {
    set_own_neurons(subject->network, network, *session);
    t.err << nir::to_text(subject->conventions);
    for (const std::string& note : subject->network.notes) t.err << "  note           " << note << "\n";
  }
  dynapse::ChipSession* const board = board_of(*session);
  const std::vector<std::string> unseen = unobserved(network, board);
  if (!unseen.empty())
    t.err << fmt::format(
        "spikeloop: what {} does is not seen on the board: its spikes are counted as 0 here, and energy is not known; probe its spikes "
        "(one SRAM entry a neuron)\n",
        fmt::join(unseen, ", "));
  if (board != nullptr && !t.quiet)
    for (const std::string& note : board->compiled().notes) t.err << wrapped("spikeloop: " + note, t.width) << "\n";
  session->set_profiling(o.profile);
  const fs::path dir = make_run_directory(o.out, file_name(network.name().empty() ? fs::path(o.file).stem().string() : network.name()));
  if (subject)
    store_nir(dir.string(), *nir_file, subject->conventions);
  else
    write_file_atomically((dir / "network.txtpb").string(), write_network(description, {dir.string()}));
  if (board != nullptr) keep_chip(dir, o.machine);
  DirectorySink sink(dir, network);
  RunDisplay display(t, until);
  simulate(*session, network, board == nullptr, until, input, sink, display, t);
  display.end();
  sink.close();
  write_weights(dir / "weights", network, *session);
  OperationCounts counts = session->counts();
  if (board != nullptr) counts.dropped = board->deployment().lost();
  const bool complete = session->now() >= until;
  nlohmann::ordered_json report = summary(network, o.machine.name, counts, display.seconds(), sink.hash());
  report["command"] = t.command;
  report["interrupted"] = !complete;
  report["directory"] = dir.string();
  if (subject) report["options"] = to_json(o.nir), report["conventions"] = to_json(subject->conventions, subject->network.notes);
  if (!unseen.empty()) report["not_seen"] = unseen;
  if (o.profile) {
    report["profile"] = report::profile_json(session->profile(), network);
    write_trace(dir / kTraceFile, session->profile(), network, t);
  }
  write_file_atomically((dir / kReportFile).string(), report.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  if (t.json)
    t.print(report);
  else
    print_summary(t, network, counts, display.seconds(), dir);
  if (o.profile && !t.json) t.out << fitted(report::profile_table(session->profile(), network), t.out_width, t.colour);
  if (complete) return kOk;
  t.err << fmt::format("spikeloop: interrupted at {:.6g} of {:.6g} ms; what was observed until then is in {}\n", to_ms(session->now()),
                       to_ms(until), dir.string());
  return kInterrupted;
}

}  // namespace

Verb run_verb_entry() {
  return {"run", "simulate a network and write what its probes observe",
          "Examples:\n  spikeloop run examples/networks/brunel.txtpb --duration 1s --threads 2\n  spikeloop run net.txtpb --input "
          "spikes.csv --duration 250ms --out runs/trial\n  spikeloop run net.txtpb --input sample.aedat4\n  spikeloop run "
          "net.nir --dt 0.1ms --reset value --input spikes.csv\n  spikeloop run net.nir --as norse --dt 0.1ms",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<RunOptions>();
            add_text(app, "FILE", o->file, "", "a network (.txtpb or NIR), or an experiment that names one")->required();
            add_text(app, "--input", o->input, "FILE", "spikes (time_ms,population,neuron), or a recording of events");
            add_text(app, "--time-unit", o->unit, "UNIT", "of the times of a .npy file that does not tell it: ns, us, ms or s");
            add_text(app, "--duration", o->duration, "TIME", "simulated time: 1s, 250ms, 20us (default 1s)");
            add_machine(app, o->machine);
            add_count(app, "--seed", o->seed, 1'000'000'000'000'000, "instead of the network's own seed");
            add_count(app, "--threads", o->threads, 256, "threads; the result does not depend on them (default 1)");
            app.add_flag("--profile", o->profile, "tell where the time goes; DIR/trace.json is for chrome://tracing");
            add_conventions(app, o->nir);
            add_nir_run(app, o->nir);
            add_text(app, "--out", o->out, "DIR", "run directory, must not exist (default runs/NAME)");
            return [o](Terminal& t) { return run_network(*o, t); };
          }};
}

}  // namespace spikeloop::cli
