// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "core/errors.hpp"
#include "core/time.hpp"

/// Scalar fields by name, in both directions: a function template that lists the fields of a core struct once serves a Reader (message to
/// struct) and a Writer (struct to message), so that the two cannot drift apart.
namespace spikeloop::proto {

/// Milliseconds to Time; false if they are not finite or do not fit.
bool time_from_ms(double ms, Time& time);

/// Copies fields of one message into core values. A field that is not set leaves the value as it is: the default of the core struct.
class Reader {
 public:
  Reader(const google::protobuf::Message& message, std::string path, std::vector<Diagnostic>& faults)
      : message_(&message), path_(std::move(path)), faults_(&faults) {}

  void operator()(const char* field, double& value) const;
  void operator()(const char* field, bool& value) const;
  void operator()(const char* field, std::uint32_t& value) const;
  void operator()(const char* field, std::uint64_t& value) const;
  void operator()(const char* field, std::string& value) const;
  void operator()(const char* field, std::optional<double>& value) const;
  void operator()(const char* field, std::optional<std::uint64_t>& value) const;
  /// Enumerators of the core stand in the order of the schema, without the schema's 0.
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* field, Enum& value) const {
    if (const int number = enum_number(field); number > 0) value = static_cast<Enum>(number - 1);
  }
  /// Milliseconds (double) to Time; a number that does not fit is a fault.
  void time(const char* field, Time& value) const;

  /// The reader of an inner message.
  Reader at(const std::string& field, const google::protobuf::Message& inner) const { return {inner, path_of(field), *faults_}; }
  Reader at(const std::string& field, int index, const google::protobuf::Message& inner) const;

  /// Notes a fault of a field; of the message itself where `field` is empty.
  void fault(const std::string& field, std::string what, std::string suggestion = "") const;
  bool has(const char* field) const;
  std::string path_of(const std::string& field) const;

 private:
  int enum_number(const char* field) const;  // 0 = not set
  const google::protobuf::Message* message_;
  std::string path_;
  std::vector<Diagnostic>* faults_;
};

/// Copies core values into the fields of one message. Defaults are written too, so that a later change of a default changes nothing; only
/// empty texts, which say nothing, are left out.
class Writer {
 public:
  explicit Writer(google::protobuf::Message& message) : message_(&message) {}

  void operator()(const char* field, double value) const;
  void operator()(const char* field, bool value) const;
  void operator()(const char* field, std::uint32_t value) const;
  void operator()(const char* field, std::uint64_t value) const;
  void operator()(const char* field, const std::string& value) const;
  void operator()(const char* field, const std::optional<double>& value) const;
  void operator()(const char* field, const std::optional<std::uint64_t>& value) const;
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(const char* field, Enum value) const { set_enum(field, static_cast<int>(value) + 1); }
  void time(const char* field, Time value) const { (*this)(field, to_ms(value)); }

 private:
  void set_enum(const char* field, int number) const;
  google::protobuf::Message* message_;
};

}  // namespace spikeloop::proto
