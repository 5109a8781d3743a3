// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"
#include "core/network.hpp"
#include "proto/load.hpp"
#include "proto/write.hpp"

namespace {

/// A controller's wiring is listed pair by pair when a Network is made: that costs memory by the size that the text declares.
bool is_cheap(const spikeloop::NetworkDescription& description) {
  return std::all_of(description.controllers.begin(), description.controllers.end(), [&](const spikeloop::Controller& controller) {
    return std::all_of(description.populations.begin(), description.populations.end(),
                       [&](const spikeloop::Population& p) { return p.name != controller.population || p.size() <= 10'000; });
  });
}

/// Every fault says in which file it is, and where; no place lies before the text.
void check_faults(const spikeloop::DescriptionError& error) {
  if (error.diagnostics().empty()) std::abort();
  for (const spikeloop::Diagnostic& fault : error.diagnostics())
    if (fault.file != "fuzz" || fault.what.empty() || fault.line < 0 || fault.column < 0) std::abort();
}

}  // namespace

/// A text that is no network is refused by a DescriptionError; what is accepted is valid, and is written so that it loads as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  spikeloop::LoadOptions options;
  options.read_tensor = [](const std::string& path) {
    return spikeloop::TensorData{{1, path.size() % 4}, std::vector<float>(path.size() % 4)};
  };
  spikeloop::NetworkDescription description;
  try {
    description = spikeloop::load_network_text(text, "fuzz", options);
  } catch (const spikeloop::DescriptionError& error) {
    check_faults(error);
    return 0;
  }
  const std::string written = spikeloop::write_network(description);
  if (spikeloop::write_network(spikeloop::load_network_text(written, "fuzz", options)) != written) std::abort();
  if (!is_cheap(description)) return 0;
  try {
    spikeloop::Network(description).fingerprint();
  } catch (const spikeloop::DescriptionError&) {  // names that clash only when they are filled in
  }
  return 0;
}
