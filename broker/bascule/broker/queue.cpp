#include "bascule/broker/queue.hpp"

#include <algorithm>
#include <chrono>

#include "bascule/broker/properties.hpp"
#include "bascule/broker/topic.hpp"

namespace bascule::broker {
namespace {

std::optional<std::uint32_t> time_left(Time expires, Time now) noexcept {
  if (expires == Time::max()) return {};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, UINT32_MAX));
}

}  // namespace

Queue::Queue(std::string address, const QueueSettings& settings, Storage& storage, QueueEvents& events,
             std::string definition)
    : Node(Kind::queue, std::move(address)),
      settings_(settings),
      storage_(storage),
      events_(events),
      definition_(std::move(definition)) {}

Queue::~Queue() {
  for (Topic* topic : topics_) topic->forget(*this);
  for (Consumer* consumer : std::exchange(consumers_, {})) consumer->queue_deleted();
}

bool Queue::over_bound(std::uint64_t times, std::uint32_t cost) const noexcept {
  return size() + 1 > times * settings_.max_messages || bytes_ + cost > times * settings_.max_bytes;
}

bool Queue::admit(std::uint32_t cost, Time now) {
  if (!over_bound(1, cost)) return true;
  if (settings_.overflow == Overflow::drop_head) {
    while (over_bound(1, cost)) {
      const Position oldest = next_in_order(nullptr, now);
      if (oldest == none) return false;  // all that is left is being worked on
      discard(oldest, *entries_.find(oldest), Discard::dropped, nullptr, now);
    }
    return true;
  }
  if (settings_.overflow == Overflow::block && !over_bound(2, cost)) return true;
  ++counters_.refused;
  return false;
}

Admission Queue::publish(const MessageRef& message, Time now) {
  if (!stopped_.empty()) return {Admission::Result::stopped, 0};
  if (message->durable() && settings_.durable && !storage_.accepts()) return {Admission::Result::no_space, 0};
  if (!admit(message->cost(), now)) return {Admission::Result::full, 0};
  Lsn lsn = 0;
  if (message->durable() && settings_.durable) {
    const QueueId id = storage_id();
    lsn = storage_.publish(*message, {&id, 1});
  }
  enqueue(message, lsn, now);
  return {Admission::Result::accepted, lsn};
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
  admit_entry(at, entry, message->due(), now);
  ++counters_.enqueued;
  if (!ready_.empty()) dispatch(now);
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
  admit_entry(at, entry, std::max(message.due, holding.due), now);
  if (message.expires != Time::max()) index_expiry(at, message.expires);
}

void Queue::admit_entry(Position at, Entry& entry, Time due, Time now) {
  bytes_ += entry.cost;
  if (due > now) {
    entry.state = Entry::State::scheduled;
    ++scheduled_;
    due_.add(due, at);
  } else {
    entry.state = Entry::State::available;
    ++available_;
  }
  if (!blocked_ && settings_.overflow == Overflow::block && over_bound(1, 0)) blocked_ = true;
}

void Queue::forget_stored() {
  for (Position at = entries_.skip_gaps(0); at < entries_.end(); at = entries_.skip_gaps(at + 1)) {
    const Entry* entry = entries_.find(at);
    if (entry != nullptr && entry->lsn != 0) storage_.forget(storage_id_, entry->lsn);
  }
  if (declared()) storage_.remove(storage_id_);
}

void Queue::attach(Consumer& consumer) {
  consumers_.push_back(&consumer);
  consumer.cursor_ = 0;
  if (consumer.selective_) ++selective_;
}

void Queue::detach(Consumer& consumer) noexcept {
  not_ready(consumer);
  if (std::erase(consumers_, &consumer) != 0 && consumer.selective_) --selective_;
  for (auto& [position, excluded] : restricted_) std::erase(excluded, &consumer);
}

void Queue::ready(Consumer& consumer, Time now) {
  if (!consumer.ready_) {
    consumer.ready_ = true;
    ready_.push_back(&consumer);
  }
  dispatch(now);
}

