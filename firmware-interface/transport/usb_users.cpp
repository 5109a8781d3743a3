// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_users.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace spikeloop::firmware {
namespace {

namespace fs = std::filesystem;

unsigned times_open(const fs::path& process, const struct ::stat& wanted) {
  unsigned times = 0;
  std::error_code ignored;  // processes of others may not be looked into, and any may end meanwhile
  fs::directory_iterator at(process / "fd", ignored);
  for (; !ignored && at != fs::directory_iterator(); at.increment(ignored)) {
    struct ::stat found;
    if (::stat(at->path().c_str(), &found) == 0 && found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino) ++times;
  }
  return times;
}

}  // namespace

std::string users_of_file(const std::string& node, unsigned own) {
  struct ::stat wanted;
  if (::stat(node.c_str(), &wanted) != 0) return "";
  std::string users;
  std::error_code ignored;
  fs::directory_iterator at("/proc", ignored);
  for (; !ignored && at != fs::directory_iterator(); at.increment(ignored)) {
    const std::string id = at->path().filename();
    if (!std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
    const bool is_us = id == std::to_string(::getpid());
    if (times_open(at->path(), wanted) <= (is_us ? own : 0)) continue;
    if (!users.empty()) users += ", ";
    if (is_us) {
      users += "this program";
      continue;
    }
    std::string name;
    std::getline(std::ifstream(at->path() / "comm"), name);
    users += fmt::format("{} (process {})", name, id);
  }
  return users;
}

}  // namespace spikeloop::firmware
