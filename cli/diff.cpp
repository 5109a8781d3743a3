// SPDX-License-Identifier: Apache-2.0
#include "cli/diff.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/diff_cause.hpp"
#include "cli/diff_recordings.hpp"
#include "cli/diff_side.hpp"
#include "cli/options.hpp"
#include "cli/recordings.hpp"
#include "cli/tables.hpp"
#include "core/io/csv.hpp"
#include "core/io/nir.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

struct DiffOptions {
  std::string a, b, input, unit, duration = "1s", tolerance;
  double rate_hz = 20;
  bool exit_code = false;
  NirOptions both, of_a, of_b;
};

std::string milliseconds(Time time) {
  std::string text;
  io::append_ms(text, time);
  return text + " ms";
}

std::string when(const std::optional<Time>& time) { return time ? "at " + milliseconds(*time) : "not any more"; }

/// Options of one side over those of both.
NirOptions options_of(const NirOptions& both, const NirOptions& own) {
  NirOptions o = both;
  for (std::string NirOptions::*field : {&NirOptions::unit, &NirOptions::dt, &NirOptions::pulse, &NirOptions::reset, &NirOptions::as})
    if (!(own.*field).empty()) o.*field = own.*field;
  return o;
}

/// Potentials of the neuron at which two runs part, right before.
struct Gap {
  Time time = 0;
  double a = 0, b = 0;
  double size() const { return a < b ? b - a : a - b; }
};

struct Outcome {
  SpikeComparison comparison;
  Time tolerance = 0;
  std::optional<Gap> gap;
  std::vector<Difference> differences;
  Explanation explanation;
  bool networks = false, half_stepped = false;
  std::string unit_of_gap = "mV";
};

/// The differences that explain the divergence, or what comes nearest.
std::string probable_cause(const Outcome& o) {
  const auto names = [&](const std::vector<std::size_t>& list, const char* between) {
    std::string text;
    for (const std::size_t i : list) text += (text.empty() ? "" : between) + o.differences[i].cause;
    return text;
  };
  if (!o.explanation.causes.empty()) {
    const Trial& first = o.explanation.trials[o.explanation.causes.front()];
    const bool one_is_enough = first.possible && !first.parts;
    return names(o.explanation.causes, one_is_enough ? " or " : " and ");
  }
  if (o.half_stepped && (o.explanation.remains || o.differences.empty()))
    return "dt: one goes in steps, and nothing else is left that differs";
  std::size_t best = o.differences.size();
  for (const Trial& t : o.explanation.trials)
    if (t.possible && t.parts && *t.parts > o.comparison.first->time &&
        (best == o.differences.size() || *t.parts > *o.explanation.trials[best].parts))
      best = t.difference;
  if (best < o.differences.size()) return o.differences[best].cause + " (in part)";
  if (o.differences.empty()) return o.gap && o.gap->size() < 1e-6 ? "rounding" : "none of those that are looked for";
  return "not found";
}

nlohmann::ordered_json diff_json(const DiffOptions& o, const Outcome& out) {
  nlohmann::ordered_json populations = nlohmann::ordered_json::array(), differences = nlohmann::ordered_json::array();
  for (const PopulationComparison& p : out.comparison.populations)
    populations.push_back({{"name", p.name}, {"a", p.a}, {"b", p.b}, {"shared", p.shared}});
  nlohmann::ordered_json object = {{"a", o.a},
                                   {"b", o.b},
                                   {"kind", out.networks ? "networks" : "recordings"},
                                   {"equal", out.comparison.equal()},
                                   {"tolerance_ns", out.tolerance},
                                   {"populations", populations}};
  const auto time = [](const std::optional<Time>& t) { return t ? nlohmann::ordered_json(*t) : nlohmann::ordered_json(nullptr); };
  if (const auto& first = out.comparison.first) {
    object["first"] = {{"population", first->population},
                       {"neuron", first->neuron},
                       {"time_ns", first->time},
                       {"a_ns", time(first->a)},
                       {"b_ns", time(first->b)}};
    if (out.gap) object["before"] = {{"time_ns", out.gap->time}, {"a_mv", out.gap->a}, {"b_mv", out.gap->b}, {"gap_mv", out.gap->size()}};
  }
  if (!out.networks) return object;
  for (std::size_t i = 0; i < out.differences.size(); ++i) {
    differences.push_back({{"cause", out.differences[i].cause}, {"what", out.differences[i].what}});
    if (i >= out.explanation.trials.size()) continue;
    differences.back()["alone_enough"] = out.explanation.trials[i].possible && !out.explanation.trials[i].parts;
    differences.back()["parts_then_ns"] = time(out.explanation.trials[i].parts);
  }
  object["differences"] = differences;
  if (!out.comparison.equal()) object["probable_cause"] = probable_cause(out);
  return object;
}

