// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/time.hpp"

/// Recordings of events, whatever file they lie in: read in chunks, so that memory does not grow with the file.
namespace spikeloop::io {

class ByteSource;

/// Something happened at one address: a pixel saw a change of brightness, a neuron spiked.
struct AddressEvent {
  Time time = 0;                 ///< ns on the clock of the file
  std::uint32_t x = 0;           ///< column of the pixel; or the neuron
  std::uint32_t y = 0;           ///< row of the pixel, as the file counts them; 0 for neurons
  std::uint32_t population = 0;  ///< index into `EventFileInfo::populations`; 0 where there are none
  bool on = true;                ///< polarity: brighter; true for spikes

  friend bool operator==(const AddressEvent&, const AddressEvent&) = default;
};

/// What the addresses of a file are.
enum class Addresses {
  kPixels,   ///< x, y and polarity
  kNeurons,  ///< a number, perhaps of one of several populations
  kNone,     ///< times only
};

/// What a file says about itself. Populations and what was left out grow while it is read.
struct EventFileInfo {
  std::string format;         ///< "AEDAT 4.0, LZ4"
  std::string recognised_by;  ///< "its first line, #!AER-DAT4.0"
  Addresses addresses = Addresses::kPixels;
  std::uint32_t width = 0, height = 0;   ///< of the sensor in pixels; 0 = the file does not say
  std::vector<std::string> populations;  ///< names, in the order in which they come; may be empty
  bool clock_is_absolute = false;        ///< times count from an event of the past (1970, the camera's start), not from the beginning
  std::map<std::string, std::uint64_t> left_out;  ///< what the file also holds and is not given, with how many: {"packets of IMUS", 69}
};

/// Reads events in the order of the file, which need not be that of time.
class EventReader {
 public:
  EventReader() = default;
  virtual ~EventReader() = default;
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  const EventFileInfo& info() const { return info_; }
  /// Fills `out` from the front and returns how many there were; fewer than it holds only at the end, then 0. A damaged or cut file gives
  /// all that is whole before the damage; the call after that throws DescriptionError, which names the byte, the reason and what to do.
  /// Throws DeviceError where the disk fails.
  std::size_t read(std::span<AddressEvent> out);

 protected:
  friend std::unique_ptr<EventReader> try_open_events(ByteSource source, const struct EventOptions& options);
  /// The next event, or false at the end.
  virtual bool next(AddressEvent& event) = 0;
  EventFileInfo info_;

 private:
  std::optional<DescriptionError> fault_;
};

/// What a file may leave open and its reader must know.
struct EventOptions {
  Time time_unit = 0;  ///< of times whose unit the file does not name (.npy), in ns; 0 = not told, and such files are refused
};

/// Opens a recording and says in `info()` what it is taken for, by its content: AEDAT 3.1 and 4.0, Event Stream 2.0, Prophesee DAT 2, .npy,
/// SONATA spikes, CSV by their first bytes; five-byte events (N-MNIST and its relatives), which have no mark of their own, where nothing
/// else fits and their times can be true. Throws DescriptionError (no such file, nothing known, a bad header) or DeviceError.
std::unique_ptr<EventReader> open_events(const std::filesystem::path& path, const EventOptions& options = {});

/// The same, but null where nothing is recognised.
std::unique_ptr<EventReader> try_open_events(const std::filesystem::path& path, const EventOptions& options = {});
std::unique_ptr<EventReader> try_open_events(ByteSource source, const EventOptions& options);

/// What a recording holds.
struct EventSummary {
  EventFileInfo info;
  std::uint64_t events = 0, on = 0;
  Time first = 0, last = 0;             ///< the smallest and the largest time in ns; 0 for no events
  std::uint64_t backwards = 0;          ///< how often an event is earlier than the one before it
  std::uint32_t columns = 0, rows = 0;  ///< one more than the largest x and y
  struct PopulationCount {
    std::uint64_t events = 0;
    std::uint32_t neurons = 0;  ///< one more than the largest
  };
  std::vector<PopulationCount> populations;  ///< at least one where there are events
  std::optional<DescriptionError> fault;     ///< what ended the reading before the end of the file

  /// The sensor in pixels: what the file says, else the smallest that has all events.
  std::uint32_t width() const { return info.width != 0 ? info.width : columns; }
  std::uint32_t height() const { return info.height != 0 ? info.height : rows; }
};

/// Reads a recording to its end, or to its first fault. Throws DeviceError.
EventSummary summarise(EventReader& reader);

/// Recordings of one class.
struct EventClass {
  std::string label;                         ///< the name of the folder
  std::vector<std::filesystem::path> files;  ///< sorted by name
};

/// A folder with a folder for each class, as N-MNIST has them (Train/0 .. Train/9): labels sorted as numbers where all are numbers, else as
/// text; hidden files are left out. Throws DescriptionError if there is no such folder or no class with a file in it.
std::vector<EventClass> event_classes(const std::filesystem::path& folder);

}  // namespace spikeloop::io
