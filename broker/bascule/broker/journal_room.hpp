// Room: what of the journal's segments is on the disk and not used yet, so that a full disk is known before anything is
// taken rather than when it is written.
//
// The rule: a record goes only to a segment that is there; and a message only while, behind it, settlement_room() is
// left, which belongs to settlements, and its second half to copies of what keeps a segment that is read but for little
// (Log). A pure state machine. Thread safety: none.
#pragma once

#include <deque>

#include "bascule/broker/demand.hpp"
#include "bascule/broker/entries.hpp"

namespace bascule::broker::journal {

/// A segment that will be needed soon, or is there already and holds nothing.
struct Ahead {
  Lsn start = 0;  ///< 0: none
  std::uint64_t capacity = 0;
};

/// What messages leave of the room. Of segments of 16 MiB: 23,000 settlements that are each flushed by themselves.
constexpr std::uint64_t settlement_room(std::uint64_t segment_size) noexcept {
  return std::max<std::uint64_t>(segment_size / 4, 512);
}

class Room {
 public:
  Room() = default;
  /// In the order of their places, one behind the other.
  explicit Room(std::deque<Ahead> made) : made_(std::move(made)) {}

  bool empty() const noexcept { return made_.empty(); }
  const Ahead& last() const noexcept { return made_.back(); }
  void add(const Ahead& made) { made_.push_back(made); }
  /// The next one, which is begun.
  Ahead take() noexcept;

  /// Whether there is room for all of a demand, and `keep` is left then. `newest`: bytes left in the segment that is
  /// being filled; `begun`: what each further one begins with.
  bool fits(std::uint64_t newest, std::uint64_t begun, const Demand& demand, std::uint64_t keep) const noexcept;
  /// Bytes, of all segments.
  std::uint64_t left(std::uint64_t newest, std::uint64_t begun) const noexcept;

 private:
  std::deque<Ahead> made_;
};

}  // namespace bascule::broker::journal
