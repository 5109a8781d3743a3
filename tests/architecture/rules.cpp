// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/rules.hpp"

namespace spikeloop::architecture {

const std::map<std::string, ModuleRule>& modules() {
  static const std::set<std::string> kLibraryModules = {"core", "core/io", "proto", "report", "firmware-interface", "backends"};
  static const std::set<std::string> kAllButTests = {"core", "core/io", "proto", "report", "firmware-interface", "backends", "cli"};
  static const std::map<std::string, ModuleRule> kModules = {
      {"core", {{}, {"fmt", "Random123", "Highway", "Boost.Math", "memory pages"}}},
      {"core/io", {{"core"}, {"fmt", "HDF5", "zlib", "lz4", "flatbuffers", "OpenSSL", "system"}}},
      {"proto", {{"core"}, {"fmt", "Protobuf", "system"}}},
      {"report", {{"core"}, {"fmt", "nlohmann-json"}}},
      {"firmware-interface", {{}, {"fmt", "libusb", "Boost.Asio", "system"}}},
      {"backends", {{"core", "firmware-interface"}, {"fmt", "Random123", "Highway", "METIS", "SCOTCH", "system"}}},
      {"cli", {kLibraryModules, {"*"}}},
      {"examples", {kLibraryModules, {"*"}}},
      {"bindings", {kLibraryModules, {"*"}}},
      {"tests", {kAllButTests, {"*", "libusb", "Boost.Asio", "GoogleTest", "Google Benchmark"}}},
  };
  return kModules;
}

const std::set<std::string>& kept_libraries() {
  static const std::set<std::string> kKept = {"libusb", "Boost.Asio", "GoogleTest", "Google Benchmark"};
  return kKept;
}

const std::vector<std::pair<std::string_view, std::string_view>>& libraries() {
  static const std::vector<std::pair<std::string_view, std::string_view>> kLibraries = {
      {"fmt/", "fmt"},
      {"Random123/", "Random123"},
      {"hwy/", "Highway"},
      {"boost/math/", "Boost.Math"},
      {"boost/asio", "Boost.Asio"},
      {"google/protobuf/", "Protobuf"},
      {"nlohmann/", "nlohmann-json"},
      {"CLI/", "CLI11"},
      {"hdf5", "HDF5"},
      {"H5", "HDF5"},
      {"zlib.h", "zlib"},
      {"lz4", "lz4"},
      {"flatbuffers/", "flatbuffers"},
      {"openssl/", "OpenSSL"},
      {"libusb", "libusb"},
      {"metis.h", "METIS"},
      {"scotch.h", "SCOTCH"},
      {"gtest/", "GoogleTest"},
      {"gmock/", "GoogleTest"},
      {"benchmark/", "Google Benchmark"},
      {"sys/mman.h", "memory pages"},
      {"sys/", "system"},
      {"linux/", "system"},
      {"netinet/", "system"},
      {"arpa/", "system"},
      {"dirent.h", "system"},
      {"dlfcn.h", "system"},
      {"errno.h", "system"},
      {"fcntl.h", "system"},
      {"netdb.h", "system"},
      {"poll.h", "system"},
      {"pthread.h", "system"},
      {"sched.h", "system"},
      {"signal.h", "system"},
      {"termios.h", "system"},
      {"unistd.h", "system"},
  };
  return kLibraries;
}

}  // namespace spikeloop::architecture
