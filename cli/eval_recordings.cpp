// SPDX-License-Identifier: Apache-2.0
#include "cli/eval_recordings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/display.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/recordings.hpp"
#include "cli/results.hpp"
#include "cli/tables.hpp"
#include "core/evaluate_recordings.hpp"
#include "core/io/events.hpp"
#include "core/io/nir.hpp"
#include "core/nir/workload.hpp"
#include "report/json.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

/// One recording and what it should be taken for.
struct Labelled {
  std::string file;
  std::uint32_t label = 0;
};

/// A network and where it came from.
struct Subject {
  NetworkDescription description;
  std::optional<NirFile> nir_file;
  std::optional<NirSubject> nir;
};

Subject load_subject(const RecordingsOptions& o) {
  Subject s;
  if (io::is_nir(o.file)) {
    s.nir_file = load_nir(o.file);
    s.nir = exact_subject(*s.nir_file, o.nir);
    s.description = s.nir->network.description;
  } else {
    s.description = load_network_of(o.file);  // which tells first that there is no such file
    if (!o.nir.first_given().empty()) throw UsageError(fmt::format("{} is for NIR files, and {} is none", o.nir.first_given(), o.file));
  }
  return s;
}

/// The population that answers: named, the one that the file shows, or the only one that nothing leaves.
std::string readout_of(const RecordingsOptions& o, const Subject& s) {
  std::vector<std::string> candidates;
  if (s.nir) candidates = s.nir->network.outputs;
  for (const Population& p : s.description.populations) {
    if (s.nir || p.is_source()) continue;
    const auto& all = s.description.projections;
    const auto leaves = [&](const Projection& k) { return k.source == p.name && k.target != p.name; };
    if (std::none_of(all.begin(), all.end(), leaves)) candidates.push_back(p.name);
  }
  if (o.readout.empty() && candidates.size() == 1) return candidates.front();
  std::vector<std::string> names;
  for (const Population& p : s.description.populations)
    if (!p.is_source()) names.push_back(p.name);
  if (o.readout.empty())
    throw UsageError(fmt::format("which population answers is not clear; name it with --readout, one of {}",
                                 fmt::join(candidates.empty() ? names : candidates, ", ")));
  if (std::find(names.begin(), names.end(), o.readout) == names.end())
    throw UsageError(
        fmt::format("--readout {}: there are no neurons of that name in {}; there are {}", o.readout, o.file, fmt::join(names, ", ")));
  return o.readout;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 9 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
}

/// Labels that are numbers are neurons; others are numbered in their order. The classes are taken in turn, so that a limit leaves of each.
std::vector<Labelled> labelled(const RecordingsOptions& o, const std::string& readout, std::uint64_t outputs, std::size_t& classes) {
  const std::vector<io::EventClass> all = io::event_classes(o.recordings);
  const bool numbers = std::all_of(all.begin(), all.end(), [](const io::EventClass& c) { return is_number(c.label); });
  std::vector<Labelled> samples;
  classes = 0;
  std::size_t most = 0;
  for (std::size_t c = 0; c < all.size(); ++c) {
    const std::uint64_t label = numbers ? std::stoull(all[c].label) : c;
    if (label >= outputs)
      throw DescriptionError(
          fmt::format("{}: class \"{}\" is number {}, but the readout \"{}\" has {} neurons; take a network with an output for "
                      "each class, or name another --readout",
                      o.recordings, all[c].label, label, readout, outputs));
    classes = std::max<std::size_t>(classes, label + 1);
    most = std::max(most, all[c].files.size());
  }
  for (std::size_t i = 0; i < most; ++i)
    for (std::size_t c = 0; c < all.size(); ++c)
      if (i < all[c].files.size())
        samples.push_back({all[c].files[i].string(), static_cast<std::uint32_t>(numbers ? std::stoul(all[c].label) : c)});
  if (o.limit > 0 && o.limit < samples.size()) samples.resize(o.limit);
  return samples;
}

/// Spikes of a recording, and how long it takes: as told, else to its last event, in whole milliseconds. Only the first recording is told
/// of. Nothing of one that is damaged, which `damaged` keeps.
class Loader {
 public:
  Loader(const RecordingsOptions& o, const Network& network, const Terminal& t) : o_(o), network_(network), terminal_(t) {
    if (!o.duration.empty()) duration_ = parse_duration(o.duration);
  }
  std::optional<LabelledSpikes> operator()(const Labelled& sample) try {
    LabelledSpikes spikes{sample.label, 0, {}};
    std::ostringstream nowhere;
    Terminal quiet{terminal_.out, told_ ? nowhere : terminal_.err};
    told_ = true;
    spikes.spikes = spikes_of_recording(sample.file, o_.unit, network_, duration_.value_or(kLongest), quiet);
    const Time last = spikes.spikes.empty() ? 0 : spikes.spikes.back().time;
    spikes.duration = duration_.value_or((last / kMillisecond + 1) * kMillisecond);
    return spikes;
  } catch (const DamagedRecording& error) {
    damaged.push_back(error.diagnostics().front());
    return {};
  }

  std::vector<Diagnostic> damaged;

 private:
  static constexpr Time kLongest = 3600 * kSecond;
  const RecordingsOptions& o_;
  const Network& network_;
  Terminal terminal_;
  std::optional<Time> duration_;
  bool told_ = false;
};