void Queue::not_ready(Consumer& consumer) noexcept {
  if (!std::exchange(consumer.ready_, false)) return;
  std::erase(ready_, &consumer);
}

void Queue::dispatch(Time now) {
  if (dispatching_ || !stopped_.empty()) return;  // a consumer settled from inside deliver(); the loop below goes on
  dispatching_ = true;
  while (!ready_.empty() && hand_out_one(now)) {
  }
  dispatching_ = false;
}

// In turn: the consumer at the front gets the next message that it may have.
bool Queue::hand_out_one(Time now) {
  const bool alike = selective_ == 0 && restricted_.empty();
  for (std::size_t tried = 0; tried < ready_.size(); ++tried) {
    Consumer& consumer = *ready_.front();
    const Position at = next_for(consumer, now);
    if (at != none) {
      hand_out(consumer, at, *entries_.find(at), now);
      return true;
    }
    if (alike) return false;
    ready_.pop_front();
    ready_.push_back(&consumer);
  }
  return false;
}

Position Queue::next_for(Consumer& consumer, Time now) {
  if (!restricted_.empty()) {
    if (const Position at = next_restricted(consumer, now); at != none) return at;
  }
  return consumer.selective_ ? next_wanted(consumer, now) : next_in_order(&consumer, now);
}

Position Queue::next_in_order(const Consumer* consumer, Time now) {
  while (!returned_.empty()) {
    const Position at = returned_.top();
    Entry* entry = entries_.find(at);
    if (entry != nullptr && consumer != nullptr && !here(at, *entry)) return none;
    if (entry != nullptr && deliverable(at, *entry, consumer, now)) return at;  // popped when it is handed out
    returned_.pop();
  }
  for (cursor_ = entries_.skip_gaps(cursor_); cursor_ < entries_.end(); cursor_ = entries_.skip_gaps(cursor_ + 1)) {
    Entry* entry = entries_.find(cursor_);
    if (entry != nullptr && consumer != nullptr && !here(cursor_, *entry)) return none;
    if (entry != nullptr && deliverable(cursor_, *entry, consumer, now)) return cursor_;
  }
  return none;
}

Position Queue::next_restricted(const Consumer& consumer, Time now) {
  Position first = none;
  for (const auto& [at, excluded] : restricted_) {
    const Entry* entry = entries_.find(at);
    if (at < first && entry != nullptr && entry->state == Entry::State::available &&
        std::find(excluded.begin(), excluded.end(), &consumer) == excluded.end() && entry->message->expires() > now &&
        consumer.wants(*entry->message)) {
      first = at;
    }
  }
  return first;
}

Position Queue::next_wanted(Consumer& consumer, Time now) {
  Position& at = consumer.cursor_;
  for (at = entries_.skip_gaps(at); at < entries_.end(); at = entries_.skip_gaps(at + 1)) {
    Entry* entry = entries_.find(at);
    if (entry != nullptr && !here(at, *entry)) return none;
    if (entry != nullptr && consumer.wants(*entry->message) && deliverable(at, *entry, &consumer, now)) return at;
  }
  return none;
}

// Available, open to every consumer, not expired, and its group is free for this one; what expired is
// discarded on the way.
bool Queue::deliverable(Position at, Entry& entry, const Consumer* consumer, Time now) {
  if (entry.state != Entry::State::available || entry.restricted || entry.parked) return false;
  if (entry.message && entry.message->expires() <= now) {
    discard(at, entry, Discard::expired, nullptr, now);
    return false;
  }
  return entry.group == 0 || consumer == nullptr || enter_group(at, entry, *consumer);
}

// May this consumer have it? Otherwise it is parked until what is before it in its group was settled.
bool Queue::enter_group(Position at, Entry& entry, const Consumer& consumer) {
  Group& group = groups_[entry.group];
  while (!group.waiting.empty() && entries_.find(group.waiting.front()) == nullptr) group.waiting.pop_front();
  const bool its_turn = group.waiting.empty() || at < group.waiting.front();
  if ((group.owner == nullptr || group.owner == &consumer) && its_turn) return true;
  entry.parked = true;
  group.waiting.insert(std::lower_bound(group.waiting.begin(), group.waiting.end(), at), at);
  return false;
}

