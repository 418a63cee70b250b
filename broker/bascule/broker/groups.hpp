// Groups: messages of one group-id: those handed out are all at one consumer, in order; the rest of the group waits.
//
// A message that may not be handed out yet is parked here and called when what was before it left. While one of a
// group rests after a failed attempt, the whole group rests. With priorities a group stands as a whole at the
// priority of the first of it that is still there. Thread safety: none. Memory: about 100 bytes a group that is
// being worked on; with priorities, and once a message of a group had one, 40 bytes a group that has messages.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "bascule/broker/ranked.hpp"

namespace bascule::broker {

class Consumer;

class Groups {
 public:
  /// What became of a consumer that asked for a message of a group.
  struct Entrance {
    bool may;         ///< have it; otherwise it is parked (the caller marks it)
    Consumer* owner;  ///< whose turn it is instead: it is at work on the group; or none
  };
  /// May this consumer have the entry at `at` of the group? `waits(position)`: whether a parked entry is still there and
  /// parked.
  template <class Waits>
  Entrance enter(std::uint32_t id, Position at, const Consumer& consumer, Waits&& waits) {
    Group& group = groups_[id];
    while (!group.waiting.empty() && !waits(group.waiting.top())) group.waiting.pop();
    const bool its_turn = (group.waiting.empty() || at < group.waiting.top()) && group.delayed == 0;
    if (its_turn && (group.owner == nullptr || group.owner == &consumer)) return {true, nullptr};
    group.waiting.push(default_level, at, waits);
    return {false, its_turn ? group.owner : nullptr};
  }
  void handed_out(std::uint32_t id, Consumer& to) {
    Group& group = groups_[id];
    group.owner = &to;
    ++group.held;
  }
  /// One of those handed out is done, or back.
  void left(std::uint32_t id) {
    const auto found = groups_.find(id);
    if (found != groups_.end() && --found->second.held == 0) found->second.owner = nullptr;
  }
  /// One of the group rests; or it ended resting (it may be gone).
  void rests(std::uint32_t id) { ++groups_[id].delayed; }
  void rested(std::uint32_t id) { --groups_[id].delayed; }
  /// The next that is parked, which is parked no longer; none when there is none.
  template <class Waits>
  Position call_next(std::uint32_t id, Waits&& waits) {
    const auto found = groups_.find(id);
    if (found == groups_.end()) return no_position;
    Group& group = found->second;
    while (!group.waiting.empty()) {
      const Position next = group.waiting.top();
      group.waiting.pop();
      if (waits(next)) return next;
    }
    if (group.held == 0 && group.delayed == 0) groups_.erase(found);
    return no_position;
  }

  /// Where a message of this priority stands. `begin` is called once, when ranks come to be needed: it tells of every
  /// entry of a group that is there by calling count(group).
  template <class Begin>
  std::uint8_t rank(std::uint32_t id, std::uint8_t priority, Begin&& begin) {
    if (!ranks_) {
      if (priority == default_level) return default_level;
      ranks_.emplace();
      begin([this](std::uint32_t group) { ++(*ranks_)[group].entries; });
    }
    Rank& rank = (*ranks_)[id];
    if (rank.entries++ == 0) rank.level = priority;
    return rank.level;
  }
  /// A message that was ranked is gone.
  void unrank(std::uint32_t id) {
    if (!ranks_) return;
    const auto found = ranks_->find(id);
    if (found != ranks_->end() && --found->second.entries == 0) ranks_->erase(found);
  }

 private:
  struct Group {
    Consumer* owner = nullptr;
    std::uint32_t held = 0, delayed = 0;
    Ranked waiting;
  };
  struct Rank {
    std::uint32_t entries = 0;
    std::uint8_t level = default_level;
  };
  std::unordered_map<std::uint32_t, Group> groups_;
  std::optional<std::unordered_map<std::uint32_t, Rank>> ranks_;
};

}  // namespace bascule::broker