report::Table population_table(const SpikeComparison& comparison) {
  using report::Align;
  report::Table table{
      {{"population", Align::kLeft}, {"spikes in A", Align::kRight}, {"in B", Align::kRight}, {"in both", Align::kRight}}, {}, ""};
  const auto count = [](std::uint64_t n) { return report::count_text(static_cast<double>(n)); };
  for (const PopulationComparison& p : comparison.populations)
    table.rows.push_back({p.name.empty() ? "(no name)" : p.name, count(p.a), count(p.b), count(p.shared)});
  return table;
}

report::Table difference_table(const Outcome& out) {
  using report::Align;
  report::Table table{{{"differs", Align::kLeft}, {"where it does not, they part", Align::kLeft}, {"what", Align::kLeft}}, {}, ""};
  for (std::size_t i = 0; i < out.differences.size(); ++i) {
    std::string then = "-";
    if (i < out.explanation.trials.size()) {
      const Trial& t = out.explanation.trials[i];
      then = !t.possible ? "cannot be by itself" : t.parts ? "at " + milliseconds(*t.parts) : "not at all";
    }
    table.rows.push_back({out.differences[i].cause, then, out.differences[i].what});
  }
  return table;
}

void print_text(const Outcome& out, Terminal& t) {
  t.out << fitted(population_table(out.comparison), t.out_width, t.colour) << "\n";
  if (out.networks && !out.differences.empty()) t.out << fitted(difference_table(out), t.out_width, t.colour) << "\n";
  if (out.comparison.equal()) {
    t.out << "no spike differs" << (out.tolerance > 0 ? fmt::format(" by more than {}", milliseconds(out.tolerance)) : std::string())
          << (out.networks && !out.differences.empty() ? ", though the networks do" : "") << "\n";
    return;
  }
  const Divergence& first = *out.comparison.first;
  t.out << fmt::format("first difference: \"{}\", neuron {}, at {}: it spikes in A {}, in B {}\n", first.population, first.neuron,
                       milliseconds(first.time), when(first.a), when(first.b));
  if (out.gap)
    t.out << fmt::format("before it, at {}: {:.6g} {} in A, {:.6g} {} in B; the gap is {:.3g}\n", milliseconds(out.gap->time), out.gap->a,
                         out.unit_of_gap, out.gap->b, out.unit_of_gap, out.gap->size());
  if (!out.networks) return;
  t.out << "probable cause: " << probable_cause(out) << "\n";
  if (out.explanation.remains)
    t.out << fmt::format("with all of it undone they part at {} still\n", milliseconds(*out.explanation.remains));
}

Outcome diff_networks(const DiffOptions& o, Terminal& t) {
  Outcome out;
  out.networks = true;
  if (!io::is_nir(o.a) && !io::is_nir(o.b) && !o.both.first_given().empty())
    throw UsageError(fmt::format("{} is for NIR files; these are none", o.both.first_given()));
  const auto side = [&](const std::string& file, const NirOptions& own) {
    return load_side(file, io::is_nir(file) ? options_of(o.both, own) : own);
  };
  DiffPair pair{side(o.a, o.of_a), side(o.b, o.of_b), {}};
  for (const DiffSide* one : {&pair.a, &pair.b})
    if (one->conventions) t.err << (one == &pair.a ? "A, " : "B, ") << one->file << "\n" << nir::to_text(*one->conventions);
  const Time until = parse_duration(o.duration);
  const bool stepped = pair.a.tool || pair.b.tool;
  out.tolerance = !o.tolerance.empty() ? parse_duration(o.tolerance) : stepped ? std::max(pair.a.step(), pair.b.step()) : 0;
  pair.input = input_of(pair.a, o.input, o.unit, o.rate_hz, until, t);
  out.comparison = compare_spikes(run_side(pair.a, pair.input, until), run_side(pair.b, pair.input, until), out.tolerance);
  out.half_stepped = pair.half_stepped();
  out.differences = differences_of(pair);
  if (out.comparison.equal()) return out;
  const Divergence& first = *out.comparison.first;
  const Time before = first.time - (first.of_a() ? pair.a.step() : pair.b.step());
  const auto a = potential_at(pair.a, pair.input, first.population, first.neuron, before),
             b = potential_at(pair.b, pair.input, first.population, first.neuron, before);
  if (a && b) out.gap = Gap{before, *a, *b};
  if (stepped) out.unit_of_gap = "(as the tool has it)";
  out.explanation = explain(pair, out.differences, until, out.tolerance);
  return out;
}

