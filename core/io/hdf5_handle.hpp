// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace spikeloop::io {

/// An HDF5 identifier that is given back. The library is not made for threads: one at a time may use it.
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  explicit Hdf5Handle(hid_t id) : id_(id) {}
  ~Hdf5Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }

  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
};

/// How `bytes` of values are converted while they are read or written: in a buffer that fits them. The library's own has a MiB, which it
/// clears for every array, however small.
inline Hdf5Handle transfer_of(std::size_t bytes) {
  constexpr std::size_t kLeast = 4096, kMost = std::size_t{1} << 20;
  Hdf5Handle transfer(H5Pcreate(H5P_DATASET_XFER));
  H5Pset_buffer(transfer.get(), std::clamp(bytes, kLeast, kMost), nullptr, nullptr);
  return transfer;
}

/// Keeps the library from printing its own errors, which are told by ours, while it lives.
class QuietHdf5 {
 public:
  QuietHdf5() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~QuietHdf5() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  QuietHdf5(const QuietHdf5&) = delete;
  QuietHdf5& operator=(const QuietHdf5&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace spikeloop::io
