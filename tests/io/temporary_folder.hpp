// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>

#include "core/errors.hpp"

namespace spikeloop::io::test {

/// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "spikeloop_io_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::filesystem::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

/// The text of the DescriptionError that `action` throws; a failure if it throws none.
inline std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const DescriptionError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DescriptionError";
  return {};
}

inline bool contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return true;
  ADD_FAILURE() << "\"" << part << "\" is not in \"" << text << "\"";
  return false;
}

}  // namespace spikeloop::io::test
