// SPDX-License-Identifier: Apache-2.0
#include "proto/field_change.hpp"

#include <fmt/format.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "core/network.hpp"
#include "proto/parse_faults.hpp"
#include "proto/set_scalar.hpp"
#include "proto/spikeloop/v1/experiment.pb.h"
#include "proto/spikeloop/v1/network.pb.h"

namespace spikeloop::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kNetwork = "network.";

/// One step of a path: "rules[hidden]".
struct Step {
  std::string name;
  std::optional<std::string> key;  ///< what stands in brackets
};

/// What is wrong with a change; the path and the file are added where it is caught.
struct Refusal {
  std::string what, suggestion;
};

/// "rules[hidden].name" to its steps. A key may have dots in it, as names do.
std::vector<Step> steps_of(std::string_view path) {
  const Refusal unreadable{"is not the path of a field", "write names with dots between them, e.g. network.rules[hidden].stdp.a_plus"};
  std::vector<Step> steps;
  for (bool more = true; more;) {
    const std::size_t end = std::min(path.find_first_of(".["), path.size());
    Step& step = steps.emplace_back(Step{std::string(path.substr(0, end)), std::nullopt});
    path.remove_prefix(end);
    if (path.starts_with('[')) {
      const std::size_t close = path.find(']');
      if (close == std::string_view::npos) throw unreadable;
      step.key = path.substr(1, close - 1);
      path.remove_prefix(close + 1);
    }
    more = path.starts_with('.');
    if (more) path.remove_prefix(1);
    if (step.name.empty() || (step.key && step.key->empty())) throw unreadable;
  }
  if (!path.empty()) throw unreadable;
  return steps;
}

/// What an element of a list is called; empty if it has no name.
std::string name_of(const Message& element) {
  const auto* reflection = element.GetReflection();
  for (const char* key : {"name", "population", "projection", "to"}) {
    const FieldDescriptor* field = element.GetDescriptor()->FindFieldByName(key);
    if (field && reflection->HasField(element, field)) return reflection->GetString(element, field);
  }
  if (element.GetDescriptor() != v1::Projection::descriptor()) return "";
  const auto& message = static_cast<const v1::Projection&>(element);
  Projection projection;
  projection.source = message.source(), projection.target = message.target();
  if (message.port() != v1::PORT_UNSPECIFIED) projection.port = static_cast<Port>(message.port() - 1);
  return default_name(projection);
}

/// The names of the elements of a list of messages; none for a list of values.
std::vector<std::string> names_of(const Message& message, const FieldDescriptor& field) {
  std::vector<std::string> names;
  if (!field.message_type()) return names;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i)
    names.push_back(name_of(message.GetReflection()->GetRepeatedMessage(message, &field, i)));
  return names;
}

std::string first_of(const FieldDescriptor& field, const std::vector<std::string>& names) {
  return fmt::format("e.g. {}[{}]", field.name(), names.empty() || names[0].empty() ? "0" : names[0]);
}

/// The place in a list that a key means.
int index_of(const Message& message, const FieldDescriptor& field, const std::string& key) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  const std::vector<std::string> names = names_of(message, field);
  const auto named = std::count(names.begin(), names.end(), key);
  if (named == 1) return static_cast<int>(std::find(names.begin(), names.end(), key) - names.begin());
  if (named > 1) throw Refusal{fmt::format("is not clear: {} elements of {} are called \"{}\"", named, field.name(), key), "use the place"};
  int index = -1;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool is_number = end == key.data() + key.size() && key.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && error == std::errc() && index < size) return index;
  if (size == 0) throw Refusal{fmt::format("names an element of {}, which is empty in the file", field.name()), "write it into the file"};
  if (is_number)
    throw Refusal{fmt::format("names element {} of {}, which has {}", key, field.name(), size),
                  size == 1 ? "the only one is 0" : fmt::format("use 0 to {}", size - 1)};
  if (!field.message_type())
    throw Refusal{fmt::format("names \"{}\" of {}, which is a list of single values", key, field.name()), first_of(field, names)};
  std::vector<std::string> known = names;
  std::erase(known, "");
  const std::string near = did_you_mean(key, known);
  throw Refusal{fmt::format("names \"{}\", but no element of {} is called so", key, field.name()),
                near.empty() ? fmt::format("there are {}", list_of(known)) : fmt::format("did you mean \"{}\"?", near)};
}

