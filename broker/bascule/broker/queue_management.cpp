// What management does with the messages of a queue: looks at them, moves, discards and cancels them.
#include "bascule/broker/queue.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t places_at_once = 64 * 1024;

}  // namespace

void Queue::look_over(bool scheduled, Position& from, Position to, std::size_t most, std::uint64_t bytes,
                      std::vector<Waiting>& into) {
  const auto wanted = scheduled ? Entry::State::scheduled : Entry::State::available;
  std::size_t places = places_at_once;
  std::uint64_t taken = 0;
  for (from = entries_.skip_gaps(from); from < to; from = entries_.skip_gaps(from + 1)) {
    if (most == 0 || taken >= bytes || places-- == 0) return;
    const Entry* entry = entries_.find(from);
    if (entry == nullptr || entry->state != wanted) continue;
    into.push_back({from, entry->lsn, entry->message, entry->delivery_count});
    taken += entry->cost;
    --most;
  }
}

bool Queue::waits_unread(const Waiting& one) noexcept {
  const Entry* entry = entries_.find(one.at);
  return entry != nullptr && !entry->message && entry->lsn == one.lsn && stopped_.empty();
}

MessageRef Queue::message_of(const Waiting& one) {
  const Entry* entry = entries_.find(one.at);
  if (entry == nullptr || entry->state == Entry::State::acquired) return {};
  if (entry->message || !one.message) return entry->message;
  return annotated(*entry, one.message);
}

Queue::HandOver Queue::hand_over(const Waiting& one, Node& to, Time now) {
  Entry* entry = entries_.find(one.at);
  if (entry == nullptr || entry->state != Entry::State::available) return HandOver::gone;
  const MessageRef message = message_of(one);
  if (!message) return HandOver::gone;
  if (!to.has_room() || to.take(message, now).result != Admission::Result::accepted) return HandOver::refused;
  // Whoever reads `to` may have had a hand in this queue meanwhile.
  entry = entries_.find(one.at);
  if (entry == nullptr || entry->state != Entry::State::available) return HandOver::taken;
  ++counters_.moved;
  remove(one.at, *entry);
  return HandOver::taken;
}

std::size_t Queue::purge(Position& from, Position to, std::size_t most, Time now) {
  std::size_t purged = 0, places = places_at_once;
  for (from = entries_.skip_gaps(from); from < to && purged < most && places-- > 0;
       from = entries_.skip_gaps(from + 1)) {
    Entry* entry = entries_.find(from);
    if (entry == nullptr || entry->state == Entry::State::acquired) continue;
    discard(from, *entry, Discard::purged, nullptr, now);
    ++purged;
  }
  return purged;
}

std::size_t Queue::purge(Time now) {
  std::size_t purged = 0;
  for (Position from = 0; from < end();) purged += purge(from, end(), SIZE_MAX, now);
  return purged;
}

bool Queue::cancel(Position at, Time now) {
  Entry* entry = entries_.find(at);
  if (entry == nullptr || entry->state != Entry::State::scheduled || entry->delayed) return false;
  discard(at, *entry, Discard::cancelled, nullptr, now);
  return true;
}

}  // namespace bascule::broker
