// SPDX-License-Identifier: Apache-2.0
#include "proto/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/errors.hpp"

namespace spikeloop {
namespace {

[[noreturn]] void fail(const std::string& path, const char* doing, int error) {
  throw DeviceError(fmt::format("{}: {} failed: {}", path, doing, std::strerror(error)));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// Closes now; a network disk may report only here that it is full.
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

/// Removes the temporary file unless it became the real one.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) ::unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail(path, "writing", written < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Makes a rename last over a power cut. Not every file system can sync a folder; that alone is no failure.
void sync_folder(const std::string& folder, const std::string& path) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) fail(path, "opening its folder", errno);
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP) fail(path, "syncing its folder", errno);
}

/// Opens a new file beside `path`; its name is put into `name`.
int open_temporary(const std::string& path, std::string& name) {
  static std::atomic<unsigned> counter = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {  // a name may be left over from a process that was killed
    name = fmt::format("{}.tmp-{}-{}", path, ::getpid(), counter++);
    const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

}  // namespace

void write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode)) fail(path, "replacing", S_ISDIR(old.st_mode) ? EISDIR : EEXIST);
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  std::string name;
  Descriptor file(open_temporary(path, name));
  if (file.get() < 0) fail(path, "making a temporary file beside it", errno);
  Temporary temporary(name);
  if (exists && ::fchmod(file.get(), old.st_mode & 07777) != 0) fail(path, "keeping its permissions", errno);
  write_all(file.get(), bytes, path);
  if (::fsync(file.get()) != 0) fail(path, "writing to the disk", errno);
  if (file.close() != 0) fail(path, "closing", errno);
  if (::rename(name.c_str(), path.c_str()) != 0) fail(path, "renaming", errno);
  temporary.keep();
  sync_folder(folder, path);
}

}  // namespace spikeloop