// One of those handed out is done, or back.
void Queue::leave_group(std::uint32_t id) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  if (--found->second.held == 0) found->second.owner = nullptr;
  call_next_of_group(id);
}

void Queue::call_next_of_group(std::uint32_t id) {
  const auto found = groups_.find(id);
  Group& group = found->second;
  while (!group.waiting.empty()) {
    const Position next = group.waiting.front();
    group.waiting.pop_front();
    Entry* entry = entries_.find(next);
    if (entry == nullptr || !entry->parked) continue;
    entry->parked = false;
    return make_available(next, *entry);
  }
  if (group.held == 0) groups_.erase(found);
}

// Puts an entry that is available where dispatch() finds it.
void Queue::make_available(Position at, const Entry& entry) {
  if (at < cursor_ && !entry.restricted) returned_.push(at);
  if (selective_ == 0) return;
  for (Consumer* consumer : consumers_) consumer->cursor_ = std::min(consumer->cursor_, at);
}

void Queue::hand_out(Consumer& consumer, Position at, Entry& entry, Time now) {
  if (at + read_ahead_at == ahead_to_) read_ahead(ahead_to_);
  if (!returned_.empty() && returned_.top() == at) returned_.pop();
  if (cursor_ == at) ++cursor_;
  entry.state = Entry::State::acquired;
  --available_;
  ++acquired_;
  if (entry.group != 0) {
    Group& group = groups_[entry.group];
    group.owner = &consumer;
    ++group.held;
    call_next_of_group(entry.group);
  }
  Header header{.durable = entry.message->durable(),
                .priority = entry.message->priority(),
                .ttl = time_left(entry.message->expires(), now),
                .first_acquirer = !std::exchange(entry.acquired_before, true),
                .delivery_count = entry.delivery_count};
  const MessageRef message = entry.message;  // the consumer may settle inside
  const bool more = consumer.deliver(*this, {at, message, header});
  if (!consumer.ready_) return;
  if (!more) return not_ready(consumer);
  if (ready_.size() > 1) {
    ready_.pop_front();
    ready_.push_back(&consumer);
  }
}

void Queue::settle(Position at, const Outcome& outcome, Consumer* from, Time now) {
  Entry* entry = entries_.find(at);
  if (entry == nullptr || entry->state != Entry::State::acquired) return;
  const bool grouped = entry->group != 0;
  switch (outcome.kind) {
    case Outcome::Kind::accepted:
      ++counters_.accepted;
      remove(at, *entry);
      if (grouped) dispatch(now);
      return;
    case Outcome::Kind::rejected:
      discard(at, *entry, Discard::rejected, &outcome, now);
      if (grouped) dispatch(now);
      return;
    case Outcome::Kind::modified:
      if (outcome.undeliverable_here && from != nullptr) {
        entry->restricted = true;
        restricted_[at].push_back(from);
      }
      if (outcome.delivery_failed) return count_attempt(at, *entry, now);
      break;
    case Outcome::Kind::released: break;
  }
  put_back(at, *entry, now);
}

void Queue::lose(Position at, Time now) {
  Entry* entry = entries_.find(at);
  if (entry == nullptr || entry->state != Entry::State::acquired) return;
  if (settings_.rpc && events_.answer_lost(*this, *entry->message, now)) {
    ++counters_.answered_lost;
    remove(at, *entry);
    return;
  }
  count_attempt(at, *entry, now);
}

void Queue::count_attempt(Position at, Entry& entry, Time now) {
  ++entry.delivery_count;
  if (settings_.max_deliveries != 0 && entry.delivery_count >= settings_.max_deliveries) {
    const bool grouped = entry.group != 0;
    discard(at, entry, Discard::undeliverable, nullptr, now);
    if (grouped) dispatch(now);
    return;
  }
  if (entry.lsn != 0) storage_.update(entry.lsn, {.queue = storage_id_, .delivery_count = entry.delivery_count});
  put_back(at, entry, now);
}

