// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/errors.hpp"
#include "proto/path_scanner.hpp"

namespace spikeloop::proto {

/// A complaint of Protobuf's text parser.
struct Complaint {
  std::size_t offset = 0;  ///< byte that it points at
  std::string message;
};

/// A replacement of the bytes [offset, offset + length) by `with` and blanks, after which the parser gets further.
struct Patch {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string with;
};

/// A complaint in our words.
struct ExplainedFault {
  Diagnostic diagnostic;        ///< without file, line and column
  std::size_t offset = 0;       ///< byte of the name or value that is wrong
  std::optional<Patch> patch;   ///< set if the parser can be helped over it
  bool repeated_field = false;  ///< a field was given twice: the parser can be told to take the last one
};

/// Puts a complaint into our words, with the path of the field, and a "did you mean" for names.
ExplainedFault explain(const Complaint& complaint, std::string_view text, const google::protobuf::Descriptor& root);

/// "a, b or c".
std::string list_of(const std::vector<std::string>& names);

/// The fields that a message may have.
std::vector<std::string> field_names(const google::protobuf::Descriptor& type);

/// What to write instead of a field that a message does not have.
std::string suggest_field(const std::string& name, const google::protobuf::Descriptor& type);

/// What to write instead of a value that an enum does not have.
std::string suggest_value(const std::string& value, const google::protobuf::EnumDescriptor& type);

}  // namespace spikeloop::proto
