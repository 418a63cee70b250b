// Scratch: where messages that are in no journal wait when memory is short. It does not outlive the process.
//
// Places are like those of the journal, in a range of their own. Files are 16 MiB, written once from front to end,
// and removed when nothing in them is wanted any more. A pure state machine: put() gives a place and the bytes to
// write there. Thread safety: none.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bascule/broker/disk.hpp"
#include "bascule/broker/entries.hpp"
#include "bascule/broker/journal_format.hpp"

namespace bascule::broker::journal {

inline constexpr Lsn scratch_bit = Lsn{1} << 63;
constexpr bool is_scratch(Lsn place) noexcept { return (place & scratch_bit) != 0; }
/// "0000000000000040.scratch.tmp": files that end in .tmp are removed when a folder is opened.
std::string scratch_name(Lsn segment);

class Scratch {
 public:
  static constexpr std::uint64_t file_size = 16U << 20;

  /// Room for a record whose front and body have these sizes.
  Lsn put(std::uint64_t size);
  /// Nobody wants it any more. The file that went with it, or 0.
  Lsn free(Lsn place);
  /// Where the file begins that holds a place; 0: none does.
  Lsn file_of(Lsn place) const noexcept;
  std::uint64_t files() const noexcept { return files_.size(); }
  std::uint64_t messages() const noexcept { return messages_; }

 private:
  struct File {
    std::uint64_t capacity = 0, used = 0, live = 0;
  };
  std::map<Lsn, File> files_;
  Lsn end_ = scratch_bit + 64;
  std::uint64_t messages_ = 0;
};

/// Carries out what Scratch decided. One thread at a time. Throws DiskFull.
class ScratchWriter {
 public:
  void write(Disk& disk, Lsn file, Lsn place, Bytes bytes);
  void remove(Disk& disk, Lsn file);

 private:
  std::unique_ptr<DiskFile> open_;
  Lsn segment_ = 0;
};

}  // namespace bascule::broker::journal
