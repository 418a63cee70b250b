// Messages of a queue that are not in memory: which leave it, and how they come back before they are needed.
#include <algorithm>

#include "bascule/broker/queue.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t most_at_once = 512;
constexpr std::uint64_t bytes_at_once = 1U << 20;

}  // namespace

// What the storage gives back is as its sender sent it; receivers may have added to it since.
MessageRef Queue::annotated(const Entry& entry, MessageRef message) const {
  if (!message || !entry.annotated) return message;
  MessageRef with = with_annotations(*message, extras_.at(&entry).annotations, Time::min());
  if (!with) return message;
  with->set_expires(message->expires());
  return with;
}

// It was read back.
void Queue::arrived(Entry& entry, MessageRef message) {
  entry.message = annotated(entry, std::move(message));
  if (!entry.message || !entry.annotated) return;
  bytes_ += entry.message->cost();
  bytes_ -= std::exchange(entry.cost, entry.message->cost());
}

// Whether it may be looked at; otherwise it is read back, and dispatch() goes on when it is here.
bool Queue::here(Position at, const Entry& entry) {
  if (entry.message || entry.state != Entry::State::available) return true;
  read_ahead(at);
  return false;
}

void Queue::read_ahead(Position from) {
  if (reading_) return;
  std::vector<Position> positions;
  std::vector<Lsn> lsns;
  std::uint64_t bytes = 0;
  Position at = entries_.skip_gaps(from);
  const Position furthest = at + 4 * most_at_once;
  for (; at < entries_.end() && at < furthest; at = entries_.skip_gaps(at + 1)) {
    if (lsns.size() == most_at_once || bytes > bytes_at_once) break;
    const Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->message || entry->lsn == 0) continue;
    positions.push_back(at);
    lsns.push_back(entry->lsn);
    bytes += entry->cost;
  }
  ahead_to_ = at;
  if (lsns.empty()) return;
  reading_ = true;
  std::vector<Lsn> asked = lsns;
  storage_.load(std::move(asked), [this, alive = std::weak_ptr<bool>(alive_), positions = std::move(positions),
                                   lsns = std::move(lsns)](std::span<MessageRef> messages, Time now) {
    if (!alive.expired()) loaded(positions, lsns, messages, now);
  });
}

void Queue::loaded(std::span<const Position> positions, std::span<const Lsn> lsns, std::span<MessageRef> messages,
                   Time now) {
  reading_ = false;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    Entry* entry = entries_.find(positions[i]);
    if (entry != nullptr && !entry->message && entry->lsn == lsns[i]) arrived(*entry, std::move(messages[i]));
  }
  dispatch(now);
  tell_looked_through(now);
}

// Dead letters need the bytes of what expired.
void Queue::discard_expired(std::vector<Position> positions) {
  std::vector<Lsn> lsns;
  for (const Position at : positions) lsns.push_back(entries_.find(at)->lsn);
  const std::size_t now_many = std::min(lsns.size(), most_at_once);
  std::vector<Position> rest(positions.begin() + static_cast<std::ptrdiff_t>(now_many), positions.end());
  positions.resize(now_many);
  lsns.resize(now_many);
  storage_.load(std::move(lsns), [this, alive = std::weak_ptr<bool>(alive_), positions = std::move(positions),
                                  rest = std::move(rest)](std::span<MessageRef> messages, Time now) {
    if (alive.expired()) return;
    for (std::size_t i = 0; i < positions.size(); ++i) {
      Entry* entry = entries_.find(positions[i]);
      if (entry == nullptr || entry->state == Entry::State::acquired) continue;
      if (!entry->message) arrived(*entry, std::move(messages[i]));
      if (entry->message) discard(positions[i], *entry, Discard::expired, nullptr, now);
    }
    std::vector<Position> left;
    for (const Position at : rest) {
      const Entry* entry = entries_.find(at);
      if (entry != nullptr && entry->state != Entry::State::acquired) left.push_back(at);
    }
    if (!left.empty()) discard_expired(std::move(left));
  });
}

bool Queue::holding(Lsn lsn, Holding& into) {
  const Entry* entry = entries_.find_stored(lsn);
  if (entry == nullptr) return false;
  into.queue = storage_id_;
  into.delivery_count = entry->delivery_count;
  if (!entry->extra) return true;
  const Extra& extra = extras_.at(entry);
  notes_ = encode_notes(extra);
  into.notes = notes_;
  into.due = extra.due;
  return true;
}

void Queue::stop(const std::string& why) {
  if (stopped_.empty()) stopped_ = why;
}

// From `hand` on, in at most so many steps.
std::uint64_t Queue::page_out_from(Position& hand, std::size_t steps) {
  std::uint64_t freed = 0;
  for (hand = entries_.skip_gaps(hand); hand < entries_.end() && steps > 0; hand = entries_.skip_gaps(hand + 1)) {
    --steps;
    Entry* entry = entries_.find(hand);
    if (entry == nullptr || !entry->message || entry->state == Entry::State::acquired || entry->restricted ||
        entry->annotated) {
      continue;
    }
    if (entry->lsn == 0) {
      if (!write_out(hand, *entry)) break;
    } else if (storage_.has(entry->lsn)) {
      entry->message = {};
      freed += entry->cost;
    } else {
      break;  // not on the disk yet, nor is what follows
    }
  }
  return freed;
}

// First what came since the last time. When that is all, a part of the rest: what was read back and not handed out.
std::uint64_t Queue::page_out(std::uint64_t window) {
  constexpr std::size_t steps = 64 * 1024;
  Position kept = entries_.skip_gaps(cursor_);
  for (std::uint64_t bytes = 0; kept < entries_.end() && bytes < window; kept = entries_.skip_gaps(kept + 1)) {
    if (const Entry* entry = entries_.find(kept)) bytes += entry->cost;
  }
  paged_to_ = std::max(paged_to_, kept);
  if (const std::uint64_t freed = page_out_from(paged_to_, steps);
      freed > 0 || writing_out_ > 0 || paged_to_ < entries_.end()) {
    return freed;
  }
  if (paged_again_ >= entries_.end()) paged_again_ = 0;
  paged_again_ = std::max(paged_again_, kept);
  return page_out_from(paged_again_, steps);
}

// A message that is in no journal goes to the scratch file. False: not now.
bool Queue::write_out(Position at, Entry& entry) {
  const auto done = [this, alive = std::weak_ptr<bool>(alive_), at, &storage = storage_](Lsn place) {
    if (!alive.expired()) --writing_out_;
    if (place == 0) return;
    Entry* written = alive.expired() ? nullptr : entries_.find(at);
    const bool waits = written != nullptr && written->message && written->lsn == 0 && !written->restricted &&
                       !written->annotated && written->state != Entry::State::acquired;
    if (!waits) return storage.settle(0, place);
    written->lsn = place;
    written->message = {};
  };
  if (!storage_.page_out(entry.message, done)) return false;
  ++writing_out_;
  return true;
}

}  // namespace bascule::broker
