// Log: the journal's writing side without a disk: records in, commits out.
//
// A pure state machine. append() gives a record its place at once; take() gives all that was appended since
// the last take() as one commit: what to write, in order, and which files to remove after it was flushed.
// The caller carries out one commit at a time (that is what recovery relies on). A message's origin is where it was
// first written and its name for life; its place is where it is now. Thread safety: none.
#pragma once

#include <deque>
#include <initializer_list>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
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
  std::vector<std::string> removals;  ///< files, after the writes were flushed
  Lsn last = 0;                       ///< what is durable then
};

/// A segment that will be needed soon.
struct Ahead {
  Lsn start = 0;  ///< 0: none
  std::uint64_t capacity = 0;
};

/// Files of large bodies, and how many living messages have each.
struct SideFiles {
  std::unordered_map<Lsn, std::uint64_t> of;               ///< by origin
  std::unordered_map<std::uint64_t, std::uint32_t> users;  ///< by id

  void add(Lsn origin, std::uint64_t id) {
    of.emplace(origin, id);
    ++users[id];
  }
  /// The message is dead: the id of the file that nobody needs any more, or 0.
  std::uint64_t drop(Lsn origin);
};
/// "0000000000000007.body"
std::string side_file_name(std::uint64_t id);
bool is_side_file_name(std::string_view name) noexcept;

/// What recovery found, and what the log goes on from.
struct LogState {
  Ledger ledger;
  std::map<QueueId, QueueDefinition> queues;
  std::unordered_map<Lsn, Lsn> places;   ///< by origin, of what was moved
  std::deque<std::pair<Lsn, Key>> keys;  ///< by place
  SideFiles sides;
  Lsn last_batch = 0;
  Lsn end = 64;  ///< where a journal without segments begins
  QueueId last_queue = 0;
  std::uint64_t last_side = 0;
  bool marked = true;  ///< nothing behind the last mark

  Lsn place_of(Lsn origin) const noexcept {
    if (places.empty()) return origin;
    const auto found = places.find(origin);
    return found == places.end() ? origin : found->second;
  }
  /// One queue is done with a message. The side file that nobody needs any more, or 0.
  std::uint64_t settle(Lsn origin);
  /// All are.
  std::uint64_t drop(Lsn origin);
};

class Log {
 public:
  /// `flushes_each`: every commit is flushed before the next is carried out (fsync = "group").
  explicit Log(LogState state, std::uint64_t segment_size, bool flushes_each = true)
      : state_(std::move(state)), segment_size_(segment_size), flushes_each_(flushes_each) {}

  QueueId declare(std::string address, std::string definition);
  void remove(QueueId queue);
  Lsn publish(const Publish& publish, Bytes body);
  /// Writes a message anew for the queues that still hold it.
  void copy(Lsn origin, Publish publish, Bytes body, bool damaged = false);
  void settle(QueueId queue, Lsn origin);
  void update(const Update& update);
  void remember(Key key);
  /// A queue that is being removed held this.
  void forget(Lsn origin) { free_side(state_.settle(origin)); }
  /// No queue holds it, contrary to what was thought.
  void drop(Lsn origin) { free_side(state_.drop(origin)); }
  /// Between these, all or nothing.
  void begin();
  /// A place within what was appended last; 0: nothing was.
  Lsn end();
  /// Writes a mark, which lets recovery know that the last batch had been flushed. At idle.
  void mark();
  bool marked() const noexcept { return state_.marked; }
  /// Not flushes_each: all before this was flushed.
  void flushed(Lsn up_to) noexcept { flushed_ = up_to; }

  bool dirty() const noexcept;
  /// `wall_ms`: keys that have run out are not kept.
  Commit take(std::int64_t wall_ms);
  /// The next segment, once when an eighth of the newest is used.
  Ahead wants_ahead();
  /// How much of the newest segment is free.
  std::uint64_t room() const noexcept;

  /// Whether copying what lives in the oldest segment pays: more than half of the journal is dead.
  bool wants_compaction() const noexcept;
  const Segment* segment_of(Lsn place) noexcept { return state_.ledger.find_segment(place); }
  /// What is there cannot be read: its segment stays. The message's origin.
  Lsn keep_damaged(Lsn place);
  const LogState& state() const noexcept { return state_; }
  const Ledger& ledger() const noexcept { return state_.ledger; }
  std::uint64_t new_side_file() noexcept { return ++state_.last_side; }
  /// A message in memory has this side file: it stays, settled or not, until let_go_side().
  void hold_side(std::uint64_t id) { held_sides_.insert(id); }
  void let_go_side(std::uint64_t id);

 private:
  Lsn append(Type type, Bytes fields, Bytes body = {});
  void flush_settled();
  void close_batch();
  void begin_batch();
  Bytes all_queues();
  void roll(std::uint64_t record);
  void put(Type type, Bytes fields, Bytes body, Lsn lsn);
  bool carry_keys(Lsn end, std::int64_t wall_ms);
  bool oldest_is_free() const noexcept;
  void trim(std::int64_t wall_ms);
  void free_side(std::uint64_t id);

  LogState state_;
  const std::uint64_t segment_size_;
  const bool flushes_each_;
  Lsn flushed_ = 0;
  int depth_ = 0;
  std::vector<std::uint8_t> open_;  // the batch being filled, its header's room in front; empty: none
  Lsn open_lsn_ = 0;
  std::uint32_t records_ = 0;
  std::vector<Settled> settled_;  // not yet in a record: one record holds many
  std::vector<Write> ready_;
  std::vector<std::string> removals_;
  std::unordered_set<std::uint64_t> held_sides_, done_sides_;  // done: held, and no living message has it
  std::vector<std::uint8_t> scratch_, queues_;
  Lsn ahead_ = 0;
  Lsn kept_for_keys_ = 0;  // a segment in which nothing lives but many keys
};

}  // namespace bascule::broker::journal
