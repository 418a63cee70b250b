// What a queue does by time: expiry and what is due.
#include "bascule/broker/queue.hpp"

namespace bascule::broker {

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
  bool woken = false;
  due_.take_due(now, [this, &woken](Position at) {
    Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state != Entry::State::scheduled) return;
    wake(at, *entry);
    woken = true;
  });
  if (woken) dispatch(now);
}

// It is due, or has rested.
void Queue::wake(Position at, Entry& entry) {
  const bool rested = entry.delayed;
  entry.state = Entry::State::available;
  entry.delayed = false;
  if (rested) extra_of(entry).due = Time::min();
  --scheduled_;
  ++available_;
  make_available(at, entry);
  if (!rested || entry.group == 0) return;
  groups_.rested(entry.group);
  call_next_of_group(entry.group);
}

}  // namespace bascule::broker
