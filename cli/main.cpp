// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "cli/cli.hpp"

namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::size_t columns(int fd, std::size_t otherwise) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  spikeloop::cli::Terminal terminal{std::cout, std::cerr};
  const bool smart = environment("TERM") != "dumb";
  terminal.err_is_terminal = smart && isatty(STDERR_FILENO) != 0;
  terminal.colour = smart && isatty(STDOUT_FILENO) != 0 && environment("NO_COLOR").empty();
  terminal.width = columns(STDERR_FILENO, terminal.width);
  terminal.out_width = columns(STDOUT_FILENO, terminal.out_width);
  spikeloop::cli::install_signal_handlers();
  const int code = spikeloop::cli::run({argv + 1, argv + argc}, terminal);
  if (std::cout.flush()) return code;
  std::cerr << "spikeloop: standard output could not be written: is the disk full, or its reader gone?\n";
  return code == spikeloop::cli::kOk ? 4 : code;
}
