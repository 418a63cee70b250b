// Reads: walks over a queue's messages for management, oldest first, a part at a time, and has the storage bring what
// is not in memory, off the loop.
//
// A part is at most part_messages messages and (but for its last) part_bytes bytes. What is brought is not kept in the
// queue: whoever asked holds it. A queue may change, or go, between two parts and while one is being read.
// Cancellation: destroy it; no callback comes after that. Thread safety: the broker's loop only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bascule/broker/router.hpp"

namespace bascule::broker {

/// Which messages, and how far it has come. It ends where the queue ended when the walk began: what comes in meanwhile,
/// perhaps again, is not walked over.
struct Walk {
  Walk(Queue& over, bool those_scheduled)
      : address(over.address()), serial(over.serial()), end(over.end()), scheduled(those_scheduled) {}
  std::string address;
  std::uint64_t serial;  ///< of the queue: another of the same address is another
  Position next = 0, end;
  bool scheduled;
  bool over() const noexcept { return next >= end; }
};

class Reads {
 public:
  /// Runs something soon, in another turn of the loop.
  using Defer = std::function<void(std::function<void()>)>;
  using Clock = std::function<Time()>;
  using Waiting = std::vector<Queue::Waiting>;
  /// `queue` null: it is gone. A message that could not be read (damaged, or moved on meanwhile) has none.
  using Done = std::function<void(Queue* queue, Waiting messages, Time now)>;
  static constexpr std::size_t part_messages = 256;
  static constexpr std::uint64_t part_bytes = 1U << 20;

  Reads(Router& router, Storage& storage, Defer defer, Clock clock)
      : router_(router), storage_(storage), defer_(std::move(defer)), clock_(std::move(clock)) {}

  /// The next part of the walk, of at most `most` messages; later, never from inside. It may be empty before the walk is
  /// over. `walk` must live until `done` was called.
  void next(Walk& walk, std::size_t most, Done done);
  /// The queue that is walked over; null: it is gone.
  Queue* queue_of(const Walk& walk) const noexcept;
  /// `work` later, unless this is gone by then.
  void later(std::function<void()> work);
  Time now() const { return clock_(); }

 private:
  struct Part {
    std::string address;
    std::uint64_t serial;
    Waiting messages;
    Done done;
    int tries = 0;
  };
  void bring(std::shared_ptr<Part> part);
  Queue* find(const std::string& address, std::uint64_t serial) const noexcept;

  Router& router_;
  Storage& storage_;
  const Defer defer_;
  const Clock clock_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bascule::broker
