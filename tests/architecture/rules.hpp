// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spikeloop::architecture {

/// What a module may include besides itself and the standard library.
struct ModuleRule {
  std::set<std::string> may_use;    ///< modules of ours
  std::set<std::string> libraries;  ///< of others, named as by `library_of`; "*" is all but `kept_libraries`
};

/// The architecture: every module with its folder as key. This table and the links of the CMake targets say the same.
const std::map<std::string, ModuleRule>& modules();

/// Libraries that "*" does not cover, because one module exists to keep them away from all others.
const std::set<std::string>& kept_libraries();

/// Which library an include belongs to, by the beginning of its path; the first that fits.
const std::vector<std::pair<std::string_view, std::string_view>>& libraries();

/// Made by the build; everybody may include it.
inline constexpr std::string_view kGeneratedHeader = "spikeloop_version.hpp";

}  // namespace spikeloop::architecture
