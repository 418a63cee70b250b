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

Admission Topic::publish(const MessageRef& message, Time now) {
  if (message->durable() && !storage_.accepts()) return {Admission::Result::no_space, 0};
  stored_.clear();
  for (Queue* queue : subscriptions_) {
    if (!queue->admit(message->cost(), now)) return {Admission::Result::full, 0};
    if (message->durable() && queue->settings().durable) stored_.push_back(queue->storage_id());
  }
  const Lsn lsn = stored_.empty() ? 0 : storage_.publish(*message, stored_);
  for (Queue* queue : subscriptions_) {
    queue->enqueue(message, message->durable() && queue->settings().durable ? lsn : 0, now);
  }
  return {Admission::Result::accepted, lsn};
}

}  // namespace bascule::broker
