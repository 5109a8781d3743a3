// SPDX-License-Identifier: Apache-2.0
#include "proto/locate.hpp"

#include <google/protobuf/descriptor.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace spikeloop::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

/// One step of a path: "populations[2]".
struct Step {
  std::string name;
  int index = -1;
};

std::vector<Step> steps_of(std::string_view path) {
  std::vector<Step> steps;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const std::string_view part = path.substr(0, dot);
    const std::size_t bracket = std::min(part.find('['), part.size());
    Step& step = steps.emplace_back();
    step.name = part.substr(0, bracket);
    if (bracket < part.size()) std::from_chars(part.data() + bracket + 1, part.data() + part.size(), step.index);
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return steps;
}

/// Core has one name for what can be written in two ways.
constexpr std::array<std::array<std::string_view, 2>, 3> kOtherNames = {
    {{"delay_ms", "delays_ms"}, {"spikes", "times_ms"}, {"resolution", "resolution_ms"}}};

/// A message, and where its fields stand.
struct Node {
  const Message* message;
  const TextFormat::ParseInfoTree* tree;
};

/// A field that was written.
struct Found {
  const FieldDescriptor* field;
  int index;  // -1 for a single field
  TextFormat::ParseLocation location;
};

std::optional<Found> find_written(const Node& node, const Step& step) {
  const FieldDescriptor* field = node.message->GetDescriptor()->FindFieldByName(step.name);
  if (!field) return std::nullopt;
  const int index = field->is_repeated() ? std::max(step.index, 0) : -1;
  TextFormat::ParseLocation location = node.tree->GetLocation(field, index);
  // A list in brackets has one location for all of its values.
  if (location.line < 0 && field->is_repeated()) location = node.tree->GetLocation(field, 0);
  if (location.line < 0) return std::nullopt;
  return Found{field, index, location};
}

std::optional<Node> inner(const Node& node, const FieldDescriptor* field, int index) {
  if (!field->message_type()) return std::nullopt;
  const auto* reflection = node.message->GetReflection();
  if (field->is_repeated() ? index >= reflection->FieldSize(*node.message, field) : !reflection->HasField(*node.message, field))
    return std::nullopt;
  const TextFormat::ParseInfoTree* tree = node.tree->GetTreeForNested(field, index);
  if (!tree) return std::nullopt;
  return Node{
      field->is_repeated() ? &reflection->GetRepeatedMessage(*node.message, field, index) : &reflection->GetMessage(*node.message, field),
      tree};
}

/// Looks for a field also under its other name, and inside the single messages of `node` (core structs are flatter than the schema);
/// leaves in `node` the message that has it.
std::optional<Found> search(Node& node, const Step& step, int depth) {
  if (auto found = find_written(node, step)) return found;
  for (const auto& [name, other] : kOtherNames)
    if (step.name == name)
      if (auto found = find_written(node, {std::string(other), step.index})) return found;
  const auto* type = node.message->GetDescriptor();
  for (int i = 0; depth > 0 && i < type->field_count(); ++i) {
    if (type->field(i)->is_repeated()) continue;
    std::optional<Node> deeper = inner(node, type->field(i), -1);
    if (!deeper) continue;
    if (auto found = search(*deeper, step, depth - 1)) {
      node = *deeper;
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

Place place_of_path(const std::string& path, const Message& message, const TextFormat::ParseInfoTree& tree, const TextLines& lines) {
  Node node{&message, &tree};
  Place place{1, 1};
  for (const Step& step : steps_of(path)) {
    const bool known_here = node.message->GetDescriptor()->FindFieldByName(step.name) != nullptr;
    const auto found = search(node, step, known_here ? 0 : 2);
    if (!found) break;
    place = lines.place_of(lines.offset_of(found->location.line, found->location.column));
    const auto next = inner(node, found->field, found->index);
    if (!next) break;
    node = *next;
  }
  return place;
}

}  // namespace spikeloop::proto
