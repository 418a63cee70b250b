// Reading a journal back: what is in it, where a power cut tore its end, and where it is damaged.
//
// Thread safety: none. Memory: one segment and the messages that live.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "bascule/broker/disk.hpp"
#include "bascule/broker/journal_log.hpp"

namespace bascule::broker::journal {

/// The journal cannot be read whole, and what is behind the damage was promised. The text names file and
/// offset and says what to do.
class Damaged : public std::runtime_error {
 public:
  Damaged(const std::string& path, std::uint64_t offset, const std::string& what);
};

/// A place where the last flush never ended; nothing in it was promised.
struct Torn {
  std::string file;
  std::uint64_t offset = 0, bytes = 0;
};

struct RecoveredMessage {
  Lsn lsn = 0;
  Publish publish;  ///< queues: those that still hold it
  std::vector<std::uint8_t> body;
};

struct Recovered {
  LogState state;
  std::vector<RecoveredMessage> messages;  ///< in the order of their first writing
  std::vector<Torn> torn;
  std::uint64_t records = 0, batches = 0;
};

struct RecoveryOptions {
  bool mend = true;       ///< zero torn ends; otherwise nothing is written
  bool tolerate = false;  ///< go on behind damage (dump, compact): `damage` hears of it instead of a throw
  std::function<void(const Damaged&)> damage = {};
  std::function<void(const Record&, const std::string& file)> visit = {};  ///< every record, in order
};

/// Reads all segments. Throws Damaged, or DiskError.
Recovered recover(Disk& disk, const RecoveryOptions& options = {});

}  // namespace bascule::broker::journal
