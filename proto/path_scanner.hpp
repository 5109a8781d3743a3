// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spikeloop::proto {

/// Finds the field ("populations[2].neuron.lif.tau_m_ms") in which an offset of a text lies, also where the text cannot be parsed:
/// Protobuf knows the places of fields only when it has read them to their end.
class PathScanner {
 public:
  /// `text` must outlive this object.
  PathScanner(std::string_view text, const google::protobuf::Descriptor& root);

  /// The last field that begins before `offset`, in the message that `offset` lies in. Offsets must not decrease from call to call.
  std::string path_at(std::size_t offset);
  /// The descriptor of the field that `path_at` found; null if the schema has no such field.
  const google::protobuf::FieldDescriptor* field() const;

 private:
  struct Frame {
    const google::protobuf::Descriptor* type = nullptr;  // null inside unknown fields
    std::string path;
    std::map<std::string, std::size_t, std::less<>> counts;  // how often each field came
    std::string name;                                        // of the current field; empty before the first
    bool value_follows = false;                              // after a colon
    bool in_list = false;
  };
  std::string path_of_current() const;
  void step();
  void word();
  void open();
  void close();

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<Frame> frames_;
};

}  // namespace spikeloop::proto