void Queue::put_back(Position at, Entry& entry, Time now) {
  entry.state = Entry::State::available;
  --acquired_;
  ++available_;
  ++counters_.returned;
  make_available(at, entry);
  if (entry.group != 0) leave_group(entry.group);
  if (entry.message->expires() != Time::max()) index_expiry(at, entry.message->expires());
  dispatch(now);
}

void Queue::discard(Position at, Entry& entry, Discard why, const Outcome* outcome, Time now) {
  switch (why) {
    case Discard::expired: ++counters_.expired; break;
    case Discard::rejected: ++counters_.rejected; break;
    case Discard::undeliverable: ++counters_.undeliverable; break;
    case Discard::dropped: ++counters_.dropped; break;
    case Discard::purged: ++counters_.purged; break;
  }
  events_.discarded(*this, entry.message, entry.delivery_count, why, outcome, now);
  remove(at, entry);
}

void Queue::remove(Position at, Entry& entry) {
  if (entry.lsn != 0) storage_.settle(storage_id_, entry.lsn);
  if (entry.restricted) restricted_.erase(at);
  const bool was_acquired = entry.state == Entry::State::acquired;
  --(was_acquired ? acquired_ : entry.state == Entry::State::scheduled ? scheduled_ : available_);
  bytes_ -= entry.cost;
  const std::uint32_t group = was_acquired ? entry.group : 0;
  entries_.erase(at);
  if (group != 0) leave_group(group);
  // Hysteresis: producers are woken for a batch, not for each message.
  if (blocked_ && size() <= settings_.max_messages * 3 / 4 && bytes_ <= settings_.max_bytes * 3 / 4) {
    blocked_ = false;
    tell_room_made();
    for (Topic* topic : topics_) topic->tell_room_made();
  }
}

void Queue::index_expiry(Position at, Time expires) {
  expiring_.add(expires, at);
  // Most requests are settled long before they expire: drop what is dead once it outnumbers what lives.
  if (expiring_.size() > 2 * (available_ + scheduled_) + 1024) rebuild_expiry();
}

void Queue::rebuild_expiry() {
  expiring_.keep_if([this](Position at) {
    const Entry* entry = entries_.find(at);
    return entry != nullptr && entry->state != Entry::State::acquired;
  });
}

void Queue::sweep(Time now) {
  std::vector<Position> elsewhere;
  expiring_.take_due(now, [&](Position at) {
    Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state == Entry::State::acquired) return;
    if (!entry->message && settings_.dead_letters && events_.wants_expired()) return elsewhere.push_back(at);
    if (entry->message && entry->message->expires() > now) return;
    discard(at, *entry, Discard::expired, nullptr, now);
  });
  if (!elsewhere.empty()) discard_expired(std::move(elsewhere));
  bool freed = false;
  due_.take_due(now, [this, &freed](Position at) {
    Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state != Entry::State::scheduled) return;
    entry->state = Entry::State::available;
    --scheduled_;
    ++available_;
    make_available(at, *entry);
    freed = true;
  });
  if (freed) dispatch(now);
}

std::size_t Queue::purge(Time now) {
  std::size_t purged = 0;
  for (Position at = entries_.skip_gaps(0); at < entries_.end(); at = entries_.skip_gaps(at + 1)) {
    Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state == Entry::State::acquired) continue;
    discard(at, *entry, Discard::purged, nullptr, now);
    ++purged;
  }
  return purged;
}

std::size_t Queue::move_to(const std::function<Node*(const Message&)>& where, std::uint64_t most, Time now) {
  std::vector<Position> oldest;
  peek(most, [&oldest](Position at, const Entry&) { oldest.push_back(at); });
  std::size_t moved = 0;
  for (const Position at : oldest) {
    Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state != Entry::State::available) continue;
    Node* to = bring(*entry) ? where(*entry->message) : nullptr;
    if (to == nullptr) continue;
    // First there, then not here: a crash in between leaves two, never none.
    if (to->publish(entry->message, now).result != Admission::Result::accepted) break;
    ++counters_.moved;
    remove(at, *entry);
    ++moved;
  }
  return moved;
}

}  // namespace bascule::broker
