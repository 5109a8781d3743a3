// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <string>

#include "core/errors.hpp"
#include "proto/text.hpp"

namespace spikeloop::proto {

/// Resolves the path of a fault ("projections[0].weight.normal.std") to the place in the text where that field begins, or, if the field was
/// not written, the nearest message around it that was.
Place place_of_path(const std::string& path, const google::protobuf::Message& message,
                    const google::protobuf::TextFormat::ParseInfoTree& tree, const TextLines& lines);

}  // namespace spikeloop::proto
