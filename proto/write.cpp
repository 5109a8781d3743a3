// SPDX-License-Identifier: Apache-2.0
#include "proto/write.hpp"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include "core/recording.hpp"
#include "proto/convert.hpp"

namespace spikeloop {
namespace {

std::string text_of(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetUseShortRepeatedPrimitives(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string body;
  if (!printer.PrintToString(message, &body)) throw BugError("a description could not be printed");
  const auto* type = message.GetDescriptor();
  return fmt::format("# proto-file: {}\n# proto-message: {}\n\n{}", type->file()->name(), type->full_name(), body);
}

std::string bytes_of(const google::protobuf::Message& message) {
  std::string bytes;
  if (message.ByteSizeLong() > INT32_MAX || !message.SerializeToString(&bytes))
    throw CapacityError(fmt::format("a {} of more than 2 GiB cannot be written", message.GetDescriptor()->name()));
  return bytes;
}

v1::Network message_of(const NetworkDescription& network, const WriteOptions& options) {
  v1::Network message;
  proto::write_network(network, message, options);
  return message;
}

v1::Experiment message_of(const Experiment& experiment) {
  v1::Experiment message;
  proto::write_experiment(experiment, message);
  return message;
}

v1::PriceList message_of(const PriceList& prices) {
  v1::PriceList message;
  proto::write_prices(prices, message);
  return message;
}

v1::Chip message_of(const ChipSpec& chip) {
  v1::Chip message;
  proto::write_chip(chip, message);
  return message;
}

v1::Mapping message_of(const Mapping& mapping) {
  v1::Mapping message;
  proto::write_mapping(mapping, message);
  return message;
}

}  // namespace

std::string write_network(const NetworkDescription& network, const WriteOptions& options) { return text_of(message_of(network, options)); }
std::string write_experiment(const Experiment& experiment) { return text_of(message_of(experiment)); }
std::string write_prices(const PriceList& prices) { return text_of(message_of(prices)); }
std::string write_chip(const ChipSpec& chip) { return text_of(message_of(chip)); }
std::string write_mapping(const Mapping& mapping) { return text_of(message_of(mapping)); }

std::string write_network_binary(const NetworkDescription& network, const WriteOptions& options) {
  return bytes_of(message_of(network, options));
}
std::string write_experiment_binary(const Experiment& experiment) { return bytes_of(message_of(experiment)); }
std::string write_prices_binary(const PriceList& prices) { return bytes_of(message_of(prices)); }
std::string write_chip_binary(const ChipSpec& chip) { return bytes_of(message_of(chip)); }
std::string write_mapping_binary(const Mapping& mapping) { return bytes_of(message_of(mapping)); }

std::string write_report_binary(const ExperimentResult& result) {
  v1::Report message;
  proto::write_experiment(result.experiment, *message.mutable_experiment());
  for (const TrainingResult& run : result.runs) proto::write_training_result(run, *message.add_runs(), /*heavy=*/false);
  for (const TrainingResult& run : result.control) proto::write_training_result(run, *message.add_control(), /*heavy=*/false);
  for (const EnergyReport& energy : result.energy) proto::write_energy(energy, *message.add_energy());
  return bytes_of(message);
}

ExperimentResult read_report_binary(std::string_view bytes, const std::string& file) {
  v1::Report message;
  if (bytes.size() > INT32_MAX || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw DescriptionError(std::vector<Diagnostic>{{"", "is not a report", "", file, 0, 0}});
  ExperimentResult result;
  std::vector<Diagnostic> faults;
  result.experiment = proto::read_experiment(proto::Reader(message.experiment(), "experiment", faults), message.experiment());
  if (!faults.empty()) throw DescriptionError(std::move(faults));
  for (const auto& run : message.runs()) result.runs.push_back(proto::read_training_result(run));
  for (const auto& run : message.control()) result.control.push_back(proto::read_training_result(run));
  for (const auto& energy : message.energy()) result.energy.push_back(proto::read_energy(energy));
  return result;
}

std::uint64_t experiment_fingerprint(const Experiment& experiment) {
  Experiment plain = experiment;
  plain.name.clear();
  plain.network_file.clear();                                       // the network has a fingerprint of its own
  for (std::string* file : files_of(plain.dataset)) file->clear();  // their hash says which data
  plain.seeds = 0;                                                  // a run does not depend on how many there are
  plain.robustness.reset();                                         // nor on what is probed when it is over
  const std::string text = write_experiment(plain);
  return hash_bytes(kHashStart, text.data(), text.size());
}

}  // namespace spikeloop
