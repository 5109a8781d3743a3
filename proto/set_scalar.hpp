// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include <optional>
#include <string>

namespace spikeloop::proto {

/// What a value should have been.
struct Expected {
  std::string what;        ///< "a whole number"
  std::string suggestion;  ///< may be empty
};

/// Sets a field that is not a message, element `index` of it if it is a list, from text: 0.1, -inf, true, COMMIT_TRIAL, a text with or
/// without quotes. Returns what was expected, and changes nothing, if the text is something else.
std::optional<Expected> set_scalar(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                                   std::optional<int> index, const std::string& text);

}  // namespace spikeloop::proto
