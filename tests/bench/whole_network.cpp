// SPDX-License-Identifier: Apache-2.0
// spikeloop_network_bench NAME: builds one whole network, runs it, and prints what that cost as one JSON object.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "tests/bench/measure.hpp"
#include "tests/bench/runs.hpp"

int main(int argc, char** argv) {
  using namespace spikeloop::bench;
  CLI::App app("Builds one whole network, runs it, and prints what that cost as one JSON object.");
  std::string name;
  RunOptions options;
  app.add_option("name", name, "Which network")->required()->check(CLI::IsMember(run_names()));
  app.add_option("--neurons", options.neurons, "Neurons (cuba and feed_forward have a size of their own)");
  app.add_option("--ms", options.ms, "Simulated time that is measured, after a warm-up");
  app.add_option("--threads", options.threads, "Threads")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Seed of everything that is drawn");
  app.add_flag("--profile", options.profile, "Also tell where the time goes, by phase and population");
  CLI11_PARSE(app, argc, argv);
  try {
    Json json = run(name, options);
    json["build"] = build_flags();
    std::string command = argv[0];
    for (int k = 1; k < argc; ++k) command += std::string(" ") + argv[k];
    json["command"] = command;
    std::printf("%s\n", json.dump(2).c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
