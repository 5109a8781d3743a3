// SPDX-License-Identifier: Apache-2.0
#include "cli/claim.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/claims/claims.hpp"
#include "cli/claims/page.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "core/io/files.hpp"
#include "proto/atomic_file.hpp"
#include "proto/load.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct ClaimVerbOptions {
  std::string name, network, data_dir, out;
  std::uint64_t seed = 1;
  bool smoke = false;
};

int list(Terminal& t) {
  if (t.json) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const Claim& claim : claims()) all.push_back({{"name", claim.name}, {"sentence", claim.sentence}});
    t.print({{"claims", all}});
    return kOk;
  }
  report::Table table{{{"claim"}, {"what is claimed"}}, {}, "`spikeloop claim NAME` shows whether it holds."};
  for (const Claim& claim : claims()) table.rows.push_back({claim.name, claim.sentence});
  t.out << fitted(table, t.out_width, t.colour);
  return kOk;
}

ClaimOptions options_of(const ClaimVerbOptions& o) {
  const char* environment = std::getenv("SPIKELOOP_DATA_DIR");
  return {o.seed, o.smoke, !o.data_dir.empty() ? o.data_dir : environment ? environment : ""};
}

void print_result(Terminal& t, const Claim& claim, const ClaimResult& result, const std::string& json, const fs::path& dir) {
  if (t.json) {
    auto object = nlohmann::ordered_json::parse(json);
    object["directory"] = dir.string();
    return t.print(object);
  }
  t.out << wrapped(fmt::format("{}: {}", claim.name, claim.sentence), t.out_width) << "\n\n"
        << fitted(claim_table(result), t.out_width, t.colour) << fmt::format("report: {}\n", (dir / "claim.html").string());
}

int run_claim(const ClaimVerbOptions& o, Terminal& t) {
  if (o.name.empty()) return list(t);
  const Claim& claim = find_claim(o.name);
  const std::string file = o.network.empty() ? fmt::format("examples/claims/{}_network.txtpb", claim.name) : o.network;
  const std::string text = o.network.empty() ? std::string(shipped_network(claim.name)) : io::read_file(o.network, std::size_t{1} << 26);
  const NetworkDescription description = load_network_text(text, file, load_options());
  const fs::path dir = make_run_directory(o.out, "claim-" + claim.name);
  const ClaimOptions options = options_of(o);
  ClaimResult result;
  std::string json;
  fill_run_directory(dir, [&] {
    result = claim.run(description, options);
    if (interrupted()) throw InterruptedError("interrupted; a claim does not go on where it was");
    const report::RunInfo info{t.command, kVersion, std::nullopt, {{"seed", fmt::format("{}", options.seed)}}};
    json = claim_json(claim, options, result, info);
    write_file_atomically((dir / "network.txtpb").string(), text);
    write_file_atomically((dir / "claim.html").string(), claim_html(claim, result, text, info));
    write_file_atomically((dir / "claim.json").string(), json);
  });
  print_result(t, claim, result, json, dir);
  if (result.holds()) return kOk;
  t.err << fmt::format("spikeloop: the claim \"{}\" does not hold: {}\n", claim.name, failures(result));
  return 2;
}

}  // namespace

Verb claim_verb() {
  return {"claim", "show whether what is claimed of the method holds; exit code 2 if it does not",
          "Examples:\n  spikeloop claim                                        what is claimed\n"
          "  spikeloop claim window                                 runs/claim-window/claim.html shows it\n"
          "  spikeloop claim window my_network.txtpb                does it hold of this network?",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<ClaimVerbOptions>();
            add_text(app, "NAME", o->name, "", "the claim; none: lists them");
            add_text(app, "NETWORK", o->network, "", "a description instead of examples/claims/NAME_network.txtpb");
            add_text(app, "--out", o->out, "DIR", "run directory, must not exist (default runs/claim-NAME)");
            add_count(app, "--seed", o->seed, 1'000'000'000'000'000, "of everything that is drawn (default 1)");
            app.add_flag("--smoke", o->smoke, "the small size that tests run");
            add_data(app, o->data_dir);
            return [o](Terminal& t) { return run_claim(*o, t); };
          }};
}

}  // namespace spikeloop::cli
