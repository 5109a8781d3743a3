// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/digits.hpp"

#include "cli/claims/shipped.hpp"

namespace spikeloop::cli {

std::filesystem::path digits_folder(const std::filesystem::path& data) {
  std::error_code ignored;
  return std::filesystem::exists(data / "digits.csv.gz", ignored) ? data : std::filesystem::path(shipped_data());
}

}  // namespace spikeloop::cli
