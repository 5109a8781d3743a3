// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace spikeloop::engine {

/// Memory for long arrays: aligned to cache lines, on huge pages where it is long, and not touched before it is used. Short rows at random
/// places cost a page-table walk each on 4 KiB pages.
template <class T>
struct BufferAllocator {
  using value_type = T;
  static constexpr std::size_t kLine = 64, kHugePage = std::size_t{2} << 20;

  BufferAllocator() = default;
  template <class U>
  BufferAllocator(const BufferAllocator<U>&) {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T), alignment = bytes >= 2 * kHugePage ? kHugePage : kLine;
    void* p = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!p) throw std::bad_alloc();
    if (alignment == kHugePage) madvise(p, bytes, MADV_HUGEPAGE);  // advice only: without it everything works, slower
    return static_cast<T*>(p);
  }
  void deallocate(T* p, std::size_t) { std::free(p); }

  /// `resize` leaves plain numbers as they are.
  template <class U, class... Args>
  void construct(U* p, Args&&... args) {
    if constexpr (sizeof...(Args) > 0 || !std::is_trivially_default_constructible_v<U>)
      ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
  friend bool operator==(const BufferAllocator&, const BufferAllocator&) { return true; }
};

template <class T>
using Buffer = std::vector<T, BufferAllocator<T>>;

}  // namespace spikeloop::engine
