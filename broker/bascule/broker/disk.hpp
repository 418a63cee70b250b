// Disk: one folder's files as the journal needs them, so that a test can put a disk there whose power fails.
//
// Errors: DiskError. After one from write() or sync() nothing is known about the file: the only right answer
// is to stop (a second fsync may report success for data that was lost). DiskFull from create() changes
// nothing. Thread safety: none; one thread at a time.
#pragma once

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "bascule/broker/wire.hpp"

namespace bascule::broker {

class DiskError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
class DiskFull : public DiskError {
  using DiskError::DiskError;
};

class DiskFile {
 public:
  virtual ~DiskFile() = default;
  virtual std::uint64_t size() = 0;
  virtual void write(std::uint64_t offset, Bytes bytes) = 0;
  /// Fewer bytes only at the end of the file.
  virtual std::size_t read(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  /// What was written is on the medium when this returns.
  virtual void sync() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual std::vector<std::string> list() = 0;
  /// A file of `size` bytes, `head` and then zeros; it appears whole and on the medium, or not at all.
  virtual std::unique_ptr<DiskFile> create(const std::string& name, std::uint64_t size, Bytes head) = 0;
  virtual std::unique_ptr<DiskFile> open(const std::string& name) = 0;
  /// An empty file that grows as it is written. It is on the medium after its sync() and then sync_folder().
  virtual std::unique_ptr<DiskFile> create_growing(const std::string& name) = 0;
  /// Gone for this process; nobody cares after a crash. Nothing when it is not there.
  virtual void remove_scratch(const std::string& name) = 0;
  virtual void sync_folder() = 0;
  struct Space {
    std::uint64_t free = 0;  ///< bytes that this process may still write there
    std::uint64_t total = 0;
  };
  virtual Space space() = 0;
  /// Gone from the medium when this returns.
  virtual void remove(const std::string& name) = 0;
  /// For messages: where it is.
  virtual std::string path(const std::string& name) const = 0;
};

/// A folder of the file system, made if it is not there and locked against a second process. Throws
/// DiskError.
std::unique_ptr<Disk> open_folder(const std::string& folder);

}  // namespace bascule::broker
