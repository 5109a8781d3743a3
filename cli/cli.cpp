// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <csignal>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/check.hpp"
#include "cli/eval.hpp"
#include "cli/run.hpp"
#include "cli/train.hpp"
#include "core/errors.hpp"
#include "core/network.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  spikeloop check examples/digits.txtpb                    all faults of a description at once
  spikeloop run examples/networks/brunel.txtpb --duration 1s
  spikeloop train examples/digits.txtpb --out runs/digits  train, test, report
  spikeloop eval runs/digits                               the trained network on the test set
)";

constexpr const char* kFooter =
    "\nExit codes: 0 ok, 1 usage, 2 the description or data is wrong, 3 the machine cannot run it, 4 a device or the disk failed, 5 a bug,\n"
    "130 interrupted (after a checkpoint). NO_COLOR turns colours off.";

void on_signal(int) { interrupted().store(true, std::memory_order_relaxed); }

std::string unknown_word(const std::string& word, const std::vector<std::string>& known, const char* what) {
  const std::string near = did_you_mean(word, known);
  return fmt::format("there is no {} \"{}\"{}", what, word, near.empty() ? "; see `spikeloop --help`" : fmt::format("; did you mean \"{}\"?", near));
}

nlohmann::ordered_json to_json(const Diagnostic& d) {
  return {{"file", d.file}, {"line", d.line}, {"column", d.column}, {"path", d.path}, {"what", d.what}, {"suggestion", d.suggestion}};
}

int fail(const Terminal& t, const std::string& what, int code, const std::vector<Diagnostic>& diagnostics = {}) {
  t.err << "spikeloop: " << what << "\n";
  if (!t.json) return code;
  nlohmann::ordered_json faults = nlohmann::ordered_json::array();
  for (const Diagnostic& d : diagnostics) faults.push_back(to_json(d));
  t.print({{"error", what}, {"exit_code", code}, {"faults", faults}});
  return code;
}

int run_verb(const Verb& verb, const std::vector<std::string>& arguments, Terminal& t) {
  CLI::App app{verb.summary, fmt::format("spikeloop {}", verb.name)};
  app.footer(kFooter);
  app.description(fmt::format("{}\n\n{}", verb.examples, verb.summary));
  app.add_flag("--json", t.json, "print one JSON object on stdout and nothing else there");
  app.add_flag("-q,--quiet", t.quiet, "no progress");
  const auto action = verb.declare(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // this overload takes them backwards
  } catch (const CLI::CallForHelp&) {
    t.out << app.help();
    return kOk;
  } catch (const CLI::ExtrasError&) {
    std::vector<std::string> known;
    for (const CLI::Option* o : app.get_options())
      for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
    for (const std::string& word : app.remaining())
      return fail(t, word.starts_with("-") ? unknown_word(word, known, "option") : fmt::format("one argument too many: \"{}\"; see `spikeloop {} --help`", word, verb.name), kUsage);
  } catch (const CLI::ParseError& e) {
    return fail(t, fmt::format("{}; see `spikeloop {} --help`", e.what(), verb.name), kUsage);
  }
  return action(t);
}

int dispatch(const std::vector<std::string>& arguments, Terminal& t) {
  const std::string first = arguments.empty() ? "--help" : arguments.front();
  if (first == "--version") {
    t.out << "spikeloop " << kVersion << "\n";
    return kOk;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    t.out << kExamples << "\nspikeloop trains spiking networks by feedback control, runs them event by event and counts every operation.\n\nVerbs:\n";
    for (const Verb& v : verbs()) t.out << fmt::format("  {:8} {}\n", v.name, v.summary);
    t.out << "\n`spikeloop VERB --help` tells more.\n" << kFooter << "\n";
    return arguments.empty() ? kUsage : kOk;
  }
  std::vector<std::string> names;
  for (const Verb& v : verbs()) {
    if (v.name == first) return run_verb(v, {arguments.begin() + 1, arguments.end()}, t);
    names.push_back(v.name);
  }
  return fail(t, unknown_word(first, names, "verb"), kUsage);
}

}  // namespace

void Terminal::print(const nlohmann::ordered_json& object) const { out << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n"; }

std::atomic<bool>& interrupted() {
  static std::atomic<bool> flag{false};
  return flag;
}

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> table = {check_verb(), run_verb_entry(), train_verb(), eval_verb()};
  return table;
}

int run(const std::vector<std::string>& arguments, Terminal t) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  std::signal(SIGPIPE, SIG_IGN);
  t.command = "spikeloop";
  for (const std::string& a : arguments) t.command += " " + (a.find_first_of(" \"'$*") == std::string::npos ? a : "'" + a + "'");
  for (const std::string& a : arguments) t.json |= a == "--json";  // errors of parsing are JSON too
  try {
    return dispatch(arguments, t);
  } catch (const DescriptionError& e) {
    return fail(t, e.what(), e.exit_code(), e.diagnostics());
  } catch (const Error& e) {
    return fail(t, e.what(), e.exit_code());
  } catch (const std::bad_alloc&) {
    return fail(t, "this machine does not have the memory for it; `spikeloop check FILE --memory` tells what is needed", 3);
  } catch (const std::exception& e) {
    return fail(t, fmt::format("a bug in spikeloop: {}; please report it with the command and its files", e.what()), kBug);
  }
}

std::int64_t parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  static const std::map<std::string_view, double> units = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
  const auto it = units.find(unit);
  if (error != std::errc() || it == units.end() || !(number > 0) || number * it->second > 9e18)
    throw DescriptionError(fmt::format("\"{}\" is not a duration; write a positive number and a unit, like 1s, 250ms, 20us or 5ns", text));
  return std::llround(number * it->second);
}

}  // namespace spikeloop::cli
