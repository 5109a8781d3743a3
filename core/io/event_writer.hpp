// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/io/events.hpp"

namespace spikeloop::io {

/// Writes events to a file as they come.
class EventWriter {
 public:
  EventWriter() = default;
  virtual ~EventWriter() = default;
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  /// Throws DescriptionError for what the format cannot hold, DeviceError where the disk fails.
  virtual void write(const AddressEvent& event) = 0;
  /// Ends the file; until then it is not complete. Throws DeviceError.
  virtual void close() = 0;
  /// What the format cannot tell and was changed, with how many: {"times rounded to a microsecond", 12}. Complete after `close`.
  const std::map<std::string, std::uint64_t>& changed() const { return changed_; }

 protected:
  std::map<std::string, std::uint64_t> changed_;
};

/// The formats that recordings can be written in.
enum class EventFormat {
  kCsv,           ///< .csv: time_ms,x,y,polarity, or time_ms,population,neuron, or time_ms,neuron
  kNpy,           ///< .npy: structured, t_ns and x, y, p or id; of one population
  kSonata,        ///< .h5: pixels become node (polarity x height + y) x width + x of the population "events"
  kSonataOld,     ///< the layout before the populations
  kNwb,           ///< .nwb: /units, numbered as for SONATA
  kFiveByte,      ///< .bin: pixels below 256 x 240, whole us below 8.4 s
  kFiveByteLine,  ///< .bs1: neurons below 65,536, whole us below 8.4 s
  kEventStream,   ///< .es: DVS; pixels, by time, whole us below 2.4 h
  kDat,           ///< .dat: pixels below 16,384, whole us below 71 min
};

/// The format of a file by its suffix; throws DescriptionError that names those there are.
EventFormat event_format(const std::filesystem::path& path);

/// Starts a file for what `summary` describes. Throws DescriptionError where the format cannot hold it, which is known before anything is
/// written but for single events, or DeviceError.
std::unique_ptr<EventWriter> make_event_writer(const std::filesystem::path& path, EventFormat format, const EventSummary& summary);

}  // namespace spikeloop::io
