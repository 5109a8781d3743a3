// SPDX-License-Identifier: Apache-2.0
#include "cli/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/board.hpp"
#include "cli/boards.hpp"
#include "cli/check.hpp"
#include "cli/claim.hpp"
#include "cli/convert.hpp"
#include "cli/deploy.hpp"
#include "cli/diff.hpp"
#include "cli/energy.hpp"
#include "cli/eval.hpp"
#include "cli/map.hpp"
#include "cli/run.hpp"
#include "cli/sweep.hpp"
#include "cli/train.hpp"
#include "core/network.hpp"
#include "firmware-interface/transport/errors.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  spikeloop check examples/digits.txtpb                    all faults of a description at once
  spikeloop run examples/networks/brunel.txtpb --duration 1s
  spikeloop train examples/digits.txtpb --out runs/digits  train, test, report
  spikeloop eval runs/digits                               the trained network on the test set
)";

constexpr const char* kFooter = R"(
Exit codes:
  0 ok   1 usage   2 the description or data is wrong   3 the machine cannot run it
  4 a device or the disk failed   5 a bug   130 interrupted (after a checkpoint)
NO_COLOR=1 turns colours off.)";

/// What was probably meant: a slip of the pen, two letters in the wrong order, or a beginning.
std::string nearest(std::string word, const std::vector<std::string>& known) {
  if (std::string near = did_you_mean(word, known); !near.empty()) return near;
  for (std::size_t i = 0; i + 1 < word.size(); ++i) {
    std::swap(word[i], word[i + 1]);
    if (std::find(known.begin(), known.end(), word) != known.end()) return word;
    std::swap(word[i], word[i + 1]);
  }
  for (const std::string& k : known)
    if (word.find_first_not_of('-') != std::string::npos && k.starts_with(word)) return k;
  return "";
}

std::string unknown_word(const std::string& word, const std::vector<std::string>& known, const char* what, const std::string& help) {
  const std::string near = nearest(word, known);
  if (!near.empty()) return fmt::format("there is no {} \"{}\"; did you mean \"{}\"?", what, word, near);
  return fmt::format("there is no {} \"{}\"; see `{} --help`", what, word, help);
}

nlohmann::ordered_json diagnostic_json(const Diagnostic& d) {
  return {{"file", d.file}, {"line", d.line}, {"column", d.column}, {"path", d.path}, {"what", d.what}, {"suggestion", d.suggestion}};
}

int fail(const Terminal& t, const std::string& what, int code, const std::vector<Diagnostic>& faults = {}) {
  if (faults.size() < 2) {
    t.err << "spikeloop: " << what << "\n";
  } else {
    t.err << fmt::format("spikeloop: {} faults:\n", faults.size());
    for (const Diagnostic& d : faults) t.err << to_string(d) << "\n";
  }
  if (!t.json) return code;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Diagnostic& d : faults) list.push_back(diagnostic_json(d));
  t.print({{"error", what}, {"exit_code", code}, {"faults", list}});
  return code;
}

/// Help and version are what was asked for, so they are the one JSON object where that is wanted.
int answer(const Terminal& t, const char* key, const std::string& text) {
  if (t.json)
    t.print({{key, text}});
  else
    t.out << text << "\n";
  return kOk;
}

std::string general_help() {
  std::string text = kExamples;
  text += "\nspikeloop trains spiking networks by feedback control, runs them event by event\nand counts every operation.\n\nVerbs:\n";
  for (const Verb& v : verbs()) text += fmt::format("  {:12} {}\n", v.name, v.summary);
  return text + "\n`spikeloop VERB --help` tells more. Every verb takes --json.\n" + kFooter;
}

/// An option that does not exist is the likeliest reason of any other complaint about the arguments, so it comes first.
std::string parse_fault(const CLI::App& app, const Verb& verb, const CLI::ParseError& error) {
  std::vector<std::string> known;
  for (const CLI::Option* o : app.get_options())
    for (const std::string& name : o->get_lnames()) known.push_back("--" + name);
  const std::string program = fmt::format("spikeloop {}", verb.name);
  const std::vector<std::string> left = app.remaining();
  for (const std::string& word : left)
    if (word.starts_with("-")) return unknown_word(word.substr(0, word.find('=')), known, "option", program);
  if (!left.empty()) return fmt::format("one argument too many: \"{}\"; see `{} --help`", left.front(), program);
  return fmt::format("{}; see `{} --help`", error.what(), program);
}

