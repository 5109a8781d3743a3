// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/errors.hpp"
#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io::fuzz {

/// Opens bytes as a recording and reads it: they are refused by a DescriptionError, at once or after what was whole; events lie on the
/// sensor that the file tells and are of populations that it names; and there are not more of them than `most`.
template <class Open>
void drain(std::size_t most, const Open& open) {
  try {
    const std::unique_ptr<EventReader> reader = open();
    if (!reader) return;
    std::array<AddressEvent, 100> events;
    std::size_t all = 0;
    while (const std::size_t n = reader->read(events)) {
      all += n;
      if (all > most) std::abort();
      const EventFileInfo& info = reader->info();
      for (std::size_t i = 0; i < n; ++i) {
        const AddressEvent& e = events[i];
        if (info.width != 0 && e.x >= info.width) std::abort();
        if (info.height != 0 && e.y >= info.height) std::abort();
        if (e.population != 0 && e.population >= info.populations.size()) std::abort();
      }
    }
  } catch (const DescriptionError&) {
  }
}

inline ByteSource source_of(const std::uint8_t* data, std::size_t size) {
  return ByteSource(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
}

}  // namespace spikeloop::io::fuzz
