// Reading a journal back: what is in it, where a power cut tore its end, and where it is damaged.
//
// Thread safety: none. Memory: one segment, and 32 bytes a message of a segment that is still there (bodies stay
// where they are).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
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

/// The journal is whole, and another version of the broker wrote it, an earlier or a later one: this one reads none of it. The
/// text names the file, what was found there and what is read here, and says what to do. It is thrown with `tolerate` too:
/// to go on without what cannot be read would be to lose it.
class OtherFormat : public std::runtime_error {
 public:
  enum class Writer { earlier, later };
  /// `found`, `reads`: "format 1", "format 2".
  OtherFormat(const std::string& path, Writer writer, const std::string& found, const std::string& reads);
};

/// A place where the last flush never ended; nothing from there on was promised.
struct Torn {
  std::string file;
  std::uint64_t offset = 0, bytes = 0;
};

/// A message whose body is damaged; its queues must not be served.
struct Spoilt {
  Lsn lsn = 0;
  std::vector<QueueId> queues;  ///< that still hold it; none: it does no harm
  std::string why;
};

/// A message without its body. Those with `rare` have more in Recovered::rare.
struct RecoveredMessage {
  Lsn origin = 0;
  Lsn place = 0;
  std::uint32_t cost = 0;
  std::uint32_t group = 0;
  QueueId queue = 0;  ///< the only one; 0 without `rare`: the message is dead
  std::uint8_t priority = 4;
  bool rare = false;
};

struct Recovered {
  LogState state;
  std::deque<RecoveredMessage> messages;  ///< in the order of their first writing
  std::unordered_map<Lsn, Publish> rare;  ///< by origin: several queues, times, counts, notes
  std::vector<Torn> torn;
  std::vector<Spoilt> spoilt;
  std::uint64_t records = 0, batches = 0;

  /// All that is known of one; its queues are those that still hold it.
  Publish publish(const RecoveredMessage& message) const;
};

struct RecoveryOptions {
  bool mend = true;       ///< zero torn ends, remove files of no more use; otherwise nothing is written
  bool tolerate = false;  ///< go on behind damage (dump, compact): `damage` hears of it instead of a throw
  std::function<void(const Damaged&)> damage = {};
  std::function<void(const Record&, const std::string& file)> visit = {};  ///< every record, in order
};

/// Reads all segments. Throws Damaged, OtherFormat or DiskError; then nothing was written.
Recovered recover(Disk& disk, const RecoveryOptions& options = {});

}  // namespace bascule::broker::journal
