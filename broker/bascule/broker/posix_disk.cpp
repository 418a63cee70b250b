#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "bascule/broker/disk.hpp"

namespace bascule::broker {
namespace {

std::string reason(const std::string& what, const std::string& path) {
  return "journal: cannot " + what + " " + path + ": " + std::strerror(errno);
}

[[noreturn]] void fail(const std::string& what, const std::string& path) { throw DiskError(reason(what, path)); }

/// Only while a file is being made is a full disk a state that one may wait in.
[[noreturn]] void fail_making(const std::string& what, const std::string& path) {
  if (errno == ENOSPC || errno == EDQUOT) throw DiskFull(reason(what, path));
  fail(what, path);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public DiskFile {
 public:
  PosixFile(int fd, std::string path, bool grows = false) : fd_(fd), path_(std::move(path)), grows_(grows) {}
  std::uint64_t size() override {
    struct stat status{};
    if (::fstat(fd_.get(), &status) != 0) fail("look at", path_);
    return static_cast<std::uint64_t>(status.st_size);
  }
  void write(std::uint64_t offset, Bytes bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) grows_ ? fail_making("write", path_) : fail("write", path_);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
  }
  std::size_t read(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t total = 0;
    while (total < into.size()) {
      const ssize_t n =
          ::pread(fd_.get(), into.data() + total, into.size() - total, static_cast<off_t>(offset + total));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("read", path_);
      if (n == 0) break;
      total += static_cast<std::size_t>(n);
    }
    return total;
  }
  void sync() override {
    if (::fdatasync(fd_.get()) != 0) grows_ ? fail_making("flush", path_) : fail("flush", path_);
  }
  /// It is as large as it will be: from here on its blocks are its own.
  void made() noexcept { grows_ = false; }

 private:
  Descriptor fd_;
  const std::string path_;
  bool grows_;
};

class PosixDisk final : public Disk {
 public:
  explicit PosixDisk(std::string folder) : folder_(std::move(folder)), descriptor_(open_locked(folder_)) {
    for (const std::string& name : list()) {
      if (name.ends_with(".tmp")) remove(name);  // a create() that a crash cut short
    }
  }
  std::vector<std::string> list() override {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::unique_ptr<DiskFile> create(const std::string& name, std::uint64_t size, Bytes head) override {
    const std::string temporary = path(name) + ".tmp";
    const int fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) fail_making("create", temporary);
    auto file = std::make_unique<PosixFile>(fd, path(name), true);
    try {
      if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size)); error != 0) {
        errno = error;
        fail_making("allocate", temporary);
      }
      // Zeros that were written: flushing later appends then changes no metadata, which is twice as fast.
      const std::vector<std::uint8_t> zeros(1U << 20);
      for (std::uint64_t at = 0; at < size; at += zeros.size()) {
        file->write(at, Bytes(zeros).first(std::min<std::uint64_t>(zeros.size(), size - at)));
      }
      file->write(0, head);
      if (::fsync(fd) != 0) fail_making("flush", temporary);
      if (::rename(temporary.c_str(), path(name).c_str()) != 0) fail_making("rename", temporary);
    } catch (const DiskFull&) {
      ::unlink(temporary.c_str());
      throw;
    }
    file->made();
    sync_folder();
    return file;
  }
  std::unique_ptr<DiskFile> open(const std::string& name) override {
    const int fd = ::open(path(name).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) fail("open", path(name));
    return std::make_unique<PosixFile>(fd, path(name));
  }
  std::unique_ptr<DiskFile> create_growing(const std::string& name) override {
    const int fd = ::open(path(name).c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) fail_making("create", path(name));
    return std::make_unique<PosixFile>(fd, path(name), true);
  }
  void remove_scratch(const std::string& name) override {
    if (::unlink(path(name).c_str()) != 0 && errno != ENOENT) fail("remove", path(name));
  }
  Space space() override {
    struct statvfs status{};
    if (::fstatvfs(descriptor_.get(), &status) != 0) fail("look at folder", folder_);
    return {std::uint64_t{status.f_bavail} * status.f_frsize, std::uint64_t{status.f_blocks} * status.f_frsize};
  }
  void remove(const std::string& name) override {
    if (::unlink(path(name).c_str()) != 0) fail("remove", path(name));
    sync_folder();
  }
  std::string path(const std::string& name) const override { return folder_ + "/" + name; }
  void sync_folder() override {
    if (::fsync(descriptor_.get()) != 0) fail("flush folder", folder_);
  }

 private:
  static int open_locked(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw DiskError("journal: cannot make folder " + folder + ": " + error.message());
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail("open folder", folder);
    // A predecessor that was just killed may still be in a flush.
    int locked = ::flock(fd, LOCK_EX | LOCK_NB);
    for (int tries = 0; locked != 0 && tries < 100; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      locked = ::flock(fd, LOCK_EX | LOCK_NB);
    }
    if (locked != 0) {
      ::close(fd);
      throw DiskError("journal: " + folder + " is in use by another broker; give each its own --data");
    }
    return fd;
  }
  const std::string folder_;
  const Descriptor descriptor_;
};

}  // namespace

std::unique_ptr<Disk> open_folder(const std::string& folder) { return std::make_unique<PosixDisk>(folder); }

}  // namespace bascule::broker
