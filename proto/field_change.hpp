// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/errors.hpp"

namespace google::protobuf {
class Message;
}

namespace spikeloop {

/// A single value of a description that is to be another than its file says.
///
/// `field` is a path as in the schema, seen from the experiment: "epochs", "anneal.linear_to"; fields of its network stand behind
/// "network.". An element of a list is named by its name or its place: "network.rules[hidden].feedback_current.eta",
/// "network.populations[1].shape[0]"; a projection without a name by "source->target", a controller by its population, its feedback by
/// where it goes to.
struct FieldChange {
  std::string field;
  std::string value;  ///< as in the text; quotes may be left out
};

/// A change that cannot be made: there is no such field, or the value is of another kind. One fault a change.
class FieldChangeError : public DescriptionError {
 public:
  using DescriptionError::DescriptionError;
};

namespace proto {

/// Makes the changes that belong to a message of this type: to a Network those behind "network.", to an Experiment all others. `file`
/// stands in faults. Throws FieldChangeError with a fault for each change that cannot be made.
void apply_changes(const std::vector<FieldChange>& changes, google::protobuf::Message& message, const std::string& file);

}  // namespace proto
}  // namespace spikeloop
