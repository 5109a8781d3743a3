// SPDX-License-Identifier: Apache-2.0
#include "proto/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "core/errors.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using namespace spikeloop::testing;

std::size_t files_in(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()));
}

/// What the DeviceError says.
std::string complaint(const std::string& path, const std::string& bytes) {
  try {
    write_file_atomically(path, bytes);
  } catch (const DeviceError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DeviceError was thrown";
  return "";
}

/// Files of this process may not grow beyond a size, as on a full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);  // write then fails with EFBIG instead
    const rlimit small{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, handler_);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit old_{};
  void (*handler_)(int) = nullptr;
};

TEST(AtomicFile, IsWrittenAndReplacedWhole) {
  const TemporaryFolder folder;
  const std::string large(3'000'000, 'x');
  write_file_atomically(folder / "f", "first");
  EXPECT_EQ(content_of(folder / "f"), "first");
  write_file_atomically(folder / "f", large);
  EXPECT_EQ(content_of(folder / "f"), large);
  write_file_atomically(folder / "f", "");
  EXPECT_EQ(content_of(folder / "f"), "");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(AtomicFile, KeepsThePermissionsOfTheFileThatItReplaces) {
  const TemporaryFolder folder;
  put(folder / "f", "old");
  ASSERT_EQ(::chmod((folder / "f").c_str(), 0640), 0);
  write_file_atomically(folder / "f", "new");
  struct stat now {};
  ASSERT_EQ(::stat((folder / "f").c_str(), &now), 0);
  EXPECT_EQ(now.st_mode & 07777, 0640u);
}

TEST(AtomicFile, WithoutRoomLeavesTheOldOneAndNothingElse) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  {
    const SmallDisk disk(1000);
    const std::string what = complaint(folder / "f", std::string(100'000, 'x'));
    EXPECT_NE(what.find(folder / "f"), std::string::npos) << what;
    EXPECT_NE(what.find("File too large"), std::string::npos) << what;
  }
  EXPECT_EQ(content_of(folder / "f"), "old");
  EXPECT_EQ(files_in(folder), 1u);
}

TEST(AtomicFile, SaysWhichProblemTheDiskHas) {
  const TemporaryFolder folder;
  EXPECT_NE(complaint(folder / "none/f", "x").find("No such file"), std::string::npos);
  EXPECT_NE(complaint(folder.path().string(), "x").find("Is a directory"), std::string::npos);
  EXPECT_NE(complaint("/dev/full", "x").find("/dev/full"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full")) << "a device must never be replaced by a file";
}

TEST(AtomicFile, OfARunThatWasKilledIsNoObstacle) {
  const TemporaryFolder folder;
  for (int i = 0; i < 5; ++i) put(folder / ("f.tmp-" + std::to_string(::getpid()) + "-" + std::to_string(i)), "left over");
  write_file_atomically(folder / "f", "new");
  EXPECT_EQ(content_of(folder / "f"), "new");
}

}  // namespace
}  // namespace spikeloop
