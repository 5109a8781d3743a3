// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

/// What all of our CSV files share.
namespace spikeloop::io {

/// Nanoseconds from a number as people and programs write it (12.5, 1e-05), counted in `unit` (1, 10^3, 10^6 or 10^9 ns); a plain decimal
/// number exactly, digits below a nanosecond rounded, half away from zero. Null for what is no number, or not below 9e18 ns.
std::optional<Time> parse_time(std::string_view text, Time unit);

/// Appends a time in ms with all of its nanoseconds and no digit more.
void append_ms(std::string& out, Time time);

/// A field as CSV wants it: in quotes if it has a comma or a quote in it (RFC 4180).
std::string csv_field(std::string_view text);

/// Takes one field from the front of `rest`; false if a quote has no end.
bool take_field(std::string_view& rest, std::string& field);

}  // namespace spikeloop::io
