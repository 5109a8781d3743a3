// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/table.hpp"

namespace spikeloop::cli {

/// A table for a terminal of `width` columns: what is too wide goes on below, the first column repeated; the note is wrapped.
std::string fitted(const report::Table& table, std::size_t width, bool colour);

/// Words in lines of at most `width` columns, where the words allow; line ends are kept.
std::string wrapped(const std::string& text, std::size_t width);

}  // namespace spikeloop::cli
