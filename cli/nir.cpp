// SPDX-License-Identifier: Apache-2.0
#include "cli/nir.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/options.hpp"
#include "cli/tables.hpp"
#include "core/io/files.hpp"
#include "core/io/nir.hpp"
#include "core/nir/shapes.hpp"
#include "report/table.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

template <class Value>
std::optional<Value> choice(const char* option, const std::string& text, const std::vector<std::pair<std::string, Value>>& choices) {
  if (text.empty()) return {};
  std::string list;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    list += (list.empty() ? "" : ", ") + name;
  }
  throw UsageError(fmt::format("{} is {}, not \"{}\"", option, list, text));
}

/// Faults as they are told of this file.
template <class Action>
auto with_file(const std::string& path, Action&& action) {
  try {
    return action();
  } catch (const DescriptionError& error) {
    std::vector<Diagnostic> faults = error.diagnostics();
    for (Diagnostic& d : faults)
      if (d.file.empty()) d.file = path;
    throw DescriptionError(std::move(faults));
  }
}

std::map<std::string, std::size_t> count_types(const nir::FlatGraph& flat) {
  std::map<std::string, std::size_t> types;
  for (const nir::FlatNode& n : flat.nodes) ++types[n.type()];
  return types;
}

std::uint64_t count_neurons(const nir::FlatGraph& flat) {
  std::uint64_t n = 0;
  for (const nir::FlatNode& node : flat.nodes)
    if (nir::node_type(node.type())->keeps_state) n += node.size();
  return n;
}

report::Table node_table(const nir::FlatGraph& flat) {
  using report::Align;
  report::Table table{{{"node", Align::kLeft}, {"type", Align::kLeft}, {"gives", Align::kLeft}, {"from", Align::kLeft}}, {}, ""};
  for (std::size_t i = 0; i < flat.nodes.size() && i < 100; ++i) {
    std::vector<std::string> from;
    for (const std::size_t s : flat.sources[i]) from.push_back(flat.nodes[s].name);
    table.rows.push_back(
        {flat.nodes[i].name, flat.nodes[i].type(), nir::to_text(flat.nodes[i].shape), fmt::format("{}", fmt::join(from, ", "))});
  }
  if (flat.nodes.size() > 100) table.note = fmt::format("the first 100 of {} nodes", flat.nodes.size());
  return table;
}

/// Throws what a network has wrong, in terms of the file's nodes; neurons with parameters of their own are looked at one by one.
void check_network(const nir::NirNetwork& made) {
  std::vector<Diagnostic> faults;
  const auto add = [&](const std::string& node, std::string rest, Diagnostic d) {
    d.path = fmt::format("node \"{}\"{}", node, rest);
    faults.push_back(std::move(d));
  };
  for (Diagnostic& d : validate(made.description)) {
    std::size_t i = 0, end = 0;
    const bool of_population = d.path.starts_with("populations[");
    if (of_population) i = std::stoul(d.path.substr(12)), end = d.path.find(']') + 1;
    if (of_population && i < made.description.populations.size())
      add(made.description.populations[i].name, d.path.substr(end), d);
    else
      faults.push_back(std::move(d));
  }
  constexpr std::size_t kMostFaults = 10;
  for (const auto& [name, models] : made.own)
    for (std::size_t k = 0; k < models.size() && faults.size() < kMostFaults; ++k) {
      NetworkDescription alone;
      alone.populations.push_back({name, {1}, models[k], {}, {}});
      for (const Diagnostic& d : validate(alone))
        add(name, fmt::format(" neuron {}{}", k, d.path.substr(std::string("populations[0]").size())), d);
    }
  if (!faults.empty()) throw DescriptionError(std::move(faults));
}

}  // namespace

std::string NirOptions::first_given() const {
  const std::pair<const char*, const std::string*> all[] = {{"--unit", &unit},   {"--dt", &dt}, {"--pulse", &pulse},
                                                            {"--reset", &reset}, {"--as", &as}, {"--sample", &sample}};
  for (const auto& [name, value] : all)
    if (!value->empty()) return name;
  return "";
}

void add_conventions(CLI::App& app, NirOptions& o) {
  add_text(app, "--unit", o.unit, "UNIT", "of time constants in a NIR file: s, ms or step");
  add_text(app, "--dt", o.dt, "TIME", "of a NIR file: the step that it was made for");
  add_text(app, "--pulse", o.pulse, "PULSE", "of a NIR file's spikes: rect (1 for dt), dirac-dt or dirac-1 (areas)");
  add_text(app, "--reset", o.reset, "RESET", "of a NIR file's neurons: value (to v_reset) or subtract");
}

void add_nir_run(CLI::App& app, NirOptions& o) {
  std::string names;
  for (const nir::Tool& t : nir::tools()) names += (names.empty() ? "" : ", ") + std::string(t.name);
  add_text(app, "--as", o.as, "TOOL", "as in: " + names);
  add_text(app, "--sample", o.sample, "TIME", "also write potentials of a NIR file's neurons, so often");
}

