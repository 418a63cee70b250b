// Consumer: the receiving side of a queue: an outgoing link, or a test.
//
// A queue hands out messages in turn to the consumers that said they are ready; ready means credit and room
// to write. Thread safety: the broker's loop only. Lifetime: detach from the queue before destruction.
#pragma once

#include <cstdint>

#include "bascule/broker/entries.hpp"

namespace bascule::broker {

class Queue;

/// A message being handed out.
struct Delivery {
  Position position;  ///< what to settle it by
  const MessageRef& message;
  Header header;  ///< as this receiver must see it: time left, delivery count, first acquirer
};

class Consumer {
 public:
  /// Takes a message. True while it can take another at once. It may settle it inside the call.
  virtual bool deliver(Queue& queue, const Delivery& delivery) = 0;
  /// The queue is being deleted; forget it and all that is unsettled.
  virtual void queue_deleted() = 0;
  /// Whether it takes this message; asked only of a selective consumer.
  virtual bool wants(const Message&) const { return true; }

 protected:
  explicit Consumer(bool selective = false) noexcept : selective_(selective) {}
  virtual ~Consumer() = default;

 private:
  friend class Queue;
  bool ready_ = false;
  const bool selective_;
  Position cursor_ = 0;  // selective: everything before was looked at
};

/// What a receiver decided (AMQP 1.0, 3.4).
struct Outcome {
  enum class Kind : std::uint8_t { accepted, rejected, released, modified };
  Kind kind = Kind::accepted;
  bool delivery_failed = false;                       ///< modified: counts as an attempt
  bool undeliverable_here = false;                    ///< modified: not to this consumer again
  std::string_view condition = {}, description = {};  ///< rejected: why
};

}  // namespace bascule::broker
