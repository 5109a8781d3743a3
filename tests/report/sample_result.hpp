// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/experiment.hpp"
#include "report/json.hpp"

namespace spikeloop::report::test {

/// A small network (in 2 x 2, hidden 3, out 2) whose hidden population is called `hidden_name`.
Network sample_network(const std::string& hidden_name = "hidden");

/// A made-up result of that network: two seeds of two epochs, one control, one priced machine.
ExperimentResult sample_result();

/// Where the sample is said to come from.
RunInfo sample_info();

/// The first fault of well-formed XML in `text` (tags that do not match, stray & or <, attributes without quotes), empty if there is none.
std::string xml_fault(const std::string& text);

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace spikeloop::report::test
