// SPDX-License-Identifier: Apache-2.0
#include "proto/fields.hpp"

#include <fmt/format.h>

#include <cmath>

#include "proto/parse_faults.hpp"
#include "proto/text.hpp"

namespace spikeloop::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* field_of(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  if (!field) throw BugError(fmt::format("the schema of {} has no field {}", message.GetDescriptor()->name(), name));
  return field;
}

/// The field if it is set, else null.
const FieldDescriptor* set_field(const Message& message, const char* name) {
  const FieldDescriptor* field = field_of(message, name);
  return message.GetReflection()->HasField(message, field) ? field : nullptr;
}

std::vector<std::string> value_names(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i)
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  return names;
}

}  // namespace

bool time_from_ms(double ms, Time& time) {
  if (!(std::abs(ms) < 9e12)) return false;  // false for NaN too
  time = from_ms(ms);
  return true;
}

void Reader::operator()(const char* field, double& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetDouble(*message_, f);
}

void Reader::operator()(const char* field, bool& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetBool(*message_, f);
}

void Reader::operator()(const char* field, std::uint32_t& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetUInt32(*message_, f);
}

void Reader::operator()(const char* field, std::uint64_t& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetUInt64(*message_, f);
}

void Reader::operator()(const char* field, std::string& value) const {
  const FieldDescriptor* f = set_field(*message_, field);
  if (!f) return;
  value = message_->GetReflection()->GetString(*message_, f);
  if (first_invalid_utf8(value) == std::string::npos) return;
  value.clear();
  fault(field, "is not valid UTF-8");
}

void Reader::operator()(const char* field, std::optional<double>& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetDouble(*message_, f);
}

void Reader::operator()(const char* field, std::optional<std::uint64_t>& value) const {
  if (const FieldDescriptor* f = set_field(*message_, field)) value = message_->GetReflection()->GetUInt64(*message_, f);
}

int Reader::enum_number(const char* field) const {
  const FieldDescriptor* f = set_field(*message_, field);
  if (!f) return 0;
  const int number = message_->GetReflection()->GetEnumValue(*message_, f);
  if (f->enum_type()->FindValueByNumber(number)) return number;
  fault(field, fmt::format("is {}, which is not one of its values", number), fmt::format("use {}", list_of(value_names(*f->enum_type()))));
  return 0;
}

void Reader::time(const char* field, Time& value) const {
  double ms = to_ms(value);
  (*this)(field, ms);
  if (has(field) && !time_from_ms(ms, value)) fault(field, fmt::format("is {} ms, which no time can be", ms), "times end at 9e12 ms");
}

Reader Reader::at(const std::string& field, int index, const Message& inner) const {
  return {inner, path_of(fmt::format("{}[{}]", field, index)), *faults_};
}

void Reader::fault(const std::string& field, std::string what, std::string suggestion) const {
  faults_->push_back({path_of(field), std::move(what), std::move(suggestion), "", 0, 0});
}

bool Reader::has(const char* field) const { return set_field(*message_, field) != nullptr; }

std::string Reader::path_of(const std::string& field) const { return path_.empty() || field.empty() ? path_ + field : path_ + "." + field; }

void Writer::operator()(const char* field, double value) const {
  message_->GetReflection()->SetDouble(message_, field_of(*message_, field), value);
}

void Writer::operator()(const char* field, bool value) const {
  message_->GetReflection()->SetBool(message_, field_of(*message_, field), value);
}

void Writer::operator()(const char* field, std::uint32_t value) const {
  message_->GetReflection()->SetUInt32(message_, field_of(*message_, field), value);
}

void Writer::operator()(const char* field, std::uint64_t value) const {
  message_->GetReflection()->SetUInt64(message_, field_of(*message_, field), value);
}

void Writer::operator()(const char* field, const std::string& value) const {
  if (!value.empty()) message_->GetReflection()->SetString(message_, field_of(*message_, field), value);
}

void Writer::operator()(const char* field, const std::optional<std::uint64_t>& value) const {
  if (value) (*this)(field, *value);
}

void Writer::operator()(const char* field, const std::optional<double>& value) const {
  if (value) (*this)(field, *value);
}

void Writer::set_enum(const char* field, int number) const {
  message_->GetReflection()->SetEnumValue(message_, field_of(*message_, field), number);
}

}  // namespace spikeloop::proto
