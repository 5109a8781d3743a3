// SPDX-License-Identifier: Apache-2.0
#include "core/io/byte_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/errors.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found)
    throw DescriptionError({Diagnostic{"", "there is no such file", "check the path", name_, 0, 0}});
  if (std::filesystem::is_directory(status))
    throw DescriptionError({Diagnostic{"", "this is a folder, a file is wanted", "name a file in it", name_, 0, 0}});
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_) throw DeviceError(fmt::format("{}: cannot be opened: {} (check who may read it)", name_, std::strerror(errno)));
}

ByteSource::ByteSource(std::string bytes, std::string name) : name_(std::move(name)), buffer_(std::move(bytes)), ended_(true) {}

void ByteSource::fill(std::size_t n) {
  if (ended_ || buffer_.size() - begin_ >= n) return;
  buffer_.erase(0, begin_);
  begin_ = 0;
  while (buffer_.size() < n) {
    const std::size_t have = buffer_.size();
    buffer_.resize(have + kChunk);
    const std::size_t got = std::fread(buffer_.data() + have, 1, kChunk, file_.get());
    const int reason = errno;
    buffer_.resize(have + got);
    if (got == kChunk) continue;
    if (std::ferror(file_.get()) != 0)
      throw DeviceError(fmt::format("{}: reading failed: {} (check the disk)", name_, std::strerror(reason)));
    ended_ = true;
    return;
  }
}

std::string_view ByteSource::peek(std::size_t n) {
  fill(n);
  return std::string_view(buffer_).substr(begin_, n);
}

std::string_view ByteSource::take(std::size_t n) {
  const std::string_view bytes = peek(n);
  begin_ += bytes.size();
  offset_ += bytes.size();
  return bytes;
}

bool ByteSource::skip(std::uint64_t n) {
  while (n > 0) {
    const std::size_t got = take(static_cast<std::size_t>(std::min<std::uint64_t>(n, kChunk))).size();
    if (got == 0) return false;
    n -= got;
  }
  return true;
}

void ByteSource::fail(std::uint64_t at, const std::string& what, const std::string& suggestion) const {
  throw DescriptionError({Diagnostic{"", fmt::format("at byte {}: {}", at, what), suggestion, name_, 0, 0}});
}

void ByteSource::fail_cut(std::uint64_t at, const std::string& what) const {
  fail(at, fmt::format("the file ends inside {}", what),
       "the file was not copied or recorded completely: what lies before is whole; get the rest again");
}

Time from_microseconds(std::int64_t microseconds, const ByteSource& source, std::uint64_t at) {
  constexpr std::int64_t kMost = INT64_MAX / kMicrosecond;
  if (microseconds > kMost || microseconds < -kMost)
    source.fail(at, fmt::format("the time {} us is beyond what int64 nanoseconds hold", microseconds), "the file is damaged: get it again");
  return microseconds * kMicrosecond;
}

}  // namespace spikeloop::io
