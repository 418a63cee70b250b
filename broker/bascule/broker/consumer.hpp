// Consumer: the receiving side of a queue: an outgoing link, or a test.
//
// A queue hands out messages in turn to the consumers that said they are ready; ready means credit and room
// to write. Thread safety: the broker's loop only. Lifetime: detach from the queue before destruction.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bascule/broker/ranked.hpp"

namespace bascule::broker {

class Queue;
class Selector;
struct Annotations;

/// A message being handed out.
struct Delivery {
  Position position;  ///< what to settle it by
  const MessageRef& message;
  Header header;  ///< as this receiver must see it: time left, delivery count, first acquirer
};

/// How a consumer reads a queue.
struct Reading {
  std::shared_ptr<const Selector> selector = {};  ///< only what it selects; null: everything
  bool browses = false;  ///< is shown what waits, and takes nothing: its deliveries are not settled
};

/// What the consumers of one selector have still to look at, shared by them.
struct View {
  std::shared_ptr<const Selector> selector;
  std::uint32_t consumers = 0;
  Position cursor = 0;  ///< everything before was looked at: what is selected of it is in `found`, or handed out
  Ranked found;
  bool unsure = false;  ///< some of `found` was not looked at
};

class Consumer {
 public:
  /// Takes a message. True while it can take another at once. It may settle it inside the call.
  virtual bool deliver(Queue& queue, const Delivery& delivery) = 0;
  /// The queue is being deleted; forget it and all that is unsettled.
  virtual void queue_deleted() = 0;
  /// Queue::looking() was true and is not any more: what this consumer has not got now, there is not.
  virtual void looked_through(Time) {}

 protected:
  explicit Consumer(Reading reading = {}) noexcept : reading_(std::move(reading)) {}
  virtual ~Consumer() = default;

 private:
  friend class Queue;
  const Reading reading_;
  bool ready_ = false;
  bool was_looking_ = false;
  View* view_ = nullptr;               // with a selector
  Position cursor_ = 0;                // browsing: everything before was shown
  Ranked own_;                         // what another consumer refused, and this one may have
  std::vector<std::uint32_t> groups_;  // of its own, that have more for it when it is ready again
};

/// What a receiver decided (AMQP 1.0, 3.4).
struct Outcome {
  enum class Kind : std::uint8_t { accepted, rejected, released, modified };
  Kind kind = Kind::accepted;
  bool delivery_failed = false;                       ///< modified: counts as an attempt
  bool undeliverable_here = false;                    ///< modified: not to this consumer again
  std::string_view condition = {}, description = {};  ///< rejected: why; modified: what failed
  const Annotations* annotations = nullptr;           ///< modified: replace or join the message's own
  Time not_before = Time::min();                      ///< modified: when to hand it out again
};

}  // namespace bascule::broker
