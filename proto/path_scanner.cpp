// SPDX-License-Identifier: Apache-2.0
#include "proto/path_scanner.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloop::proto {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

std::size_t end_of_string(std::string_view text, std::size_t position) {
  const char quote = text[position++];
  while (position < text.size() && text[position] != quote && text[position] != '\n') position += text[position] == '\\' ? 2 : 1;
  return std::min(position + 1, text.size());
}

}  // namespace

PathScanner::PathScanner(std::string_view text, const google::protobuf::Descriptor& root) : text_(text) {
  frames_.emplace_back();
  frames_.back().type = &root;
}

std::string PathScanner::path_at(std::size_t offset) {
  while (position_ < std::min(offset, text_.size())) step();
  return path_of_current();
}

const google::protobuf::FieldDescriptor* PathScanner::field() const {
  const Frame& frame = frames_.back();
  return frame.type ? frame.type->FindFieldByName(frame.name) : nullptr;
}

std::string PathScanner::path_of_current() const {
  const Frame& frame = frames_.back();
  if (frame.name.empty()) return frame.path;
  std::string path = frame.path + (frame.path.empty() ? "" : ".") + frame.name;
  if (field() && field()->is_repeated()) path += fmt::format("[{}]", frame.counts.at(frame.name) - 1);
  return path;
}

void PathScanner::step() {
  Frame& frame = frames_.back();
  const char c = text_[position_];
  if (c == '#') {
    position_ = std::min(text_.find('\n', position_), text_.size());
  } else if (c == '"' || c == '\'') {
    position_ = end_of_string(text_, position_);
    frame.value_follows = false;
  } else if (is_word(c)) {
    word();
  } else {
    ++position_;
    if (c == ':') frame.value_follows = true;
    if (c == '{' || c == '<') open();
    if (c == '}' || c == '>') close();
    if (c == '[') frame.in_list = true;
    if (c == ']') frame.in_list = frame.value_follows = false;
    if (c == ',' && frame.in_list) ++frame.counts[frame.name];
  }
}

void PathScanner::word() {
  Frame& frame = frames_.back();
  const std::size_t start = position_;
  while (position_ < text_.size() && is_word(text_[position_])) ++position_;
  if (frame.in_list) return;
  if (frame.value_follows) {
    frame.value_follows = false;
    return;
  }
  frame.name = text_.substr(start, position_ - start);
  ++frame.counts[frame.name];
}

void PathScanner::open() {
  Frame inner;
  inner.path = path_of_current();
  inner.type = field() ? field()->message_type() : nullptr;  // null for a scalar field
  frames_.back().value_follows = false;
  frames_.push_back(std::move(inner));
}

void PathScanner::close() {
  if (frames_.size() > 1) frames_.pop_back();
}

}  // namespace spikeloop::proto
