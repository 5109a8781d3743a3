// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// Five bytes an event, no header (N-MNIST and N-Caltech101: Orchard et al. 2015, DOI 10.3389/fnins.2015.00437; .bs1 and .bs2 of SLAYER):
/// x, y, one bit of polarity, a big-endian 23-bit time in us. With `one_dimensional` the first two bytes are one big-endian neuron number.
/// In two dimensions y = 240 is no event: it adds 2^13 us to all later times, as the readers that come with N-MNIST have it; such marks are
/// counted among what is left out.
std::unique_ptr<EventReader> open_five_byte(ByteSource source, bool one_dimensional);

/// Whether bytes without a mark can be such events, and why: the answer for `recognised_by`, empty for no. Text is refused; without one of
/// the usual suffixes (.bin, .bs1, .bs2) nine of ten times must not go back. `one_dimensional` tells how to read them: .bs1, or, without a
/// known suffix, where the first byte of every event is 0.
std::string looks_like_five_byte(ByteSource& source, bool& one_dimensional);

}  // namespace spikeloop::io
