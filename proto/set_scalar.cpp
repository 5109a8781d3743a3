// SPDX-License-Identifier: Apache-2.0
#include "proto/set_scalar.hpp"

#include <charconv>
#include <cstdint>
#include <system_error>
#include <type_traits>

#include "proto/parse_faults.hpp"
#include "proto/text.hpp"

namespace spikeloop::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

/// The pair of members of Reflection that sets one type of value: of a single field, and of an element of a list.
template <class Value>
struct Setter {
  void (Reflection::*single)(Message*, const FieldDescriptor*, Value) const;
  void (Reflection::*element)(Message*, const FieldDescriptor*, int, Value) const;
};

/// Where the value goes.
struct Target {
  Message& message;
  const FieldDescriptor& field;
  std::optional<int> index;

  template <class Value>
  void set(const Setter<Value>& setter, Value value) const {
    const Reflection* reflection = message.GetReflection();
    if (index)
      (reflection->*setter.element)(&message, &field, *index, value);
    else
      (reflection->*setter.single)(&message, &field, value);
  }
};

template <class Number>
std::optional<Expected> set_number(const Target& target, const std::string& text, const Setter<Number>& setter) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole_text = end == text.data() + text.size();
  if (whole_text && error == std::errc()) return target.set(setter, value), std::nullopt;
  if (whole_text && error == std::errc::result_out_of_range) return Expected{"a number that fits", ""};
  if (std::is_floating_point_v<Number>) return Expected{"a number", ""};
  return Expected{std::is_unsigned_v<Number> ? "a whole number that is not negative" : "a whole number", ""};
}

std::optional<Expected> set_bool(const Target& target, const std::string& text) {
  if (text != "true" && text != "false") return Expected{"true or false", ""};
  target.set(Setter<bool>{&Reflection::SetBool, &Reflection::SetRepeatedBool}, text == "true");
  return std::nullopt;
}

std::optional<Expected> set_enum(const Target& target, const std::string& text) {
  const auto* value = target.field.enum_type()->FindValueByName(text);
  if (!value || value->number() == 0) return Expected{"one of its values", suggest_value(text, *target.field.enum_type())};
  target.set(Setter<int>{&Reflection::SetEnumValue, &Reflection::SetRepeatedEnumValue}, value->number());
  return std::nullopt;
}

std::optional<Expected> set_text(const Target& target, std::string text) {
  if (first_invalid_utf8(text) != std::string::npos) return Expected{"a text in UTF-8", ""};
  const bool quoted = text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  if (quoted) text = text.substr(1, text.size() - 2);
  target.set(Setter<std::string>{&Reflection::SetString, &Reflection::SetRepeatedString}, std::move(text));
  return std::nullopt;
}

}  // namespace

std::optional<Expected> set_scalar(Message& message, const FieldDescriptor& field, std::optional<int> index, const std::string& text) {
  const Target target{message, field, index};
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return set_number<double>(target, text, {&Reflection::SetDouble, &Reflection::SetRepeatedDouble});
    case FieldDescriptor::CPPTYPE_FLOAT:
      return set_number<float>(target, text, {&Reflection::SetFloat, &Reflection::SetRepeatedFloat});
    case FieldDescriptor::CPPTYPE_INT32:
      return set_number<std::int32_t>(target, text, {&Reflection::SetInt32, &Reflection::SetRepeatedInt32});
    case FieldDescriptor::CPPTYPE_INT64:
      return set_number<std::int64_t>(target, text, {&Reflection::SetInt64, &Reflection::SetRepeatedInt64});
    case FieldDescriptor::CPPTYPE_UINT32:
      return set_number<std::uint32_t>(target, text, {&Reflection::SetUInt32, &Reflection::SetRepeatedUInt32});
    case FieldDescriptor::CPPTYPE_UINT64:
      return set_number<std::uint64_t>(target, text, {&Reflection::SetUInt64, &Reflection::SetRepeatedUInt64});
    case FieldDescriptor::CPPTYPE_BOOL:
      return set_bool(target, text);
    case FieldDescriptor::CPPTYPE_ENUM:
      return set_enum(target, text);
    case FieldDescriptor::CPPTYPE_STRING:
      return set_text(target, text);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return Expected{"a group", ""};
}

}  // namespace spikeloop::proto
