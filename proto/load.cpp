// SPDX-License-Identifier: Apache-2.0
#include "proto/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "proto/convert.hpp"
#include "proto/locate.hpp"
#include "proto/parse.hpp"
#include "proto/text.hpp"

namespace spikeloop {
namespace {

using proto::ParsedText;
using proto::Reader;
using proto::TextLines;

constexpr std::size_t kMaxFaults = 1000;  // more than anybody reads
constexpr int kMaxEntries = 100'000;      // of populations, projections, ...
constexpr std::string_view kMark = "proto-message:";

DescriptionKind kind_of_message(std::string_view name) {
  if (name == v1::Network::descriptor()->full_name()) return DescriptionKind::kNetwork;
  if (name == v1::Experiment::descriptor()->full_name()) return DescriptionKind::kExperiment;
  if (name == v1::PriceList::descriptor()->full_name()) return DescriptionKind::kPriceList;
  if (name == v1::Chip::descriptor()->full_name()) return DescriptionKind::kChip;
  if (name == v1::Mapping::descriptor()->full_name()) return DescriptionKind::kMapping;
  return DescriptionKind::kUnknown;
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// What stands behind `# proto-message:` in the comments at the start; empty if there is no such line.
std::string_view named_message(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty() && line.front() != '#') return {};
    if (!line.empty()) line = trimmed(line.substr(1));
    if (line.starts_with(kMark)) return trimmed(line.substr(kMark.size()));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

/// A text that is not meant to be what it is asked for is refused before it is read: every field would be wrong.
void check_header(std::string_view text, const std::string& file, const google::protobuf::Descriptor& wanted) {
  const std::string_view name = named_message(text);
  if (name.empty() || name == wanted.full_name()) return;
  const TextLines lines(text);
  const proto::Place place = lines.place_of(static_cast<std::size_t>(name.data() - text.data()));
  throw DescriptionError(std::vector<Diagnostic>{
      {"", fmt::format("says that it is a {}, but a {} is wanted here", name, wanted.full_name()), "", file, place.line, place.column}});
}

void check_utf8(std::string_view text, const std::string& file) {
  const std::size_t bad = proto::first_invalid_utf8(text);
  if (bad == std::string_view::npos) return;
  const proto::Place place = TextLines(text).place_of(bad);
  throw DescriptionError(std::vector<Diagnostic>{{"", "is not valid UTF-8", "is it a text file?", file, place.line, place.column}});
}

/// In the order of the text; only so many.
[[noreturn]] void refuse(std::vector<Diagnostic> faults) {
  std::stable_sort(faults.begin(), faults.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return std::pair(a.line, a.column) < std::pair(b.line, b.column); });
  if (faults.size() > kMaxFaults) {
    const std::string more = fmt::format("and {} more faults", faults.size() - kMaxFaults);
    faults.resize(kMaxFaults);
    faults.push_back({"", more, "", faults.back().file, 0, 0});
  }
  throw DescriptionError(std::move(faults));
}

/// `convert` turns a Reader and the message into the core value and appends faults without places.
template <class Message, class Convert>
auto load_text(std::string_view text, const std::string& file, const LoadOptions& options, const Convert& convert) {
  proto::check_description_size(text.size(), file);
  check_utf8(text, file);
  check_header(text, file, *Message::descriptor());
  Message message;
  ParsedText parsed = proto::parse_text(text, file, message);
  if (!parsed.complete) refuse(std::move(parsed.faults));
  if (parsed.faults.empty()) proto::apply_changes(options.changes, message, file);
  std::vector<Diagnostic> faults;
  auto value = convert(message, faults);
  std::vector<Diagnostic> all = std::move(parsed.faults);
  const TextLines lines(text);
  for (std::size_t i = 0; i < faults.size(); ++i) {
    Diagnostic& fault = faults[i];
    if (parsed.spoiled.contains(fault.path)) continue;
    if (i < kMaxFaults) {  // looking up a place costs time, and nobody reads more
      const proto::Place place = proto::place_of_path(fault.path, message, *parsed.tree, lines);
      fault.line = place.line, fault.column = place.column;
    }
    fault.file = file;
    all.push_back(std::move(fault));
  }
  if (!all.empty()) refuse(std::move(all));
  return value;
}

/// The full name of a message that holds a field of a later schema; null if there is none.
const google::protobuf::Descriptor* message_from_the_future(const google::protobuf::Message& message) {
  const auto* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) return message.GetDescriptor();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (!field->message_type()) continue;
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const auto& inner = field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i) : reflection->GetMessage(message, field);
      if (const auto* found = message_from_the_future(inner)) return found;
    }
  }
  return nullptr;
}

