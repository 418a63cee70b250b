#include "bascule/broker/queue.hpp"

#include <algorithm>

#include "bascule/broker/properties.hpp"
#include "bascule/broker/topic.hpp"

namespace bascule::broker {
Queue::Queue(std::string address, const QueueSettings& settings, Storage& storage, QueueEvents& events,
             std::string definition)
    : Node(Kind::queue, std::move(address)),
      settings_(settings),
      storage_(storage),
      events_(events),
      definition_(std::move(definition)),
      dedup_(settings.dedup) {}

Queue::~Queue() {
  for (Topic* topic : topics_) topic->forget(*this);
  for (Consumer* consumer : std::exchange(browsers_, {})) consumer->queue_deleted();
  for (Consumer* consumer : std::exchange(consumers_, {})) consumer->queue_deleted();
}

bool Queue::over_bound(std::uint64_t times, std::uint64_t messages, std::uint64_t cost) const noexcept {
  return size() + messages > times * settings_.max_messages || bytes_ + cost > times * settings_.max_bytes;
}

bool Queue::admit(std::uint64_t cost, Time now, std::uint64_t messages) {
  if (!over_bound(1, messages, cost)) return true;
  if (settings_.overflow == Overflow::drop_head) {
    while (over_bound(1, messages, cost) && drop_oldest(now)) {
    }
    return !over_bound(1, messages, cost);  // all that is left is being worked on
  }
  if (settings_.overflow == Overflow::block && !over_bound(2, messages, cost)) return true;
  ++counters_.refused;
  return false;
}

// False when nothing is available.
bool Queue::drop_oldest(Time now) {
  for (Position& at = drop_cursor_; (at = entries_.skip_gaps(at)) < entries_.end(); ++at) {
    Entry* entry = entries_.find(at);
    if (entry != nullptr && entry->state == Entry::State::available) {
      discard(at, *entry, Discard::dropped, nullptr, now);
      return true;
    }
  }
  return false;
}

Admission Queue::publish(const MessageRef& message, Time now) {
  if (!stopped_.empty()) return {Admission::Result::stopped, 0};
  std::string identifier;
  if (settings_.dedup.enabled()) {
    identifier = dedup_.identifier(*message);
    if (const Lsn* first = dedup_.find(identifier, now)) {
      ++counters_.duplicates;
      return {Admission::Result::accepted, *first};
    }
  }
  return put_in(message, std::move(identifier), now);
}

// `identifier`: what it will be known by from now on; empty: nothing.
Admission Queue::put_in(const MessageRef& message, std::string identifier, Time now) {
  if (!stopped_.empty()) return {Admission::Result::stopped, 0};
  const bool stored = message->durable() && settings_.durable;
  if (stored && !storage_.takes(demand(*message, identifier))) return {Admission::Result::no_space, 0};
  if (!admit(message->cost(), now)) return {Admission::Result::full, 0};
  if (settings_.max_age.count() > 0) message->set_expires(std::min(message->expires(), now + settings_.max_age));
  Lsn lsn = 0;
  if (stored) {
    const QueueId id = storage_id();
    const bool keyed = !identifier.empty();
    if (keyed) storage_.begin();
    lsn = storage_.publish(*message, {&id, 1});
    if (keyed) storage_.remember(id, amqp::as_bytes(identifier), now + dedup_.window());
    if (keyed) storage_.end();
  }
  if (!identifier.empty()) dedup_.add(std::move(identifier), lsn, now);
  enqueue(message, lsn, now);
  return {Admission::Result::accepted, lsn};
}

Demand Queue::demand(const Message& message, std::string_view identifier) const {
  Demand demand;
  demand.message(message);
  if (!identifier.empty()) demand.key(identifier);
  if (!declared()) demand.node(address(), definition_);
  return demand;
}

Demand Queue::demand_of(const Message& message) const {
  if (!message.durable() || !settings_.durable) return {};
  return demand(message, settings_.dedup.enabled() ? dedup_.identifier(message) : std::string());
}

Admission::Result Queue::admits(std::span<const Transfer> transfers, Time now) {
  if (!stopped_.empty()) return Admission::Result::stopped;
  std::uint64_t cost = 0;
  bool stored = false;
  for (const Transfer& transfer : transfers) {
    cost += transfer.message->cost();
    stored = stored || (transfer.message->durable() && settings_.durable);
  }
  if (stored && !storage_.accepts()) return Admission::Result::no_space;
  return admit(cost, now, transfers.size()) ? Admission::Result::accepted : Admission::Result::full;
}

QueueId Queue::storage_id() {
  if (storage_id_ == 0) {
    storage_id_ = storage_.declare(address(), definition_);
    events_.declared(*this);
  }
  return storage_id_;
}

void Queue::enqueue(const MessageRef& message, Lsn lsn, Time now) {
  const Position at = entries_.end();
  Entry& entry = entries_.push(lsn);
  entry.message = message;
  entry.cost = message->cost();
  entry.group = settings_.groups ? group_hash(message->body()) : 0;
  admit_entry(at, entry, message->priority(), message->due(), now);
  ++counters_.enqueued;
  if (!ready_.empty() || !browsers_.empty()) dispatch(now);
  // What was handed out at once needs no expiry: it is indexed if it comes back.
  if (message->expires() == Time::max()) return;
  const Entry* kept = entries_.find(at);
  if (kept != nullptr && kept->state != Entry::State::acquired) index_expiry(at, message->expires());
}

void Queue::restore(const StoredMessage& message, const Holding& holding, Time now) {
  const Position at = entries_.end();
  Entry& entry = entries_.push(message.lsn);
  entry.cost = message.cost;
  entry.group = settings_.groups ? message.group : 0;
  entry.delivery_count = holding.delivery_count;
  entry.acquired_before = holding.delivery_count > 0;
  if (!holding.notes.empty()) {
    Extra& extra = extra_of(entry) = decode_notes(holding.notes);
    entry.annotated = extra.annotations.count > 0;
  }
  admit_entry(at, entry, message.priority, std::max(message.due, holding.due), now);
  if (entry.state == Entry::State::scheduled && holding.due > now) {
    entry.delayed = true;
    extra_of(entry).due = holding.due;
    if (entry.group != 0) groups_.rests(entry.group);
  }
  if (message.expires != Time::max()) index_expiry(at, message.expires);
}

void Queue::admit_entry(Position at, Entry& entry, std::uint8_t priority, Time due, Time now) {
  if (settings_.priorities) entry.level = level_of(entry, priority);
  bytes_ += entry.cost;
  if (due > now) {
    entry.state = Entry::State::scheduled;
    ++scheduled_;
    due_.add(due, at);
  } else {
    entry.state = Entry::State::available;
    ++available_;
  }
  if (entry.level != default_level) {
    if (entry.level > default_level) ++raised_;
    if (entry.state == Entry::State::available) make_available(at, entry);
  }
  if (!blocked_ && settings_.overflow == Overflow::block && over_bound(1, 1, 0)) blocked_ = true;
}

std::uint8_t Queue::level_of(const Entry& entry, std::uint8_t priority) {
  if (entry.group == 0) return priority;
  return groups_.rank(entry.group, priority, [this](const auto& count) {
    for_each([&](Position, const Entry& other) {
      if (other.group != 0) count(other.group);
    });
  });
}

void Queue::forget_stored() {
  for_each([this](Position, const Entry& entry) {
    if (entry.lsn != 0) storage_.forget(storage_id_, entry.lsn);
  });
  if (declared()) storage_.remove(storage_id_);
}

}  // namespace bascule::broker
