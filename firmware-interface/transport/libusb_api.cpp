// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/libusb_api.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace spikeloop::firmware {
namespace {

constexpr const char* kUnseen = "libusb is missing, so boards on this computer's USB can neither be seen nor used";

template <class Function>
void find(void* library, const std::string& library_name, const char* name, Function*& into) {
  into = reinterpret_cast<Function*>(::dlsym(library, name));
  if (into == nullptr)
    throw LibraryMissing(fmt::format("{}: {} has no {}, so it is another library, or too old", kUnseen, library_name, name));
}

}  // namespace

LibusbApi load_libusb(const std::string& library) {
  void* loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    const char* why = ::dlerror();  // names the library
    throw LibraryMissing(fmt::format("{}: {}", kUnseen, why != nullptr ? why : library));
  }
  LibusbApi api;
#define SPIKELOOP_LIBUSB_FIND(name) find(loaded, library, "libusb_" #name, api.name);
  SPIKELOOP_LIBUSB_FUNCTIONS(SPIKELOOP_LIBUSB_FIND)
#undef SPIKELOOP_LIBUSB_FIND
  return api;
}

const LibusbApi& libusb() {
  static const LibusbApi api = load_libusb();
  return api;
}

}  // namespace spikeloop::firmware