int run_verb(const Verb& verb, const std::vector<std::string>& arguments, Terminal& t) {
  CLI::App app{fmt::format("{}\n\n{}", verb.examples, verb.summary), fmt::format("spikeloop {}", verb.name)};
  app.footer(kFooter);
  app.set_help_flag("-h,--help", "this text");
  app.add_flag("--json", t.json, "print one JSON object on stdout and nothing else there");
  app.add_flag("-q,--quiet", t.quiet, "no progress");
  const auto action = verb.declare(app);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // this overload takes them backwards
  } catch (const CLI::CallForHelp&) {
    std::string help = app.help();
    help.erase(help.find_last_not_of('\n') + 1);
    return answer(t, "help", help);
  } catch (const CLI::ParseError& e) {
    return fail(t, parse_fault(app, verb, e), kUsage);
  }
  return action(t);
}

/// The second words of the verbs of two that begin so: "serve", "probe" of "board".
std::vector<std::string> second_words(const std::string& first) {
  std::vector<std::string> words;
  for (const Verb& v : verbs())
    if (std::string_view(v.name).starts_with(first + " ")) words.emplace_back(v.name + first.size() + 1);
  return words;
}

int dispatch(std::vector<std::string> arguments, Terminal& t) {
  // `spikeloop --json VERB` means `spikeloop VERB --json`.
  const auto is_flag = [](const std::string& a) { return a == "--json" || a == "--quiet" || a == "-q"; };
  const auto verb = std::find_if_not(arguments.begin(), arguments.end(), is_flag);
  std::rotate(arguments.begin(), verb, arguments.end());
  if (arguments.empty() || is_flag(arguments.front())) {
    t.err << general_help() << "\n";
    if (t.json) t.print({{"error", "no verb is named; see `spikeloop --help`"}, {"exit_code", kUsage}});
    return kUsage;
  }
  std::string first = arguments.front();
  arguments.erase(arguments.begin());
  if (first == "--version") return answer(t, "version", t.json ? kVersion : fmt::format("spikeloop {}", kVersion));
  if (first == "--help" || first == "-h" || first == "help") {
    const auto wanted = std::find_if_not(arguments.begin(), arguments.end(), is_flag);
    if (wanted == arguments.end()) return answer(t, "help", general_help());
    first = *wanted;
    arguments.erase(arguments.begin(), wanted + 1);  // a verb may have a second word
    arguments.emplace_back("--help");
  }
  if (const auto begun = second_words(first); !begun.empty()) {
    const auto word = std::find_if_not(arguments.begin(), arguments.end(), is_flag);
    if (word == arguments.end() || !std::count(begun.begin(), begun.end(), *word)) {
      if (word != arguments.end() && (*word == "--help" || *word == "-h")) return answer(t, "help", general_help());
      const std::string list = fmt::format("{} {}", first, fmt::join(begun, fmt::format(", {} ", first)));
      return fail(t, fmt::format("`spikeloop {}` needs a second word; there is: {}", first, list), kUsage);
    }
    first += " " + *word;
    arguments.erase(word);
  }
  std::vector<std::string> names;
  for (const Verb& v : verbs()) {
    if (v.name == first) return run_verb(v, arguments, t);
    names.push_back(v.name);
  }
  return fail(t, unknown_word(first, names, first.starts_with("-") ? "option" : "verb", "spikeloop"), kUsage);
}

/// A word as one types it in a shell.
std::string quoted(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\n\"'\\$*?;&|<>()`#~!{}[]") == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

void Terminal::print(const nlohmann::ordered_json& object) const {
  out << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> table = {check_verb(),  run_verb_entry(),   train_verb(),       sweep_verb(),  eval_verb(),
                                          claim_verb(),  convert_verb(),     map_verb(),         deploy_verb(), boards_verb(),
                                          doctor_verb(), board_serve_verb(), board_probe_verb(), energy_verb(), diff_verb()};
  return table;
}

int run(const std::vector<std::string>& arguments, Terminal t) {
  t.command = "spikeloop";
  for (const std::string& a : arguments) t.command += " " + quoted(a);
  for (const std::string& a : arguments) t.json |= a == "--json";  // errors of parsing are JSON too
  try {
    return dispatch(arguments, t);
  } catch (const DescriptionError& e) {
    return fail(t, e.what(), e.exit_code(), e.diagnostics());
  } catch (const Error& e) {
    return fail(t, e.what(), e.exit_code());
  } catch (const firmware::DeviceFault& e) {
    const std::string what = e.advice().empty() ? e.what() : fmt::format("{}\n{}", e.what(), e.advice());
    return fail(t, what, 4, {{"", e.what(), e.advice(), "", 0, 0}});
  } catch (const std::filesystem::filesystem_error& e) {
    return fail(t, fmt::format("{}: {} (check the disk and the permissions)", e.path1().string(), e.code().message()), 4);
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
  if (error != std::errc() || it == units.end() || !(number * it->second >= 0.5) || number * it->second > 9e18)
    throw UsageError(fmt::format("\"{}\" is not a duration; write a number and a unit, like 1s, 250ms, 20us or 5ns (at least 1ns)", text));
  return std::llround(number * it->second);
}

}  // namespace spikeloop::cli