nir::Given given_of(const NirOptions& o) {
  nir::Given given;
  given.unit =
      choice<nir::Unit>("--unit", o.unit, {{"s", nir::Unit::kSecond}, {"ms", nir::Unit::kMillisecond}, {"step", nir::Unit::kStep}});
  if (!o.dt.empty()) given.dt = parse_duration(o.dt);
  given.pulse = choice<nir::Pulse>(
      "--pulse", o.pulse, {{"rect", nir::Pulse::kRect}, {"dirac-dt", nir::Pulse::kDiracStep}, {"dirac-1", nir::Pulse::kDiracUnit}});
  given.reset = choice<Reset>("--reset", o.reset, {{"value", Reset::kToValue}, {"subtract", Reset::kSubtract}});
  return given;
}

NirFile load_nir(const std::string& path) {
  return with_file(path, [&] {
    NirFile file{path, std::make_unique<const nir::Graph>(io::read_nir(path)), {}};
    file.flat = nir::flatten(*file.graph);
    return file;
  });
}

NirSubject exact_subject(const NirFile& file, const NirOptions& options) {
  return with_file(file.path, [&] {
    NirSubject subject{nir::settle(file.flat, given_of(options)), {}};
    std::optional<Time> sample;
    if (!options.sample.empty()) sample = parse_duration(options.sample);
    subject.network = nir::network_of(file.flat, subject.conventions, sample);
    subject.network.description.name = fs::path(file.path).stem().string();
    check_network(subject.network);
    return subject;
  });
}

nir::Tool tool_of(const NirOptions& o) {
  const nir::Tool* tool = nir::find_tool(o.as);
  if (tool == nullptr) throw UsageError(fmt::format("--as knows no tool \"{}\"; see `spikeloop run --help`", o.as));
  for (const std::string* text : {&o.pulse, &o.reset})
    if (!text->empty()) throw UsageError("--pulse and --reset are the tool's own where --as names one; leave them out");
  return *tool;
}

nir::Conventions stepped_conventions(const NirFile& file, const NirOptions& options, const nir::Tool& tool) {
  const nir::Given given = given_of(options);
  const double unit_ms = given.unit == nir::Unit::kMillisecond ? 1 : given.unit == nir::Unit::kStep && given.dt ? to_ms(*given.dt) : 1000;
  nir::Conventions c = nir::settle_stepped(file.flat, given, nir::default_dt(tool, file.flat, unit_ms), tool.name);
  c.lines.emplace_back("as",
                       fmt::format("{}{}; its voltages are these {}{}{}", tool.name, tool.measured ? " (rule measured on its traces)" : "",
                                   tool.voltage, *tool.remark ? "; " : "", tool.remark));
  return c;
}

void set_own_models(std::size_t population, const std::vector<NeuronModel>& models, Session& session) {
  session.set_neurons(population, models);
  std::vector<double> thresholds;
  for (const NeuronModel& m : models)
    if (const Spiking* s = spiking_of(m)) thresholds.push_back(s->v_threshold_mv);
  if (!thresholds.empty()) session.set_thresholds(population, thresholds);
}

void set_own_neurons(const nir::NirNetwork& made, const Network& network, Session& session) {
  for (const auto& [name, models] : made.own) set_own_models(network.population_index(name), models, session);
}

nlohmann::ordered_json to_json(const nir::Conventions& conventions, const std::vector<std::string>& notes) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object(), list = nlohmann::ordered_json::array();
  for (const auto& [name, value] : conventions.lines)
    if (name == "note")
      list.push_back(value);
    else
      object[name] = value;
  for (const std::string& n : notes) list.push_back(n);
  object["notes"] = list;
  return object;
}

namespace {

/// The options that make a network of a file, by name.
constexpr std::array<std::pair<const char*, std::string NirOptions::*>, 5> kStoredOptions = {{{"unit", &NirOptions::unit},
                                                                                              {"dt", &NirOptions::dt},
                                                                                              {"pulse", &NirOptions::pulse},
                                                                                              {"reset", &NirOptions::reset},
                                                                                              {"sample", &NirOptions::sample}}};

}  // namespace

nlohmann::ordered_json to_json(const NirOptions& options) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, option] : kStoredOptions)
    if (!(options.*option).empty()) json[name] = options.*option;
  return json;
}

NirOptions nir_options_from(const nlohmann::json& json) {
  NirOptions options;
  for (const auto& [name, option] : kStoredOptions) options.*option = json.value(name, std::string());
  return options;
}

void store_nir(const std::string& dir, const NirFile& file, const nir::Conventions& conventions) {
  io::write_nir(fs::path(dir) / kNirFile, *file.graph);
  io::write_file(fs::path(dir) / "conventions.txt", nir::to_text(conventions));
}