nlohmann::ordered_json result_json(const RecordingsOptions& o, const Subject& s, const Network& network, const Evaluation& e,
                                   const std::string& readout, const std::vector<EnergyReport>& energy,
                                   const std::vector<Diagnostic>& damaged) {
  const double inference_ms = to_ms(e.counts.simulated) / static_cast<double>(std::max<std::size_t>(1, e.samples));
  nlohmann::ordered_json json = {{"file", o.file},
                                 {"recordings", o.recordings},
                                 {"readout", readout},
                                 {"samples", e.samples},
                                 {"test_accuracy", e.accuracy},
                                 {"confusion", e.confusion},
                                 {"neurobench", report::neurobench_json(neurobench(e))},
                                 {"extra", report::extra_json(network, e, inference_ms, true)}};
  json["energy"] = nlohmann::ordered_json::array();
  for (const EnergyReport& r : energy) json["energy"].push_back(report::energy_json(r, "inference"));
  if (s.nir) json["conventions"] = to_json(s.nir->conventions, s.nir->network.notes);
  if (!damaged.empty()) json["left_out"] = nlohmann::ordered_json::array();
  for (const Diagnostic& d : damaged) json["left_out"].push_back({{"file", d.file}, {"what", d.what}});
  return json;
}

/// Names the recordings that were left out.
int end_of(const std::vector<Diagnostic>& damaged, std::size_t samples, Terminal& t) {
  if (damaged.empty()) return kOk;
  t.err << fmt::format("spikeloop: {} of {} recordings are damaged and left out of these figures:\n", damaged.size(), samples);
  for (const Diagnostic& d : damaged) t.err << to_string(d) << "\n";
  return DescriptionError(damaged).exit_code();
}

}  // namespace

void add_recordings(CLI::App& app, RecordingsOptions& o) {
  add_text(app, "--recordings", o.recordings, "DIR", "test a network file on these: a folder of recordings for each class");
  add_text(app, "--readout", o.readout, "NAME", "with --recordings: the population that has a neuron for each class");
  add_count(app, "--limit", o.limit, 1'000'000'000, "with --recordings: so many, from the classes in turn");
  add_text(app, "--duration", o.duration, "TIME", "with --recordings: of each (default: to its last event)");
  add_text(app, "--bin", o.bin, "TIME", "with --recordings: bins of the activation sparsity (default 1ms)");
  add_text(app, "--time-unit", o.unit, "UNIT", "of the times of .npy files that do not tell it: ns, us, ms or s");
  add_conventions(app, o.nir);
}

std::string first_recordings_option(const RecordingsOptions& o) {
  if (!o.readout.empty()) return "--readout";
  if (o.limit > 0) return "--limit";
  if (!o.duration.empty()) return "--duration";
  if (o.bin != "1ms") return "--bin";
  if (!o.unit.empty()) return "--time-unit";
  return o.nir.first_given();
}

int eval_recordings(const RecordingsOptions& o, const MachineChoice& choice, Terminal& t) {
  const Subject subject = load_subject(o);
  RecordingTest test{readout_of(o, subject), 0, to_ms(parse_duration(o.bin))};
  std::vector<PriceList> prices;
  for (const std::string& name : o.prices) prices.push_back(load_price(name));
  if (prices.empty() && !choice.is_simulator()) prices.push_back(dynapse::prices_of(load_chip_of(choice)));
  const Network network(with_probes(subject.description, test));
  const std::uint64_t outputs = network.populations()[network.population_index(test.readout)].size();
  const std::vector<Labelled> samples = labelled(o, test.readout, outputs, test.classes);
  const auto machine = make_machine(choice, 1, network.seed());
  if (!subject.nir) check_machine(*machine, network, o.file);
  const auto session = machine->compile(network)->start();
  if (subject.nir) {
    set_own_neurons(subject.nir->network, network, *session);
    t.err << nir::to_text(subject.nir->conventions);
    for (const std::string& note : subject.nir->network.notes) t.err << "  note           " << note << "\n";
  }
  std::vector<bool> left_out;
  for (const Population& p : network.populations()) left_out.push_back(p.name.starts_with("ctrl."));
  const Workload workload = subject.nir ? nir::workload_of(subject.nir_file->flat, network) : workload_of(network, *session, left_out);
  Loader load(o, network, t);
  StatusLine line(t);
  const auto progress = [&](std::size_t done, double accuracy) {
    if (interrupted()) throw InterruptedError("interrupted; nothing is lost, for eval writes nothing");
    if (line.due())
      line.show(fmt::format("{}/{} recordings  {:.1f} %  {:.3g} a second", done, samples.size(), 100 * accuracy,
                            static_cast<double>(done) / line.seconds()));
  };
  const Evaluation e = evaluate_recordings(
      test, network, *session, workload, samples.size(), [&](std::size_t i) { return load(samples[i]); }, progress);
  line.clear();
  if (e.samples == 0 && !load.damaged.empty()) throw DescriptionError(load.damaged);
  const std::vector<EnergyReport> energy = energy_of(network, e, prices);
  if (t.json) {
    t.print(result_json(o, subject, network, e, test.readout, energy, load.damaged));
    return end_of(load.damaged, samples.size(), t);
  }
  t.out << fmt::format("{}: {:.2f} % of {} recordings of {} ({} classes), answered by \"{}\"\n", o.file, 100 * e.accuracy, e.samples,
                       o.recordings, test.classes, test.readout)
        << fitted(report::work_table(network, e, energy), t.out_width, t.colour);
  return end_of(load.damaged, samples.size(), t);
}

}  // namespace spikeloop::cli
