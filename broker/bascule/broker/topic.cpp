#include "bascule/broker/topic.hpp"

#include <algorithm>

namespace bascule::broker {

Topic::~Topic() {
  for (Queue* queue : subscriptions_) std::erase(queue->topics_, this);
}

void Topic::bind(Queue& subscription) {
  if (std::find(subscriptions_.begin(), subscriptions_.end(), &subscription) != subscriptions_.end()) return;
  subscriptions_.push_back(&subscription);
  subscription.topics_.push_back(this);
}

bool Topic::has_room() const noexcept {
  if (storage_.memory_high() || storage_.disk_low()) return false;
  return std::all_of(subscriptions_.begin(), subscriptions_.end(), [](const Queue* q) { return q->has_room(); });
}

Admission::Result Topic::admits(std::span<const Transfer> transfers, Time now) {
  for (Queue* queue : subscriptions_) {
    std::vector<Transfer> taken;
    for (const Transfer& transfer : transfers) {
      if (queue->filter().takes(*transfer.message, transfer.origin)) taken.push_back(transfer);
    }
    const auto result = taken.empty() ? Admission::Result::accepted : queue->admits(taken, now);
    if (result != Admission::Result::accepted) return result;
  }
  return Admission::Result::accepted;
}

// One record for the message and all its queues; with its identifier, if it has one.
Lsn Topic::store(const Message& message, const std::string& identifier, Time now) {
  if (identifier.empty()) return storage_.publish(message, stored_);
  if (storage_id_ == 0) storage_id_ = storage_.declare(address(), definition);
  storage_.begin();
  const Lsn lsn = storage_.publish(message, stored_);
  storage_.remember(storage_id_, amqp::as_bytes(identifier), now + dedup_.window());
  storage_.end();
  return lsn;
}

Admission Topic::publish_from(Origin origin, const MessageRef& message, Time now) {
  std::string identifier = dedup_.enabled() ? dedup_.identifier(*message) : std::string();
  if (const Lsn* first = dedup_.find(identifier, now)) {
    ++duplicates_;
    return {Admission::Result::accepted, *first};
  }
  return put_in(origin, message, std::move(identifier), now);
}

bool Topic::stores() const noexcept {
  return std::any_of(subscriptions_.begin(), subscriptions_.end(),
                     [](const Queue* q) { return q->settings().durable; });
}

Demand Topic::demand(const Message& message, std::string_view identifier) const {
  Demand demand;
  demand.message(message, subscriptions_.size());
  if (identifier.empty()) return demand;
  demand.key(identifier);
  if (storage_id_ == 0) demand.node(address(), definition);
  return demand;
}

Demand Topic::demand_of(const Message& message) const {
  if (!message.durable() || !stores()) return {};
  return demand(message, dedup_.enabled() ? dedup_.identifier(message) : std::string());
}

// `identifier`: what it will be known by from now on; empty: nothing.
Admission Topic::put_in(Origin origin, const MessageRef& message, std::string identifier, Time now) {
  if (message->durable() && stores() && !storage_.takes(demand(*message, identifier))) {
    return {Admission::Result::no_space, 0};
  }
  stored_.clear();
  takers_.clear();
  for (Queue* queue : subscriptions_) {
    if (!queue->filter().takes(*message, origin)) continue;
    if (!queue->admit(message->cost(), now)) return {Admission::Result::full, 0};
    takers_.push_back(queue);
    if (message->durable() && queue->settings().durable) stored_.push_back(queue->storage_id());
  }
  if (max_age_.count() > 0) message->set_expires(std::min(message->expires(), now + max_age_));
  const Lsn lsn = stored_.empty() ? 0 : store(*message, identifier, now);
  if (!identifier.empty()) dedup_.add(std::move(identifier), lsn, now);
  for (Queue* queue : takers_) {
    queue->enqueue(message, message->durable() && queue->settings().durable ? lsn : 0, now);
  }
  return {Admission::Result::accepted, lsn};
}

}  // namespace bascule::broker
