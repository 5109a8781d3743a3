// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "core/io/events.hpp"
#include "core/network.hpp"
#include "core/recording.hpp"

/// Recordings of events as verbs use them.
namespace spikeloop::cli {

/// The unit of `--time-unit` (ns, us, ms, s) in ns; 0 for an empty text. Throws UsageError.
Time time_unit(const std::string& text);

/// Whether a file is a recording, or may be one that is packed, which `check` then describes; a description never is, by its suffix .txtpb,
/// and neither is a folder.
bool is_recording(const std::string& file, const std::string& unit);

/// Prints what a recording holds: format, events, time, sensor, counts of each polarity or population. Throws DescriptionError, after the
/// table, for a file that is cut or damaged.
int check_recording(const std::string& file, const std::string& unit, Terminal& terminal);

/// Prints how many recordings and events each class of a folder has; throws DescriptionError after the table if one of them is damaged.
int check_classes(const std::string& folder, const std::string& unit, Terminal& terminal);

/// A recording that is cut or damaged, or none.
class DamagedRecording : public DescriptionError {
 public:
  using DescriptionError::DescriptionError;
};

/// The events of a recording as spikes of the one external population whose shape fits, those from `until` on left out and told on
/// `terminal`: [polarity, height, width] (0 = off, 1 = on), [height, width] (polarity dropped) or [neurons]; with names of populations,
/// those of the same name. Absolute clocks are set to 0 at the first event. In the order of time. Throws DescriptionError where none or
/// several fit, and DamagedRecording.
std::vector<Spike> spikes_of_recording(const std::string& file, const std::string& unit, const Network& network, Time until,
                                       Terminal& terminal);

}  // namespace spikeloop::cli
