// Topic: gives each message to every subscription; a subscription is a Queue.
//
// One record in the storage holds the message and all durable subscriptions it went to. A message is taken by
// all subscriptions or, when one of them refuses it, by none. Thread safety: the broker's loop only.
// Lifetime: a subscription that dies takes itself off.
#pragma once

#include <vector>

#include "bascule/broker/node.hpp"
#include "bascule/broker/queue.hpp"

namespace bascule::broker {

class Topic final : public Node {
 public:
  Topic(std::string address, Storage& storage) : Node(Kind::topic, std::move(address)), storage_(storage) {}
  ~Topic() override;

  /// Without subscriptions a message is accepted and gone: that is what a topic means.
  Admission publish(const MessageRef& message, Time now) override;
  bool has_room() const noexcept override;

  void bind(Queue& subscription);
  bool bound() const noexcept { return !subscriptions_.empty(); }
  const std::vector<Queue*>& subscriptions() const noexcept { return subscriptions_; }

 private:
  friend class Queue;
  void forget(Queue& subscription) noexcept { std::erase(subscriptions_, &subscription); }

  Storage& storage_;
  std::vector<Queue*> subscriptions_;
  std::vector<QueueId> stored_;  // scratch, so that a publish allocates nothing
};

}  // namespace bascule::broker
