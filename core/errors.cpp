// SPDX-License-Identifier: Apache-2.0
#include "core/errors.hpp"

#include <fmt/format.h>

namespace spikeloop {
namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) text += (text.empty() ? "" : "\n") + to_string(d);
  return text;
}

}  // namespace

std::string to_string(const Diagnostic& d) {
  std::string place = d.file;
  if (d.line > 0) place += fmt::format("{}{}", place.empty() ? "line " : ":", d.line);
  if (d.line > 0 && d.column > 0) place += fmt::format(":{}", d.column);
  if (!d.path.empty()) place += (place.empty() ? "" : ": ") + d.path;
  return fmt::format("{}{}{}{}", place, place.empty() ? "" : ": ", d.what, d.suggestion.empty() ? "" : " (" + d.suggestion + ")");
}

DescriptionError::DescriptionError(std::vector<Diagnostic> diagnostics)
    : Error(joined(diagnostics)), diagnostics_(std::move(diagnostics)) {}

}  // namespace spikeloop