NetworkDescription ports_of(const NirFile& file, bool potentials) {
  NetworkDescription d;
  d.name = fs::path(file.path).stem().string();
  for (const nir::FlatNode& n : file.flat.nodes) {
    const bool input = n.type() == "Input" && !n.port, neuron = nir::node_type(n.type())->keeps_state;
    if (!input && !neuron) continue;
    d.populations.push_back({n.name, n.shape, {}, {}, {}});
    if (input)
      d.populations.back().kind = SourceModel{ExternalSource{}};
    else
      d.populations.back().kind = NeuronModel{Lif{}};
    if (input || nir::node_type(n.type())->spikes) d.probes.push_back({"", n.name, "", Probe::Variable::kSpikes, 0, 1});
    if (neuron && potentials) d.probes.push_back({"", n.name, "", Probe::Variable::kPotential, 0, 1});
  }
  return d;
}

bool run_steps(nir::Stepper& stepper, const nir::FlatGraph& flat, const Network& ports, std::span<const Spike> input, std::int64_t steps,
               Time dt, Sink& sink) {
  std::vector<std::vector<double>> values;
  std::map<std::uint32_t, std::size_t> input_of;  // population -> which of the inputs
  for (const std::size_t i : flat.inputs) {
    input_of.emplace(static_cast<std::uint32_t>(ports.population_index(flat.nodes[i].name)), values.size());
    values.emplace_back(flat.nodes[i].size());
  }
  std::vector<std::pair<std::uint32_t, std::size_t>> spiking;  // population, node; of an Input as many spikes as came in the step
  std::vector<std::pair<std::uint32_t, std::size_t>> sampled;  // probe, node
  for (std::size_t i = 0; i < flat.nodes.size(); ++i) {
    const nir::FlatNode& n = flat.nodes[i];
    if (nir::node_type(n.type())->spikes || (n.type() == "Input" && !n.port))
      spiking.emplace_back(static_cast<std::uint32_t>(ports.population_index(n.name)), i);
    for (std::uint32_t k = 0; k < ports.probes().size(); ++k)
      if (ports.probes()[k].population == n.name && ports.probes()[k].variable == Probe::Variable::kPotential) sampled.emplace_back(k, i);
  }
  std::sort(spiking.begin(), spiking.end());
  for (std::int64_t step = 0; step < steps; ++step) {
    if (interrupted()) return false;
    for (auto& v : values) std::fill(v.begin(), v.end(), 0.0);
    for (; !input.empty() && input.front().time < (step + 1) * dt; input = input.subspan(1))
      values[input_of.at(input.front().population)][input.front().neuron] += 1;
    stepper.step(values);
    for (const auto& [population, node] : spiking) {
      const auto out = stepper.output(node);
      const bool inputs = flat.nodes[node].type() == "Input";
      for (std::uint32_t j = 0; j < out.size(); ++j)
        for (auto n = inputs ? std::llround(out[j]) : out[j] > 0; n > 0; --n) sink.spike({step * dt, population, j});
    }
    for (const auto& [probe, node] : sampled) sink.sample((step + 1) * dt, probe, stepper.potential(node));
  }
  return true;
}

int check_nir(const std::string& path, const NirOptions& options, Terminal& t) {
  const NirFile file = load_nir(path);
  std::vector<Diagnostic> open;
  std::vector<std::string> notes;
  std::optional<NirSubject> subject;
  try {
    subject = exact_subject(file, options);
    notes = subject->network.notes;
  } catch (const DescriptionError& error) {
    open = error.diagnostics();
    if (std::any_of(open.begin(), open.end(), [](const Diagnostic& d) { return !d.path.starts_with("--"); })) throw;
  }
  if (t.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array(), types = count_types(file.flat);
    for (const Diagnostic& d : open) list.push_back({{"option", d.path}, {"what", d.what}, {"suggestion", d.suggestion}});
    nlohmann::ordered_json object = {{"file", path},
                                     {"kind", "nir"},
                                     {"valid", true},
                                     {"version", file.graph->version},
                                     {"nodes", file.flat.nodes.size()},
                                     {"neurons", count_neurons(file.flat)},
                                     {"types", types},
                                     {"open", list}};
    if (subject) object["conventions"] = to_json(subject->conventions, notes);
    t.print(object);
    return kOk;
  }
  t.out << fitted(node_table(file.flat), t.out_width, t.colour);
  t.out << fmt::format("{}: a valid NIR file (version {}): {} nodes, {} neurons\n", path, file.graph->version, file.flat.nodes.size(),
                       count_neurons(file.flat));
  if (subject) t.out << nir::to_text(subject->conventions);
  for (const std::string& n : notes) t.out << "  note           " << n << "\n";
  for (const Diagnostic& d : open) t.out << fmt::format("  {} {}: {}\n", d.path, d.what, d.suggestion);
  if (!open.empty())
    for (const std::string& n : file.flat.notes) t.out << "  note           " << n << "\n";
  return kOk;
}

}  // namespace spikeloop::cli
