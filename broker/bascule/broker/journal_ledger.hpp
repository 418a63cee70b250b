// Ledger: which segments there are and what in them still lives, so that empty ones are known at once.
//
// Only the oldest segment may go: a settlement is written behind what it settles, so as long as segments
// leave in order no message outlives the record that settled it. Thread safety: none. Cost: 4 bytes a living
// or dead message of a segment that is still there.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "bascule/broker/entries.hpp"

namespace bascule::broker::journal {

/// Segments are no larger, so that a message's place in one fits in 27 bits.
inline constexpr std::uint64_t largest_segment = std::uint64_t{1} << 30;

struct Segment {
  Lsn start = 0;
  std::uint64_t capacity = 0;
  std::uint64_t used = 0;  ///< up to where it holds batches

  struct Message {
    std::uint32_t offset : 27;  ///< in units of 8 bytes
    std::uint32_t queues : 5;   ///< that still hold it; 0: dead; many: see Ledger::many_
  };
  static_assert(sizeof(Message) == 4);
  std::vector<Message> messages;  ///< by offset
  std::uint64_t live = 0;
  bool damaged = false;  ///< it stays until it was mended

  Lsn end() const noexcept { return start + capacity; }
  /// Of what lives, by the average.
  std::uint64_t live_bytes() const noexcept { return messages.empty() ? 0 : used * live / messages.size(); }
};

class Ledger {
 public:
  Segment& add(Lsn start, std::uint64_t capacity);
  /// A message of the segment that holds `place`, behind all others in it.
  void add_message(Lsn place, std::size_t queues);
  /// One queue is done with it.
  void settle(Lsn place) noexcept;
  /// All queues are done with it.
  void drop(Lsn place) noexcept;
  bool lives(Lsn place) const noexcept;
  /// The oldest segment when nothing in it lives and it is not the newest. Removed from the ledger.
  bool take_empty(Lsn& start);

  /// What lives in the oldest segment, in order.
  std::vector<Lsn> oldest_living() const;
  /// Takes off the newest segment, which is empty.
  void drop_newest() noexcept;

  const std::deque<Segment>& segments() const noexcept { return segments_; }
  Segment* newest() noexcept { return segments_.empty() ? nullptr : &segments_.back(); }
  const Segment* newest() const noexcept { return segments_.empty() ? nullptr : &segments_.back(); }
  Segment* find_segment(Lsn place) noexcept;
  std::uint64_t total_bytes() const noexcept { return total_bytes_; }
  std::uint64_t live_bytes() const noexcept;

 private:
  static constexpr std::uint32_t many = 31;
  Segment::Message* find(Lsn place, Segment*& segment) noexcept;
  void bury(Segment& segment, Segment::Message& message, Lsn place) noexcept;

  std::deque<Segment> segments_;
  std::unordered_map<Lsn, std::uint32_t> many_;  // queues, of messages that went to more than fit
  std::uint64_t total_bytes_ = 0;
};

}  // namespace bascule::broker::journal
