// RecordReader: single records of a journal, read back by their place.
//
// What lies close together is read at once. Errors: none are thrown; what cannot be read says why. Thread safety:
// one thread at a time, any; segments may be removed meanwhile.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "bascule/broker/disk.hpp"
#include "bascule/broker/journal_format.hpp"

namespace bascule::broker::journal {

/// A record to read, and then its bytes.
struct Wanted {
  Lsn place = 0;
  Lsn segment = 0;       ///< where the file that holds it begins
  Bytes bytes = {};      ///< in Reading::buffers; empty: it could not be read
  Bytes damaged = {};    ///< the same, when no more than the body is damaged
  std::string why = {};  ///< it could not be read: file, offset, reason
};

struct Reading {
  std::vector<Wanted> records;
  std::list<std::vector<std::uint8_t>> buffers;
};

/// The file that begins at `segment`: a journal's, or a scratch file's (scratch.hpp).
std::string file_of(Lsn segment);

class RecordReader {
 public:
  void read(Disk& disk, Reading& reading);

 private:
  struct Open {
    Lsn segment = 0;
    std::unique_ptr<DiskFile> file;
  };
  DiskFile& open(Disk& disk, Lsn segment);
  void read_run(Disk& disk, Reading& reading, std::span<Wanted* const> run);
  void read_one(Disk& disk, Reading& reading, Wanted& wanted, Bytes there);

  std::list<Open> open_;  // the last used first
};

}  // namespace bascule::broker::journal
