// Log: the journal's writing side without a disk: records in, commits out.
//
// A pure state machine. append() gives a record its place at once; take() gives all that was appended since
// the last take() as one commit: what to write, in order, and which segments to remove after it was flushed.
// The caller carries out one commit at a time (that is what recovery relies on). Thread safety: none.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "bascule/broker/journal_format.hpp"
#include "bascule/broker/journal_ledger.hpp"

namespace bascule::broker::journal {

struct Write {
  Lsn segment = 0;
  std::uint64_t capacity = 0;
  std::uint64_t offset = 0;  ///< segment_header_size: the segment is new, create it first
  std::vector<std::uint8_t> bytes;
};

struct Commit {
  std::vector<Write> writes;          ///< each to be flushed before the next
  std::vector<std::string> removals;  ///< segments, after the writes were flushed
  Lsn last = 0;                       ///< what is durable then
};

/// What recovery found, and what the log goes on from.
struct LogState {
  Ledger ledger;
  std::map<QueueId, QueueDefinition> queues;
  std::unordered_map<Lsn, Lsn> origins;  ///< of copies: where they were first written
  Lsn last_batch = 0;
  Lsn end = 64;  ///< where a journal without segments begins
  QueueId last_queue = 0;
};

class Log {
 public:
  explicit Log(LogState state, std::uint64_t segment_size) : state_(std::move(state)), segment_size_(segment_size) {}

  QueueId declare(std::string address, std::string definition);
  void remove(QueueId queue);
  Lsn publish(Publish publish, Bytes body);
  /// Writes a message anew for the queues that still hold it; `old` is dead then.
  Lsn copy(Lsn old, Publish publish, Bytes body);
  void settle(QueueId queue, Lsn lsn);
  void count(QueueId queue, Lsn lsn, std::uint32_t delivery_count);
  /// A queue that is being removed held this.
  void forget(Lsn lsn) noexcept { state_.ledger.settle(lsn); }

  bool dirty() const noexcept { return !open_.empty() || !settled_.empty() || !ready_.empty() || !removals_.empty(); }
  Commit take();

  /// The oldest segment's bounds when copying what lives in it pays: more than half of the journal is dead.
  bool wants_compaction(Lsn& from, Lsn& to) const noexcept;
  /// The oldest segment, if it still is the one that begins at `from`, was moved out: what lives in it yet is
  /// in no queue and dies. How many.
  std::size_t bury_moved(Lsn from);
  const Ledger& ledger() const noexcept { return state_.ledger; }

 private:
  Lsn append(Type type, std::initializer_list<Bytes> fields);
  void flush_settled();
  void close_batch();
  void begin_batch();
  Bytes all_queues();
  void roll(std::uint64_t record);
  void put_record(Type type, std::initializer_list<Bytes> fields, Lsn lsn);
  void trim();

  LogState state_;
  const std::uint64_t segment_size_;
  std::vector<std::uint8_t> open_;  // the batch being filled, its header's room in front; empty: none
  Lsn open_lsn_ = 0;
  std::vector<Settled> settled_;  // not yet in a record: one record holds many
  std::vector<Write> ready_;
  std::vector<std::string> removals_;
  std::vector<std::uint8_t> scratch_, queues_;
};

}  // namespace bascule::broker::journal
