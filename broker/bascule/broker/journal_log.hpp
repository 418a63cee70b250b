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
#include "bascule/broker/journal_room.hpp"

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
  std::deque<Ahead> made;  ///< segments behind the newest that are there and hold nothing
  bool marked = true;      ///< nothing behind the last mark

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
  explicit Log(LogState state, std::uint64_t segment_size, bool flushes_each = true);

  // Room. Unless only_made() was called, a segment is begun whenever one is needed, and whoever carries the commit out
  // must make it. Otherwise nothing is written where no segment is: what has no room is not to be appended (fits()),
  // but settlements and removed queues, which wait here until there is some.
  void only_made() noexcept { only_made_ = true; }
  /// The segment is there.
  void made(const Ahead& segment) { room_.add(segment); }
  bool fits(const Demand& demand, std::uint64_t keep) const noexcept;
  /// What messages leave to settlements.
  std::uint64_t settlement_room() const noexcept { return journal::settlement_room(segment_size_); }
  /// What settlements leave to copies.
  std::uint64_t copy_room() const noexcept { return settlement_room() / 2; }
  std::uint64_t left() const noexcept { return room_.left(left_in_newest(), begun_with()); }
  /// The one behind all that are there; a record of `largest` bytes fits in it.
  Ahead next_segment(std::uint64_t largest = 0) const noexcept;
  /// Settlements and removed queues that wait for room.
  std::size_t waiting() const noexcept { return settled_.size() + removed_.size(); }
  /// Updates that were not kept for want of it.
  std::uint64_t updates_dropped() const noexcept { return updates_dropped_; }

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
  /// The next segment, when an eighth of the newest is used and it is not there; once, unless only_made().
  Ahead wants_ahead();

  /// Whether copying what lives in the oldest segment pays: more than half of the journal is dead. On a full disk: there
  /// is room for it, and it frees as much again.
  bool wants_compaction(bool full = false) const noexcept;
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
  /// Settled, and not in a record yet.
  struct Waiting {
    QueueId queue = 0;
    bool moved = false;  // it was copied forward
    Lsn origin = 0;
    std::uint64_t side = 0;  // its file, which nobody needs once this was written
  };

  Lsn append(Type type, Bytes fields, Bytes body = {});
  bool there_is_room(std::uint64_t record) const noexcept;
  std::uint64_t left_in_newest() const noexcept;
  std::uint64_t begun_with() const noexcept;
  std::uint64_t open_size() const noexcept;
  bool spare() const noexcept;
  bool waiting_has_room() const noexcept;
  std::size_t settlements_that_fit() const noexcept;
  void flush_settled();
  void flush_removed();
  void forget_waiting();
  void close_batch();
  void begin_batch();
  Bytes all_queues();
  void roll(std::uint64_t record);
  void put(Type type, Bytes fields, Bytes body, Lsn lsn);
  bool carry_keys(Lsn end, std::int64_t wall_ms);
  bool oldest_is_free() const noexcept;
  void trim(std::int64_t wall_ms);
  void free_side(std::uint64_t id);
  void remove_side(std::uint64_t id);
  void said(const Waiting& settled);

  LogState state_;
  const std::uint64_t segment_size_;
  const bool flushes_each_;
  Lsn flushed_ = 0;
  int depth_ = 0;
  std::vector<std::uint8_t> open_;  // the batch being filled, its header's room in front; empty: none
  Lsn open_lsn_ = 0;
  std::uint32_t records_ = 0;
  std::vector<Waiting> settled_;  // not yet in a record: one record holds many
  std::vector<QueueId> removed_;  // for want of room
  std::vector<Write> ready_;
  std::vector<std::string> removals_;
  std::unordered_set<std::uint64_t> held_sides_, done_sides_;  // done: held, and no living message has it
  // Files go behind the record that says so: those whose settlement waits, of these those that are done, and the rest.
  std::unordered_map<std::uint64_t, std::uint32_t> unsaid_sides_;
  std::unordered_set<std::uint64_t> due_sides_;
  std::vector<std::uint64_t> gone_sides_;
  std::vector<std::uint8_t> scratch_, queues_;
  Lsn ahead_ = 0;
  Room room_;
  bool only_made_ = false;
  std::uint64_t definitions_ = 0;  // bytes of all_queues()
  std::uint64_t updates_dropped_ = 0;
  Lsn kept_for_keys_ = 0;  // a segment in which nothing lives but many keys
};

}  // namespace bascule::broker::journal
