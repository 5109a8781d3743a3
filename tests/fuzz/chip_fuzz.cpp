// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/errors.hpp"
#include "proto/load.hpp"
#include "proto/write.hpp"

namespace {

/// Every fault says in which file it is, and what is wrong.
void check_faults(const spikeloop::DescriptionError& error) {
  if (error.diagnostics().empty()) std::abort();
  for (const spikeloop::Diagnostic& fault : error.diagnostics())
    if (fault.file != "fuzz" || fault.what.empty() || fault.line < 0 || fault.column < 0) std::abort();
}

/// What was accepted is written so that it loads as the same, as text and as binary.
template <class Load>
void check(const Load& load) {
  try {
    const spikeloop::ChipSpec value = load();
    if (spikeloop::load_chip_text(spikeloop::write_chip(value), "fuzz") != value) std::abort();
    if (spikeloop::load_chip_binary(spikeloop::write_chip_binary(value), "fuzz") != value) std::abort();
  } catch (const spikeloop::DescriptionError& error) {
    check_faults(error);
  }
}

}  // namespace

/// The first byte tells text (even) from binary. What is no chip is refused by a DescriptionError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0)
    check([&] { return spikeloop::load_chip_text(bytes, "fuzz"); });
  else
    check([&] { return spikeloop::load_chip_binary(bytes, "fuzz"); });
  return 0;
}
