// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

/// Options that several verbs have, and options whose help reads well.
namespace spikeloop::cli {

/// A whole number from 1 to `most`.
template <class Number>
void add_count(CLI::App& app, const std::string& name, Number& value, std::int64_t most, const std::string& help) {
  app.add_option(name, value, help)->type_name("N")->check(CLI::Range(std::int64_t{1}, most).description(""));
}

inline CLI::Option* add_text(CLI::App& app, const std::string& name, std::string& value, const std::string& type, const std::string& help) {
  return app.add_option(name, value, help)->type_name(type);
}

inline void add_data(CLI::App& app, std::string& value) {
  add_text(app, "--data", value, "DIR", "folder of data that does not ship (else $SPIKELOOP_DATA_DIR)");
}

/// `Text`: std::string, or optional.
template <class Text>
void add_controller(CLI::App& app, Text& value) {
  app.add_option("--controller", value, "where feedback controllers live: host (the default) or chip")
      ->type_name("WHERE")
      ->check(CLI::IsMember({"host", "chip"}).description(""));
}

}  // namespace spikeloop::cli
