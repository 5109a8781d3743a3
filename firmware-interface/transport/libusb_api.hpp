// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libusb-1.0/libusb.h>

#include <string>

#include "firmware-interface/transport/errors.hpp"
#include "firmware-interface/transport/usb_context.hpp"

/// libusb, loaded when it is wanted first, so that the program starts without it and can say that it is missing. Only for the sources of
/// this folder.
namespace spikeloop::firmware {

/// The functions of libusb that we call, by their names there. Those that its header defines need no entry.
#define SPIKELOOP_LIBUSB_FUNCTIONS(X) \
  X(alloc_transfer)                   \
  X(cancel_transfer)                  \
  X(claim_interface)                  \
  X(clear_halt)                       \
  X(close)                            \
  X(error_name)                       \
  X(exit)                             \
  X(free_device_list)                 \
  X(free_transfer)                    \
  X(get_bus_number)                   \
  X(get_configuration)                \
  X(get_device)                       \
  X(get_device_address)               \
  X(get_device_descriptor)            \
  X(get_device_list)                  \
  X(get_max_packet_size)              \
  X(get_port_numbers)                 \
  X(get_string_descriptor_ascii)      \
  X(get_version)                      \
  X(handle_events_timeout_completed)  \
  X(has_capability)                   \
  X(hotplug_register_callback)        \
  X(init)                             \
  X(interrupt_event_handler)          \
  X(open)                             \
  X(ref_device)                       \
  X(release_interface)                \
  X(set_configuration)                \
  X(submit_transfer)                  \
  X(unref_device)

/// `open` is libusb_open, and so on; none is null.
struct LibusbApi {
#define SPIKELOOP_LIBUSB_MEMBER(name) decltype(&::libusb_##name) name = nullptr;
  SPIKELOOP_LIBUSB_FUNCTIONS(SPIKELOOP_LIBUSB_MEMBER)
#undef SPIKELOOP_LIBUSB_MEMBER
};

/// Loads a library, which stays loaded. Throws LibraryMissing if there is none, or it lacks one of the functions.
LibusbApi load_libusb(const std::string& library = kLibusb);

/// The libusb of this process, loaded by the first call that succeeds. Throws as `load_libusb`.
const LibusbApi& libusb();

}  // namespace spikeloop::firmware
