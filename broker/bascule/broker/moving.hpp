// Moving: messages from one queue to another node, or dead letters back to where they came from: oldest first, a step at
// a time, what waited when it began and nothing that comes later.
//
// A step ends when its allowance is used up, when a node has no room, or at the end. A message is in the other node before
// it leaves this one. What cannot go (dead letters without a way back, or that the caller may not send there; messages that
// consumers hold) is passed over and stays.
// Memory: one part of Reads at most. Cancellation: destroy it. Thread safety: the broker's loop only.
#pragma once

#include <optional>

#include "bascule/broker/reads.hpp"

namespace bascule::broker {

class Moving {
 public:
  /// Whether whoever asked may have messages put there. Empty: anywhere.
  using May = std::function<bool(std::string_view address)>;
  struct Step {
    std::uint64_t moved = 0, passed_over = 0;
    bool ended = false;          ///< all that waited was moved or passed over
    std::string waits_for = {};  ///< a node without room: try again later
    std::string failed = {};     ///< why it cannot go on; a sentence
  };
  using Done = std::function<void(Step)>;

  /// `to` none: each to where it came from. `to` must be another node than `from`.
  Moving(Router& router, Reads& reads, Queue& from, std::optional<std::string> to, May may);
  /// Moves up to `most`; `done` later, never from inside. One step at a time.
  void step(std::uint64_t most, Done done);

 private:
  void go_on(std::uint64_t most, Step so_far, Done done);
  bool hand_over(Queue& from, std::uint64_t most, Step& step, Time now);
  Node* target_of(const Queue::Waiting& one, Queue& from);

  Router& router_;
  Reads& reads_;
  const std::optional<std::string> to_;
  const May may_;
  Walk walk_;
  std::deque<Queue::Waiting> part_;  // read, not moved yet
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bascule::broker
