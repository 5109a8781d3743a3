// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/transport/usb_context.hpp"

namespace spikeloop::firmware {

/// Which device is meant.
struct UsbSelector {
  std::uint16_t vendor = 0, product = 0;
  std::string which;  ///< serial or bus id ("1-2"); empty = the only one there is
};

/// The two graces are by how much a call may overrun its timeout when the bus or the system misbehaves.
struct UsbOptions {
  std::size_t queue_bytes = kMaxWaitingBytes;  ///< received and not yet read, transfers in flight included
  Milliseconds unplug_grace{500};   ///< a pulled cable shows as a bus error first: how long to wait for the news that it was that
  Milliseconds cancel_grace{2000};  ///< how long a cancelled transfer may take to come back before the device counts as lost
};

/// What became of the bytes of a stream.
struct UsbStreamCounts {
  std::uint64_t bytes = 0;            ///< received, all of which can be read
  std::uint64_t transfers = 0;        ///< that came back, whatever their status
  std::uint64_t pauses = 0;           ///< a transfer was held back because the queue was full: the device has to wait
  std::uint64_t discarded_bytes = 0;  ///< received after a fault that made a gap in the stream, therefore thrown away
};

/// A device on this computer's USB. A fault of the stream (stall, transmission error, more than was asked for) ends the stream: read_stream
/// gives the bytes that came before it, then throws the fault once; start_stream begins anew. `close` must not be called by two threads of
/// which one destroys the transport.
class UsbTransport : public Transport {
 public:
  /// Over all streams since it was opened; from any thread.
  virtual UsbStreamCounts stream_counts() const = 0;
};

/// Opens a device and claims its interface 0; sets configuration 1 only if another is active, for that resets the device. Throws NotFound,
/// NoPermission, Busy (with who has it), or what else the device answers.
std::unique_ptr<UsbTransport> open_usb(std::shared_ptr<UsbContext> context, const UsbSelector& selector, const UsbOptions& options = {});

}  // namespace spikeloop::firmware
