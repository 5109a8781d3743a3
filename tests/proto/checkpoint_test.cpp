// SPDX-License-Identifier: Apache-2.0
#include "proto/checkpoint.hpp"

#include <gtest/gtest.h>

#include "proto/spikeloop/v1/report.pb.h"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using namespace spikeloop::testing;

TrainingResult some_result() {
  TrainingResult r;
  r.seed = 3;
  r.epochs = {{0, 0.5, 0.25, 1, 0.5, 10}, {1, 0.75, 0.5, 2, 0.25, 20}};
  r.test.samples = 2;
  r.test.accuracy = 0.5;
  r.test.confusion = {{1, 0}, {1, 0}};
  r.test.counts.populations = {{1, 2}};
  r.test.counts.projections = {{3, 4}};
  r.test.latency_ms = {1.5, 2.5};
  r.example.label = 1;
  r.example.spikes = {{10, 0, 1}, {20, 1, 0}};
  r.fields = {{4, {0.5f, -1.5f}}};
  r.weights_hash = 0x123456789abcdef0;
  return r;
}

Checkpoint some_checkpoint() {
  Checkpoint c;
  c.spikeloop_version = "0.1.0";
  c.network_fingerprint = 0xaaaaaaaaaaaaaaaa;
  c.experiment_fingerprint = 0xbbbbbbbbbbbbbbbb;
  c.runs.push_back({3, false, some_result(), {}});
  c.runs.push_back({4, true, std::nullopt, {std::byte{0}, std::byte{255}, std::byte{7}}});
  return c;
}

void expect_same(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.spikeloop_version, b.spikeloop_version);
  EXPECT_EQ(a.network_fingerprint, b.network_fingerprint);
  EXPECT_EQ(a.experiment_fingerprint, b.experiment_fingerprint);
  ASSERT_EQ(a.runs.size(), 2u);
  EXPECT_EQ(a.runs[1].seed, 4u);
  EXPECT_TRUE(a.runs[1].control);
  EXPECT_FALSE(a.runs[1].result);
  EXPECT_EQ(a.runs[1].trainer, b.runs[1].trainer);
  ASSERT_TRUE(a.runs[0].result);
  const TrainingResult& r = *a.runs[0].result;
  const TrainingResult& s = *b.runs[0].result;
  EXPECT_EQ(r.epochs.at(1).validation_accuracy, s.epochs.at(1).validation_accuracy);
  EXPECT_EQ(r.test.confusion, s.test.confusion);
  EXPECT_EQ(r.test.latency_ms, s.test.latency_ms);
  EXPECT_EQ(r.test.counts.projections.at(0).plastic_updates, 4u);
  EXPECT_EQ(r.example.spikes, s.example.spikes);
  EXPECT_EQ(r.fields.at(0).weights, s.fields.at(0).weights);
  EXPECT_EQ(r.weights_hash, s.weights_hash);
}

std::string complaint_about(const std::string& bytes) {
  const auto faults = faults_of([&] { read_checkpoint(bytes, "checkpoint.pb"); });
  EXPECT_EQ(faults.size(), 1u);
  return faults.empty() ? "" : faults[0].file + ": " + faults[0].what;
}

TEST(Checkpoint, IsReadAsItWasWritten) { expect_same(read_checkpoint(write_checkpoint(some_checkpoint())), some_checkpoint()); }

TEST(Checkpoint, OfTheFirstFormatIsStillRead) { expect_same(read_checkpoint(golden("checkpoint.bin")), some_checkpoint()); }

TEST(Checkpoint, ThatIsForeignOrEmptyIsRefused) {
  EXPECT_EQ(complaint_about(""), "checkpoint.pb: is empty, not a checkpoint");
  EXPECT_EQ(complaint_about("PK\x03\x04 something else"), "checkpoint.pb: is not a checkpoint of spikeloop");
  EXPECT_EQ(complaint_about(golden("network.bin")), "checkpoint.pb: is not a checkpoint of spikeloop");
}

TEST(Checkpoint, ThatIsCutAnywhereIsRefused) {
  const std::string bytes = write_checkpoint(some_checkpoint());
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    const std::string complaint = complaint_about(bytes.substr(0, n));
    EXPECT_TRUE(complaint.find("cut short") != std::string::npos || complaint.find("checksum") != std::string::npos)
        << n << ": " << complaint;
  }
}

TEST(Checkpoint, WithAnyBitFlippedIsRefused) {
  const std::string bytes = write_checkpoint(some_checkpoint());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_THROW(read_checkpoint(damaged), DescriptionError) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Checkpoint, OfAnotherVersionIsRefusedByName) {
  v1::Checkpoint envelope;
  ASSERT_TRUE(envelope.ParseFromString(write_checkpoint(some_checkpoint())));
  envelope.set_version(2);
  envelope.set_spikeloop_version("9.8.7");
  const std::string complaint = complaint_about(envelope.SerializeAsString());
  EXPECT_NE(complaint.find("format 2 written by spikeloop 9.8.7"), std::string::npos) << complaint;
}

TEST(Checkpoint, OfAnotherNetworkOrExperimentIsRefused) {
  const Checkpoint c = some_checkpoint();
  EXPECT_NO_THROW(check_belongs(c, c.network_fingerprint, c.experiment_fingerprint));
  EXPECT_EQ(faults_of([&] { check_belongs(c, 1, c.experiment_fingerprint); }).at(0).what, "is a checkpoint of another network");
  EXPECT_EQ(faults_of([&] { check_belongs(c, c.network_fingerprint, 1); }).at(0).what, "is a checkpoint of another experiment");
}

TEST(Checkpoint, IsLoadedFromAFile) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "checkpoint.pb", write_checkpoint(some_checkpoint()));
  expect_same(load_checkpoint(folder / "checkpoint.pb"), some_checkpoint());
  EXPECT_EQ(faults_of([&] { load_checkpoint(folder / "none.pb"); }).at(0).what, "cannot be opened");
}

}  // namespace
}  // namespace spikeloop
