// SPDX-License-Identifier: Apache-2.0
#include "proto/checkpoint.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "core/recording.hpp"
#include "proto/convert.hpp"

namespace spikeloop {
namespace {

constexpr const char* kMagic = "spikeloop checkpoint";
constexpr std::uint32_t kVersion = 1;
// How every checkpoint begins: field 1 of the envelope, its length, the magic. It tells a cut file from a foreign one.
constexpr std::string_view kBeginning = "\x0a\x14spikeloop checkpoint";

[[noreturn]] void refuse(const std::string& file, std::string what, std::string suggestion = "") {
  throw DescriptionError(std::vector<Diagnostic>{{"", std::move(what), std::move(suggestion), file, 0, 0}});
}

std::uint64_t checksum(const v1::Checkpoint& envelope) {
  const std::uint64_t hash = hash_bytes(kHashStart, envelope.spikeloop_version().data(), envelope.spikeloop_version().size());
  return hash_bytes(hash, envelope.content().data(), envelope.content().size());
}

template <class Message>
bool parse(std::string_view bytes, Message& message) {
  return bytes.size() <= INT32_MAX && message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

std::string serialised(const google::protobuf::Message& message) {
  std::string bytes;
  if (message.ByteSizeLong() > INT32_MAX || !message.SerializeToString(&bytes))
    throw CapacityError("a checkpoint of more than 2 GiB cannot be written");
  return bytes;
}

void write_run(const CheckpointRun& run, v1::CheckpointRun& message) {
  message.set_seed(run.seed);
  message.set_control(run.control);
  if (run.result) proto::write_training_result(*run.result, *message.mutable_result(), /*heavy=*/true);
  message.set_trainer(run.trainer.data(), run.trainer.size());
}

CheckpointRun read_run(const v1::CheckpointRun& message) {
  CheckpointRun run;
  run.seed = message.seed();
  run.control = message.control();
  if (message.has_result()) run.result = proto::read_training_result(message.result());
  const auto* bytes = reinterpret_cast<const std::byte*>(message.trainer().data());
  run.trainer.assign(bytes, bytes + message.trainer().size());
  return run;
}

}  // namespace

std::string write_checkpoint(const Checkpoint& checkpoint) {
  v1::CheckpointContent content;
  content.set_network_fingerprint(checkpoint.network_fingerprint);
  content.set_experiment_fingerprint(checkpoint.experiment_fingerprint);
  for (const CheckpointRun& run : checkpoint.runs) write_run(run, *content.add_runs());
  v1::Checkpoint envelope;
  envelope.set_magic(kMagic);
  envelope.set_version(kVersion);
  envelope.set_spikeloop_version(checkpoint.spikeloop_version);
  envelope.set_content(serialised(content));
  envelope.set_checksum(checksum(envelope));
  return serialised(envelope);
}

Checkpoint read_checkpoint(std::string_view bytes, const std::string& file) {
  if (bytes.empty()) refuse(file, "is empty, not a checkpoint");
  if (!bytes.starts_with(kBeginning.substr(0, bytes.size()))) refuse(file, "is not a checkpoint of spikeloop");
  v1::Checkpoint envelope;
  if (bytes.size() < kBeginning.size() || !parse(bytes, envelope) || envelope.version() == 0)
    refuse(file, "is a checkpoint that was cut short or damaged", "start the training anew");
  if (envelope.version() != kVersion)
    refuse(file,
           fmt::format("is a checkpoint of format {} written by spikeloop {}; this program reads format {}", envelope.version(),
                       envelope.spikeloop_version(), kVersion),
           "resume with the version that wrote it");
  v1::CheckpointContent content;
  if (checksum(envelope) != envelope.checksum() || !parse(envelope.content(), content))
    refuse(file, "is a damaged checkpoint: its checksum does not match", "start the training anew");
  Checkpoint checkpoint{envelope.spikeloop_version(), content.network_fingerprint(), content.experiment_fingerprint(), {}};
  for (const auto& run : content.runs()) checkpoint.runs.push_back(read_run(run));
  return checkpoint;
}

Checkpoint load_checkpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(path, "cannot be opened", "check the path and its permissions");
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (in.bad()) refuse(path, "cannot be read to its end");
  return read_checkpoint(bytes, path);
}

void check_belongs(const Checkpoint& checkpoint, std::uint64_t network_fingerprint, std::uint64_t experiment_fingerprint,
                   const std::string& file) {
  if (checkpoint.network_fingerprint != network_fingerprint)
    refuse(file, "is a checkpoint of another network", "resume with the network it was begun with");
  if (checkpoint.experiment_fingerprint != experiment_fingerprint)
    refuse(file, "is a checkpoint of another experiment", "resume with the experiment it was begun with");
}

}  // namespace spikeloop
