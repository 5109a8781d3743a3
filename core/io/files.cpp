// SPDX-License-Identifier: Apache-2.0
#include "core/io/files.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>

#include "core/errors.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 16;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

[[noreturn]] void throw_bad_file(const std::string& name, std::string what, std::string suggestion) {
  throw DescriptionError({Diagnostic{"", std::move(what), std::move(suggestion), name, 0, 0}});
}

/// "1,024 bytes" reads badly where a limit is meant: 512 MiB, 3 KiB, 17 bytes.
std::string size_text(std::size_t bytes) {
  if (bytes >= std::size_t{1} << 20) return fmt::format("{:.4g} MiB", static_cast<double>(bytes) / (1 << 20));
  if (bytes >= std::size_t{1} << 10) return fmt::format("{:.4g} KiB", static_cast<double>(bytes) / (1 << 10));
  return fmt::format("{} bytes", bytes);
}

File open_for_reading(const std::filesystem::path& path, std::string_view origin) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    throw_bad_file(path.string(), "there is no such file", origin.empty() ? "check the path" : std::string(origin));
  }
  if (std::filesystem::is_directory(status)) throw_bad_file(path.string(), "this is a folder, a file is wanted", "name a file in it");
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    const int reason = errno;
    throw DeviceError(fmt::format("{}: cannot be opened: {} (check who may read it)", path.string(), std::strerror(reason)));
  }
  return file;
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, std::string_view origin) {
  const File file = open_for_reading(path, origin);
  std::string bytes;
  // The size is not asked for beforehand: pipes have none, and a file may grow while it is read.
  for (;;) {
    const std::size_t have = bytes.size();
    const std::size_t want = std::min(kChunk, max_bytes - have + 1);
    bytes.resize(have + want);
    const std::size_t got = std::fread(bytes.data() + have, 1, want, file.get());
    const int reason = errno;
    bytes.resize(have + got);
    if (bytes.size() > max_bytes) {
      throw_bad_file(path.string(), fmt::format("the file is larger than {}, the most that is read", size_text(max_bytes)),
                     "check that it is the file you mean");
    }
    if (got == want) continue;
    if (std::ferror(file.get()))
      throw DeviceError(fmt::format("{}: reading failed: {} (check the disk)", path.string(), std::strerror(reason)));
    return bytes;
  }
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  const std::string part = fmt::format("{}.{}.part", path.string(), ::getpid());
  const auto fail = [&](int reason) {
    std::remove(part.c_str());
    throw DeviceError(fmt::format("{}: cannot be written: {} (check that the folder exists, may be written to and has room)", path.string(),
                                  std::strerror(reason)));
  };
  File file(std::fopen(part.c_str(), "wb"));
  if (!file) fail(errno);
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) fail(errno);
  if (std::fflush(file.get()) != 0 || ::fsync(::fileno(file.get())) != 0) fail(errno);
  if (std::fclose(file.release()) != 0) fail(errno);
  if (std::rename(part.c_str(), path.c_str()) != 0) fail(errno);
}

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

namespace {

/// A zlib inflater that frees itself.
struct Inflater {
  z_stream stream = {};
  Inflater() {
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw BugError("zlib does not start");  // 15: largest window, 16: gzip header
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

/// Unpacks one member from the front of `packed`, appends it to `out`, and returns how many packed bytes it took.
std::size_t unpack_member(std::string_view packed, std::size_t max_bytes, const std::string& name, std::string& out) {
  Inflater inflater;
  z_stream& z = inflater.stream;
  std::size_t given = 0;
  for (;;) {
    if (z.avail_in == 0) {
      const std::size_t n = std::min(packed.size() - given, kChunk);
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + given));  // zlib does not write to it
      z.avail_in = static_cast<uInt>(n);
      given += n;
    }
    std::array<char, kChunk> chunk;
    z.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.avail_out = static_cast<uInt>(chunk.size());
    const int result = inflate(&z, Z_NO_FLUSH);
    const std::size_t got = chunk.size() - z.avail_out;
    if (out.size() + got > max_bytes) {
      throw_bad_file(name, fmt::format("the gzip data unpacks to more than {}, the most that is read", size_text(max_bytes)),
                     "check that it is the file you mean");
    }
    out.append(chunk.data(), got);
    if (result == Z_STREAM_END) return given - z.avail_in;
    const bool starved = z.avail_in == 0 && given == packed.size();
    if (result == Z_BUF_ERROR || (result == Z_OK && starved && got == 0)) {
      throw_bad_file(name, "the gzip data ends too early", "the file was not copied completely: get it again");
    }
    if (result != Z_OK) {
      throw_bad_file(name, fmt::format("the gzip data is damaged{}{}", z.msg ? ": " : "", z.msg ? z.msg : ""), "get the file again");
    }
  }
}

}  // namespace

std::string gunzip(std::string_view packed, std::size_t max_bytes, const std::string& name) {
  if (!is_gzip(packed)) throw_bad_file(name, "this is not gzip data: it does not start with 1f 8b", "get the file again");
  std::string out;
  while (is_gzip(packed)) packed.remove_prefix(unpack_member(packed, max_bytes, name, out));
  if (packed.find_first_not_of('\0') != std::string_view::npos) {  // tapes pad with zeros
    throw_bad_file(name, fmt::format("{} stray bytes follow the gzip data", packed.size()), "get the file again");
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest = {};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 || size != digest.size()) {
    throw BugError("libcrypto does not compute SHA-256");
  }
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

std::string check_sha256(std::string_view bytes, std::string_view expected, const std::string& name) {
  std::string found = sha256_hex(bytes);
  std::string wanted(expected);
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (!wanted.empty() && wanted != found) {
    throw_bad_file(name, fmt::format("the file is not the expected one: its sha256 is {}, not {}", found, wanted),
                   "get the file again, or correct sha256 in the experiment if the change is meant");
  }
  return found;
}

}  // namespace spikeloop::io