template <class Message, class Convert>
auto load_binary(std::string_view bytes, const std::string& file, const LoadOptions& options, const Convert& convert) {
  proto::check_description_size(bytes.size(), file);
  const auto refuse_file = [&](std::string what) { refuse({{"", std::move(what), "", file, 0, 0}}); };
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    refuse_file(fmt::format("is not a binary {}", Message::descriptor()->full_name()));
  if (const auto* type = message_from_the_future(message))
    refuse_file(fmt::format("has a field of {} that this version does not know: it was written by a newer one", type->name()));
  proto::apply_changes(options.changes, message, file);
  std::vector<Diagnostic> faults;
  auto value = convert(message, faults);
  for (Diagnostic& fault : faults) fault.file = file;
  if (!faults.empty()) refuse(std::move(faults));
  return value;
}

std::string read_file(const std::string& path, const LoadOptions& options) {
  return options.read_file ? options.read_file(path) : proto::read_description_file(path);
}

bool is_binary(const std::string& path) { return path.ends_with(".binpb") || path.ends_with(".pb"); }

/// Bounds the memory that a hostile text can ask for with millions of empty entries; notes a fault of each list that is too long.
bool lists_are_short(const v1::Network& message, std::vector<Diagnostic>& faults) {
  const std::pair<const char*, int> lists[] = {{"populations", message.populations_size()},
                                               {"projections", message.projections_size()},
                                               {"rules", message.rules_size()},
                                               {"controllers", message.controllers_size()},
                                               {"probes", message.probes_size()}};
  for (const auto& [name, size] : lists)
    if (size > kMaxEntries)
      Reader(message, "", faults).fault(name, fmt::format("has {} entries, but at most {} can be described", size, kMaxEntries));
  return faults.empty();
}

auto network_from(const LoadOptions& options, const std::string& file) {
  return [&options, &file](const v1::Network& message, std::vector<Diagnostic>& faults) {
    if (!lists_are_short(message, faults)) return NetworkDescription{};
    NetworkDescription network = proto::read_network(Reader(message, "", faults), message, options, file);
    std::set<std::string> known;  // what could not be converted need not be complained about again
    for (const Diagnostic& fault : faults) known.insert({fault.path, fault.path.substr(0, fault.path.rfind('.'))});
    for (Diagnostic& fault : validate(network))
      if (!known.contains(fault.path)) faults.push_back(std::move(fault));
    return network;
  };
}

Experiment experiment_from(const v1::Experiment& message, std::vector<Diagnostic>& faults) {
  return proto::read_experiment(Reader(message, "", faults), message);
}

PriceList prices_from(const v1::PriceList& message, std::vector<Diagnostic>& faults) {
  return proto::read_prices(Reader(message, "", faults), message);
}

ChipSpec chip_from(const v1::Chip& message, std::vector<Diagnostic>& faults) {
  return proto::read_chip(Reader(message, "", faults), message);
}

Mapping mapping_from(const v1::Mapping& message, std::vector<Diagnostic>& faults) {
  return proto::read_mapping(Reader(message, "", faults), message);
}

template <class Message>
void locate_in(std::vector<Diagnostic>& faults, std::string_view text) {
  Message message;
  const ParsedText parsed = proto::parse_text(text, "", message);
  const TextLines lines(text);
  for (Diagnostic& fault : faults) {
    const proto::Place place = proto::place_of_path(fault.path, message, *parsed.tree, lines);
    fault.line = place.line, fault.column = place.column;
  }
}

}  // namespace