Outcome diff_recordings(const DiffOptions& o) {
  Outcome out;
  if (!o.tolerance.empty()) out.tolerance = parse_duration(o.tolerance);
  out.comparison = compare_spikes(read_recording(o.a, o.unit), read_recording(o.b, o.unit), out.tolerance);
  if (out.comparison.equal()) return out;
  const Divergence& first = *out.comparison.first;
  const auto a = sampled_before(o.a, first), b = sampled_before(o.b, first);
  if (a && b && a->first == b->first) out.gap = Gap{a->first, a->second, b->second};
  return out;
}

int diff(const DiffOptions& o, Terminal& t) {
  const bool recording_a = is_run_or_recording(o.a, o.unit), recording_b = is_run_or_recording(o.b, o.unit);
  if (recording_a != recording_b)
    throw UsageError(fmt::format("{} is a recording, and {} is none; `diff` compares two networks, or two recordings",
                                 recording_a ? o.a : o.b, recording_a ? o.b : o.a));
  for (const NirOptions* options : {&o.both, &o.of_a, &o.of_b})
    if (recording_a && !options->first_given().empty())
      throw UsageError(fmt::format("{} is for NIR files; these are recordings", options->first_given()));
  const Outcome out = recording_a ? diff_recordings(o) : diff_networks(o, t);
  if (t.json)
    t.print(diff_json(o, out));
  else
    print_text(out, t);
  return o.exit_code && !out.comparison.equal() ? kUsage : kOk;
}

void add_side(CLI::App& app, const std::string& side, NirOptions& o) {
  const std::string prefix = "--" + side + "-", of = " of " + std::string(side == "a" ? "A" : "B") + " alone";
  add_text(app, prefix + "unit", o.unit, "UNIT", "--unit" + of);
  add_text(app, prefix + "dt", o.dt, "TIME", "--dt" + of);
  add_text(app, prefix + "pulse", o.pulse, "PULSE", "--pulse" + of);
  add_text(app, prefix + "reset", o.reset, "RESET", "--reset" + of);
  add_text(app, prefix + "as", o.as, "TOOL", "--as" + of);
}

}  // namespace

Verb diff_verb() {
  return {"diff", "where two networks, or two recordings, part, and why",
          "Examples:\n  spikeloop diff net.nir net.txtpb --input spikes.csv\n"
          "  spikeloop diff net.nir net.nir --dt 0.1ms --a-reset value --b-reset subtract\n"
          "  spikeloop diff net.nir net.nir --a-reset value --b-as norse --dt 0.1ms\n"
          "  spikeloop diff runs/a runs/b --tolerance 0.1ms",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<DiffOptions>();
            add_text(app, "A", o->a, "", "a network (.txtpb or NIR), a recording, or a run directory")->required();
            add_text(app, "B", o->b, "", "another of the same kind")->required();
            add_text(app, "--tolerance", o->tolerance, "TIME", "spikes that are one (default 0; with --as a step)");
            add_text(app, "--input", o->input, "FILE", "spikes or a recording for both networks");
            app.add_option("--rate", o->rate_hz, "Hz of Poisson input where there is no --input (default 20)")
                ->type_name("HZ")
                ->check(CLI::Range(0.0, 1e6).description(""));
            add_text(app, "--duration", o->duration, "TIME", "simulated time (default 1s)");
            add_text(app, "--time-unit", o->unit, "UNIT", "of a .npy file that does not tell it: ns, us, ms or s");
            app.add_flag("--exit-code", o->exit_code, "exit with 1 where they part (else 0)");
            add_conventions(app, o->both);
            add_text(app, "--as", o->both.as, "TOOL", "step NIR files as another tool does, see `run --help`");
            add_side(app, "a", o->of_a);
            add_side(app, "b", o->of_b);
            return [o](Terminal& t) { return diff(*o, t); };
          }};
}

}  // namespace spikeloop::cli
