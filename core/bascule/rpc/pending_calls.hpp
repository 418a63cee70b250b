// PendingCalls: which calls are open, whom each answers, and when each expires. Pure: time is given in.
//
// A slab of slots; an id is slot and generation, so that a late reply to a reused slot is told from the right one. Deadlines
// sit in a hashed wheel of intrusive lists: starting, finishing and expiring a call are O(1) and there is no timer a call.
// Errors: none; an unknown id is answered with an empty handler. Thread safety: one thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/unique_function.hpp"
#include "bascule/rpc/call.hpp"

namespace bascule::rpc {

class PendingCalls {
 public:
  using Done = UniqueFunction<void(Reply&&)>;
  using Id = std::uint64_t;
  /// How late a call may be noticed to have expired.
  static constexpr std::chrono::milliseconds granularity{8};

  explicit PendingCalls(Clock::time_point now) : swept_(tick_of(now)) {}

  Id add(Deadline deadline, Done done);
  /// Takes a call out: its handler, or an empty one when the id is unknown (late, cancelled, or never given).
  Done take(Id id);
  /// Takes out every call whose deadline has passed.
  std::vector<Done> expire(Clock::time_point now);
  std::vector<Done> take_all();

  std::size_t size() const noexcept { return size_; }
  /// Whether expire() must be called again: some open call has a deadline.
  bool any_deadline() const noexcept { return timed_ != 0; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t wheel_size = 512;
  struct Slot {
    Done done;
    std::int64_t due = 0;  // tick; 0: no deadline
    std::uint32_t generation = 1, next = none, previous = none;
    bool used = false;
  };

  // Rounds up: a call never expires early.
  static std::int64_t tick_of(Clock::time_point at) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()) / granularity + 1;
  }
  void link(std::uint32_t index);
  void unlink(std::uint32_t index);
  Done release(std::uint32_t index);

  std::vector<Slot> slots_;
  std::uint32_t free_ = none;
  std::size_t size_ = 0, timed_ = 0;
  std::int64_t swept_;  // every bucket up to this tick was looked at
  std::array<std::uint32_t, wheel_size> wheel_ = [] {
    std::array<std::uint32_t, wheel_size> empty;
    empty.fill(none);
    return empty;
  }();
};

}  // namespace bascule::rpc
