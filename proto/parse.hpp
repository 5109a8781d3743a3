// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"

namespace spikeloop::proto {

/// A text that was parsed, with everything that is wrong with it as text.
struct ParsedText {
  bool complete = false;           ///< false: a fault cut the parse short, so that the message lacks what comes behind it
  std::vector<Diagnostic> faults;  ///< with path, line and column
  std::set<std::string> spoiled;   ///< paths whose value is not what was written: later faults there are only echoes
  std::unique_ptr<google::protobuf::TextFormat::ParseInfoTree> tree;  ///< where each field of the message stands
};

/// Parses protobuf text into `message`. Protobuf stops at most faults; where a fault can be patched without moving anything else (a
/// misspelt enum value, a number of the wrong kind) it is noted and patched and the text is parsed again, so that more faults are found.
ParsedText parse_text(std::string_view text, const std::string& file, google::protobuf::Message& message);

}  // namespace spikeloop::proto