DescriptionKind description_kind(std::string_view text) { return kind_of_message(named_message(text)); }

DescriptionKind description_kind_of_file(const std::string& path) { return description_kind(proto::read_description_file(path)); }

NetworkDescription load_network(const std::string& path, const LoadOptions& options) {
  const std::string content = read_file(path, options);
  return is_binary(path) ? load_network_binary(content, path, options) : load_network_text(content, path, options);
}

NetworkDescription load_network_text(std::string_view text, const std::string& file, const LoadOptions& options) {
  return load_text<v1::Network>(text, file, options, network_from(options, file));
}

NetworkDescription load_network_binary(std::string_view bytes, const std::string& file, const LoadOptions& options) {
  return load_binary<v1::Network>(bytes, file, options, network_from(options, file));
}

Experiment load_experiment(const std::string& path, const LoadOptions& options) {
  const std::string content = read_file(path, options);
  return is_binary(path) ? load_experiment_binary(content, path, options) : load_experiment_text(content, path, options);
}

Experiment load_experiment_text(std::string_view text, const std::string& file, const LoadOptions& options) {
  return load_text<v1::Experiment>(text, file, options, experiment_from);
}

Experiment load_experiment_binary(std::string_view bytes, const std::string& file, const LoadOptions& options) {
  return load_binary<v1::Experiment>(bytes, file, options, experiment_from);
}

PriceList load_prices(const std::string& path) {
  const std::string content = proto::read_description_file(path);
  return is_binary(path) ? load_prices_binary(content, path) : load_prices_text(content, path);
}

PriceList load_prices_text(std::string_view text, const std::string& file) { return load_text<v1::PriceList>(text, file, {}, prices_from); }

PriceList load_prices_binary(std::string_view bytes, const std::string& file) {
  return load_binary<v1::PriceList>(bytes, file, {}, prices_from);
}

ChipSpec load_chip(const std::string& path) {
  const std::string content = proto::read_description_file(path);
  return is_binary(path) ? load_chip_binary(content, path) : load_chip_text(content, path);
}

ChipSpec load_chip_text(std::string_view text, const std::string& file) { return load_text<v1::Chip>(text, file, {}, chip_from); }

ChipSpec load_chip_binary(std::string_view bytes, const std::string& file) { return load_binary<v1::Chip>(bytes, file, {}, chip_from); }

Mapping load_mapping(const std::string& path) {
  const std::string content = proto::read_description_file(path);
  return is_binary(path) ? load_mapping_binary(content, path) : load_mapping_text(content, path);
}

Mapping load_mapping_text(std::string_view text, const std::string& file) { return load_text<v1::Mapping>(text, file, {}, mapping_from); }

Mapping load_mapping_binary(std::string_view bytes, const std::string& file) {
  return load_binary<v1::Mapping>(bytes, file, {}, mapping_from);
}

std::string resolve_path(const std::string& description_file, const std::string& path) {
  const std::filesystem::path wanted(path);
  if (wanted.is_absolute()) return path;
  return (std::filesystem::path(description_file).parent_path() / wanted).lexically_normal().string();
}

std::vector<Diagnostic> locate(std::vector<Diagnostic> faults, const std::string& path) {
  for (Diagnostic& fault : faults) fault.file = path;
  if (is_binary(path)) return faults;
  const std::string text = proto::read_description_file(path);
  if (description_kind(text) == DescriptionKind::kExperiment)
    locate_in<v1::Experiment>(faults, text);
  else if (description_kind(text) == DescriptionKind::kPriceList)
    locate_in<v1::PriceList>(faults, text);
  else if (description_kind(text) == DescriptionKind::kChip)
    locate_in<v1::Chip>(faults, text);
  else
    locate_in<v1::Network>(faults, text);
  return faults;
}

}  // namespace spikeloop