const FieldDescriptor& field_of(const Message& message, const Step& step) {
  const auto& type = *message.GetDescriptor();
  if (const FieldDescriptor* field = type.FindFieldByName(step.name)) return *field;
  const bool of_network = &type == v1::Experiment::descriptor() && v1::Network::descriptor()->FindFieldByName(step.name);
  throw Refusal{fmt::format("\"{}\" is not a field of {}", step.name, type.name()),
                of_network ? fmt::format("it is one of the network: write network.{}", step.name) : suggest_field(step.name, type)};
}

/// Where a step leads, with what a list wants and what a single field must not have.
std::optional<int> place_of(const Message& message, const FieldDescriptor& field, const Step& step) {
  if (!field.is_repeated()) {
    if (step.key) throw Refusal{fmt::format("\"{}\" is not a list", field.name()), fmt::format("leave out [{}]", *step.key)};
    return std::nullopt;
  }
  if (!step.key)
    throw Refusal{fmt::format("does not say which element of the list \"{}\"", field.name()), first_of(field, names_of(message, field))};
  return index_of(message, field, *step.key);
}

/// To set one of several kinds would silently throw away the one that the file has.
void check_kind(const Message& message, const FieldDescriptor& field) {
  const auto* choice = field.real_containing_oneof();
  if (!choice) return;
  const FieldDescriptor* written = message.GetReflection()->GetOneofFieldDescriptor(message, choice);
  if (written && written != &field)
    throw Refusal{fmt::format("\"{}\" cannot be set, for the file has \"{}\" in its place", field.name(), written->name()),
                  fmt::format("change the file, or use {}", written->name())};
}

void make(const FieldChange& change, std::string_view path, Message& root) {
  const std::vector<Step> steps = steps_of(path);
  Message* message = &root;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const FieldDescriptor& field = field_of(*message, steps[i]);
    const std::optional<int> index = place_of(*message, field, steps[i]);
    check_kind(*message, field);
    const bool last = i + 1 == steps.size();
    if (!field.message_type()) {
      if (!last) throw Refusal{fmt::format("\"{}\" is a single value and has no fields", field.name()), "leave out what follows it"};
      if (const auto expected = set_scalar(*message, field, index, change.value))
        throw Refusal{fmt::format("is \"{}\", but must be {}", change.value, expected->what), expected->suggestion};
      return;
    }
    if (last) {
      const std::vector<std::string> names = field_names(*field.message_type());
      throw Refusal{fmt::format("\"{}\" is a group, not a single value", field.name()),
                    names.empty() ? "nothing can be said there" : fmt::format("name one of its fields: {}", list_of(names))};
    }
    message = index ? message->GetReflection()->MutableRepeatedMessage(message, &field, *index)
                    : message->GetReflection()->MutableMessage(message, &field);
  }
}

}  // namespace

void apply_changes(const std::vector<FieldChange>& changes, Message& message, const std::string& file) {
  const bool is_network = message.GetDescriptor() == v1::Network::descriptor();
  std::vector<Diagnostic> faults;
  for (const FieldChange& change : changes) {
    std::string_view path = change.field;
    if (path.starts_with(kNetwork) != is_network) continue;
    if (is_network) path.remove_prefix(kNetwork.size());
    try {
      make(change, path, message);
    } catch (const Refusal& refusal) {
      faults.push_back({change.field, refusal.what, refusal.suggestion, file, 0, 0});
    }
  }
  if (!faults.empty()) throw FieldChangeError(std::move(faults));
}

}  // namespace spikeloop::proto
