// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"

namespace spikeloop::fuzz {

/// A description that may be text or binary: the first byte tells text (even) from binary. What is refused is refused by a DescriptionError
/// whose every fault says in which file it is, and what is wrong; what is accepted is written so that it loads as the same in both forms.
template <class LoadText, class LoadBinary, class WriteText, class WriteBinary>
void description(const std::uint8_t* data, std::size_t size, LoadText load_text, LoadBinary load_binary, WriteText write_text,
                 WriteBinary write_binary) {
  if (size == 0) return;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    const auto value = data[0] % 2 == 0 ? load_text(bytes, "fuzz") : load_binary(bytes, "fuzz");
    if (load_text(write_text(value), "fuzz") != value) std::abort();
    if (load_binary(write_binary(value), "fuzz") != value) std::abort();
  } catch (const DescriptionError& error) {
    if (error.diagnostics().empty()) std::abort();
    for (const Diagnostic& fault : error.diagnostics())
      if (fault.file != "fuzz" || fault.what.empty() || fault.line < 0 || fault.column < 0) std::abort();
  }
}

}  // namespace spikeloop::fuzz
