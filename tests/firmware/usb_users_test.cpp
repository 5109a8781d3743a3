// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_users.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace spikeloop::firmware {
namespace {

TEST(UsbUsers, WhoHasAFileOpenIsNamed) {
  char file[] = "/tmp/spikeloop_users_XXXXXX";
  const int opened = ::mkstemp(file);
  ASSERT_GE(opened, 0);
  const pid_t other = ::fork();  // has it open too
  if (other == 0) {
    ::pause();
    ::_exit(0);
  }
  const std::string both = users_of_file(file);
  EXPECT_NE(both.find("this program"), std::string::npos) << both;
  EXPECT_NE(both.find(" (process " + std::to_string(other) + ")"), std::string::npos) << both;
  EXPECT_EQ(users_of_file(file, 1).find("this program"), std::string::npos) << "once is how it found out";
  EXPECT_NE(users_of_file(file, 1).find(std::to_string(other)), std::string::npos);
  const int again = ::dup(opened);
  EXPECT_NE(users_of_file(file, 1).find("this program"), std::string::npos);
  ::close(again);
  ::close(opened);
  EXPECT_EQ(users_of_file(file).find("this program"), std::string::npos);
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
  EXPECT_EQ(users_of_file(file), "");
  ::unlink(file);
  EXPECT_EQ(users_of_file(file), "");
}

}  // namespace
}  // namespace spikeloop::firmware
