// SPDX-License-Identifier: Apache-2.0
#include "proto/parse_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/network.hpp"

namespace spikeloop::proto {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

/// The n-th quoted word of a message, from 0.
std::string quoted(const std::string& message, int n) {
  std::size_t open = message.find('"');
  for (; n > 0 && open != std::string::npos; --n) open = message.find('"', message.find('"', open + 1) + 1);
  if (open == std::string::npos) return "";
  return message.substr(open + 1, message.find('"', open + 1) - open - 1);
}

/// What stands behind `prefix` in a message.
std::string behind(const std::string& message, std::string_view prefix) { return message.substr(prefix.size()); }

/// The parser complains one token late: at what follows the word.
std::size_t start_of(const std::string& word, std::string_view text, std::size_t offset) {
  const std::size_t found = text.substr(0, offset).rfind(word);
  return found == std::string_view::npos || word.empty() ? offset : found;
}

void unknown_field(ExplainedFault& fault, const std::string& message, std::string_view text, PathScanner& scanner) {
  const std::string name = quoted(message, 1);
  fault.offset = start_of(name, text, fault.offset);
  fault.diagnostic.path = scanner.path_at(fault.offset + 1);
  const Descriptor* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(quoted(message, 0));
  fault.diagnostic.what = fmt::format("is not a field of {}", type ? type->name() : "this message");
  if (type) fault.diagnostic.suggestion = suggest_field(name, *type);
}

void unknown_value(ExplainedFault& fault, const std::string& message, std::string_view text, PathScanner& scanner) {
  const std::string value = quoted(message, 0);
  fault.offset = start_of(value, text, fault.offset);
  fault.diagnostic.path = scanner.path_at(fault.offset);
  fault.diagnostic.what = fmt::format("is {}, which is not one of its values", value);
  if (scanner.field() && scanner.field()->enum_type()) fault.diagnostic.suggestion = suggest_value(value, *scanner.field()->enum_type());
  fault.patch = Patch{fault.offset, value.size(), "0"};
}

void twice(ExplainedFault& fault, const std::string& message, std::string_view text, PathScanner& scanner) {
  const std::string name = quoted(message, 0), other = quoted(message, 1);
  fault.offset = start_of(name, text, fault.offset);
  fault.diagnostic.path = scanner.path_at(fault.offset + 1);
  if (message.starts_with("Field")) {
    fault.diagnostic.what = fmt::format("cannot stand beside \"{}\"", other);
    fault.diagnostic.suggestion = "keep one of them";
  } else {
    fault.diagnostic.what = "is given twice";
    fault.diagnostic.suggestion = "remove one";
  }
  fault.repeated_field = true;
}

void wrong_boolean(ExplainedFault& fault, const std::string& message, std::string_view text, PathScanner& scanner) {
  const std::string value = quoted(message, 1);
  fault.offset = start_of(value, text, fault.offset);
  fault.diagnostic.path = scanner.path_at(fault.offset);
  fault.diagnostic.what = fmt::format("is {}, but must be true or false", value);
  fault.patch = Patch{fault.offset, value.size(), "0"};
}

/// A value of the wrong kind; the parser points at it.
void wrong_value(ExplainedFault& fault, const std::string& value, const char* expected, bool patchable) {
  fault.diagnostic.what = fmt::format("is {}, but must be {}", value, expected);
  if (patchable) fault.patch = Patch{fault.offset, value.size(), "1"};
}

void other_syntax(ExplainedFault& fault, const std::string& message, std::string_view text) {
  if (message.starts_with("Expected") && fault.offset >= text.size()) {
    fault.diagnostic.what = "the text ends before this is finished";
    fault.diagnostic.suggestion = "is a closing brace missing?";
  } else if (message.starts_with("Expected \"{\"")) {
    fault.diagnostic.what = fmt::format("is {}, but must be a group in braces", quoted(message, 1));
    fault.diagnostic.suggestion = "write `{ ... }`";
  } else if (message.starts_with("Message is too deep")) {
    fault.diagnostic.what = "is nested too deeply";
  } else if (message.starts_with("Ignoring extension")) {
    fault.diagnostic.what = "is an extension, which a description cannot have";
  } else {
    fault.diagnostic.what = message.ends_with('.') ? message.substr(0, message.size() - 1) : message;
  }
}

}  // namespace

std::string list_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text;
}

std::vector<std::string> field_names(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

std::string suggest_field(const std::string& name, const Descriptor& type) {
  const std::string near = did_you_mean(name, field_names(type));
  if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
  for (int i = 0; i < type.field_count(); ++i) {
    const Descriptor* inner = type.field(i)->message_type();
    if (inner && inner->FindFieldByName(name)) return fmt::format("it belongs into `{} {{ ... }}`", type.field(i)->name());
  }
  if (type.field_count() == 0) return "nothing can be said there: leave it empty";
  return fmt::format("the fields are {}", list_of(field_names(type)));
}

std::string suggest_value(const std::string& value, const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i)
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  for (const std::string& name : names)
    if (name.ends_with("_" + value)) return fmt::format("did you mean {}?", name);
  const std::string near = did_you_mean(value, names);
  return near.empty() ? fmt::format("use {}", list_of(names)) : fmt::format("did you mean {}?", near);
}

ExplainedFault explain(const Complaint& complaint, std::string_view text, const Descriptor& root) {
  const std::string& message = complaint.message;
  PathScanner scanner(text, root);
  ExplainedFault fault;
  fault.offset = complaint.offset;
  if (message.starts_with("Message type")) return unknown_field(fault, message, text, scanner), fault;
  if (message.starts_with("Unknown enumeration value")) return unknown_value(fault, message, text, scanner), fault;
  if (message.starts_with("Non-repeated field") || message.starts_with("Field \"")) return twice(fault, message, text, scanner), fault;
  if (message.starts_with("Invalid value for boolean")) return wrong_boolean(fault, message, text, scanner), fault;

  constexpr std::string_view kInteger = "Expected integer, got: ", kDouble = "Expected double, got: ", kString = "Expected string, got: ",
                             kRange = "Integer out of range (";
  fault.diagnostic.path = scanner.path_at(fault.offset);
  if (message == "Expected integer, got: -") {
    fault.diagnostic.what = "must not be negative";
    fault.patch = Patch{fault.offset, 1, ""};
  } else if (message.starts_with(kInteger)) {
    wrong_value(fault, behind(message, kInteger), "a whole number", true);
  } else if (message.starts_with(kRange)) {
    const std::string value = behind(message, kRange);
    wrong_value(fault, value.substr(0, value.size() - 1), "a smaller number", true);
  } else if (message.starts_with(kDouble)) {
    wrong_value(fault, behind(message, kDouble), "a number", true);
  } else if (message.starts_with(kString)) {
    wrong_value(fault, behind(message, kString), "a text in quotes", false);
    fault.diagnostic.suggestion = fmt::format("write \"{}\"", behind(message, kString));
  } else {
    other_syntax(fault, message, text);
  }
  return fault;
}

}  // namespace spikeloop::proto
