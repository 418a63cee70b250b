// Topic: gives each message to every subscription that takes it; a subscription is a Queue.
//
// One record in the storage holds the message and all durable subscriptions it went to. A message is taken by
// all subscriptions or, when one of them refuses it, by none. Thread safety: the broker's loop only.
// Lifetime: a subscription that dies takes itself off.
#pragma once

#include <vector>

#include "bascule/broker/node.hpp"
#include "bascule/broker/queue.hpp"
#include "bascule/broker/subscription.hpp"

namespace bascule::broker {

class Topic final : public Node {
 public:
  Topic(std::string address, Storage& storage, const QueueSettings& settings = {})
      : Node(Kind::topic, std::move(address)), storage_(storage), max_age_(settings.max_age), dedup_(settings.dedup) {}
  ~Topic() override;

  /// Without subscriptions a message is accepted and gone: that is what a topic means.
  Admission publish(const MessageRef& message, Time now) override { return publish_from(0, message, now); }
  Admission publish_from(Origin origin, const MessageRef& message, Time now) override;
  Admission take(const MessageRef& message, Time now) override { return put_in(0, message, {}, now); }
  Admission::Result admits(std::span<const Transfer> transfers, Time now) override;
  Demand demand_of(const Message& message) const override;
  bool has_room() const noexcept override;
  std::uint64_t duplicates() const noexcept { return duplicates_; }

  /// Its number in the storage, when it remembers identifiers there; 0: it does not.
  QueueId storage_id() const noexcept { return storage_id_; }
  bool remembers() const noexcept { return dedup_.size() > 0; }
  void restore_id(QueueId id) noexcept { storage_id_ = id; }
  void restore_key(Bytes key, Time until) { dedup_.restore(as_text(key), until); }
  static constexpr std::string_view definition = "topic";

  void bind(Queue& subscription);
  bool bound() const noexcept { return !subscriptions_.empty(); }
  const std::vector<Queue*>& subscriptions() const noexcept { return subscriptions_; }

 private:
  friend class Queue;
  bool stores() const noexcept;
  Demand demand(const Message& message, std::string_view identifier) const;
  Admission put_in(Origin origin, const MessageRef& message, std::string identifier, Time now);
  Lsn store(const Message& message, const std::string& identifier, Time now);
  void forget(Queue& subscription) noexcept { std::erase(subscriptions_, &subscription); }

  Storage& storage_;
  const std::chrono::milliseconds max_age_;
  DedupWindow dedup_;
  QueueId storage_id_ = 0;
  std::uint64_t duplicates_ = 0;
  std::vector<Queue*> subscriptions_;
  std::vector<Queue*> takers_;   // scratch, so that a publish allocates nothing
  std::vector<QueueId> stored_;  // scratch
};

}  // namespace bascule::broker
