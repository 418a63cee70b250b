// Ledger: which segments there are and what in them still lives, so that empty ones are known at once.
//
// Only the oldest segment may go: a settlement is written behind what it settles, so as long as segments
// leave in order no message outlives the record that settled it. Thread safety: none. Cost: 12 bytes a living
// or dead message of a segment that is still there.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "bascule/broker/entries.hpp"

namespace bascule::broker::journal {

struct Segment {
  Lsn start = 0;
  std::uint64_t capacity = 0;
  std::uint64_t used = 0;  ///< up to where it holds batches

  struct Message {
    std::uint32_t offset, size, queues;  ///< queues that still hold it; 0: dead
  };
  std::vector<Message> messages;  ///< by offset
  std::uint64_t live_bytes = 0, live = 0;

  Lsn end() const noexcept { return start + capacity; }
};

class Ledger {
 public:
  Segment& add(Lsn start, std::uint64_t capacity);
  /// A message of the newest segment that holds `lsn`.
  void add_message(Lsn lsn, std::uint64_t size, std::size_t queues);
  /// One queue is done with it.
  void settle(Lsn lsn) noexcept;
  /// All queues are done with it.
  void drop(Lsn lsn) noexcept;
  /// The oldest segment when nothing in it lives and it is not the newest. Removed from the ledger.
  bool take_empty(Lsn& start);

  /// All that lives in the oldest segment dies; how many messages.
  std::size_t bury_oldest() noexcept;
  /// Takes off the newest segment, which is empty.
  void drop_newest() noexcept;

  const std::deque<Segment>& segments() const noexcept { return segments_; }
  Segment* newest() noexcept { return segments_.empty() ? nullptr : &segments_.back(); }
  std::uint64_t total_bytes() const noexcept { return total_bytes_; }
  std::uint64_t live_bytes() const noexcept { return live_bytes_; }

 private:
  Segment::Message* find(Lsn lsn, Segment*& segment) noexcept;
  void bury(Segment& segment, Segment::Message& message) noexcept;

  std::deque<Segment> segments_;
  std::uint64_t total_bytes_ = 0, live_bytes_ = 0;
};

}  // namespace bascule::broker::journal
