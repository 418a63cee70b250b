// What becomes of messages that were handed out: settled, given back, counted, discarded.
#include <algorithm>
#include <cmath>

#include "bascule/broker/annotate.hpp"
#include "bascule/broker/queue.hpp"
#include "bascule/broker/topic.hpp"

namespace bascule::broker {
namespace {

constexpr std::size_t longest_error = 256;
constexpr std::chrono::seconds kept_rests{1};
// A message's annotations, beyond which `modified` adds no more.
constexpr std::size_t most_annotations = 64U << 10;

std::size_t annotations_size(const Message& message) noexcept {
  Reader reader(message.body());
  return reader.section() == Section::message_annotations ? reader.value().size() : 0;
}

std::string error_text(const Outcome* outcome) {
  if (outcome == nullptr) return "the receiver's connection was lost";
  std::string text(outcome->condition.empty() ? std::string_view("amqp:modified") : outcome->condition);
  if (!outcome->description.empty()) text.append(": ").append(outcome->description);
  return text.substr(0, longest_error);
}

// From 0 to below 1, the same for the same numbers: a queue needs no generator of its own.
double fraction(std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t x = a * 0x9e3779b97f4a7c15U + b;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((x ^ (x >> 31)) >> 11) * 0x1.0p-53;
}

}  // namespace

std::vector<std::uint8_t> encode_notes(const Extra& extra) {
  std::vector<std::uint8_t> items, notes;
  Writer item(items);
  item.string(extra.errors.first);
  item.string(extra.errors.last);
  item.map(extra.annotations.count, extra.annotations.items);
  Writer(notes).list(3, items);
  return notes;
}

Extra decode_notes(Bytes notes) {
  Extra extra;
  std::uint32_t count = 0;
  Reader items = Reader(notes).items(count);
  if (count != 3) return extra;
  extra.errors.first = items.text().value_or("");
  extra.errors.last = items.text().value_or("");
  Reader pairs = items.items(count);
  for (; count >= 2 && !pairs.failed(); count -= 2) {
    const auto key = pairs.text();
    const Bytes value = pairs.value();
    if (key && !value.empty()) extra.annotations.encoded(*key, value);
  }
  return extra;
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
    case Outcome::Kind::modified: return modify(at, *entry, outcome, from, now);
    case Outcome::Kind::released: return put_back(at, *entry, now);
  }
}

void Queue::modify(Position at, Entry& entry, const Outcome& outcome, const Consumer* from, Time now) {
  if (outcome.annotations != nullptr && outcome.annotations->count > 0) annotate(entry, *outcome.annotations, now);
  if (outcome.undeliverable_here && from != nullptr && !refuse_here(at, entry, *from)) {
    if (outcome.delivery_failed) ++entry.delivery_count;
    const bool grouped = entry.group != 0;
    discard(at, entry, Discard::refused, &outcome, now);
    if (grouped) dispatch(now);
    return;
  }
  if (outcome.delivery_failed) return count_attempt(at, entry, &outcome, now);
  if (outcome.not_before > now) {
    rest(at, entry, outcome.not_before);
    store(entry);
    return dispatch(now);
  }
  if (outcome.annotations != nullptr) store(entry);
  put_back(at, entry, now);
}

Extra& Queue::extra_of(Entry& entry) {
  entry.extra = true;
  return extras_[&entry];
}

// What is kept about it, for after a restart.
void Queue::store(const Entry& entry) {
  if (entry.lsn == 0) return;
  Holding holding{.queue = storage_id_, .delivery_count = entry.delivery_count};
  if (entry.extra) {
    const Extra& extra = extras_.at(&entry);
    notes_ = encode_notes(extra);
    holding.due = extra.due;
    holding.notes = notes_;
  }
  storage_.update(entry.lsn, holding);
}

void Queue::annotate(Entry& entry, const Annotations& added, Time now) {
  const MessageRef merged = with_annotations(*entry.message, added, now);
  if (!merged || annotations_size(*merged) > most_annotations) return;
  merged->set_expires(entry.message->expires());
  extra_of(entry).annotations.merge(added);
  entry.annotated = true;
  bytes_ += merged->cost();
  bytes_ -= entry.cost;
  entry.cost = merged->cost();
  entry.message = merged;
}

// False when there is nobody left that it could go to, and it may be a dead letter.
bool Queue::refuse_here(Position at, Entry& entry, const Consumer& from) {
  entry.restricted = true;
  Excluded& excluded = restricted_[at];
  excluded.push_back(&from);
  if (!settings_.dead_letters) return true;
  return !std::all_of(consumers_.begin(), consumers_.end(), [&](const Consumer* consumer) {
    return std::find(excluded.begin(), excluded.end(), consumer) != excluded.end();
  });
}

void Queue::lose(Position at, Time now) {
  Entry* entry = entries_.find(at);
  if (entry == nullptr || entry->state != Entry::State::acquired) return;
  if (settings_.rpc && events_.answer_lost(*this, *entry->message, now)) {
    ++counters_.answered_lost;
    remove(at, *entry);
    return;
  }
  count_attempt(at, *entry, nullptr, now);
}

// `outcome` null: the receiver was lost.
void Queue::count_attempt(Position at, Entry& entry, const Outcome* outcome, Time now) {
  ++entry.delivery_count;
  if (settings_.dead_letters) note_error(entry, outcome);
  if (settings_.max_deliveries != 0 && entry.delivery_count >= settings_.max_deliveries) {
    const bool grouped = entry.group != 0;
    discard(at, entry, Discard::undeliverable, outcome, now);
    if (grouped) dispatch(now);
    return;
  }
  Time until = outcome != nullptr ? outcome->not_before : Time::min();
  if (until == Time::min()) until = not_before(at, entry, now);
  if (until <= now) {
    store(entry);
    return put_back(at, entry, now);
  }
  rest(at, entry, until);
  store(entry);
  dispatch(now);
}

void Queue::note_error(Entry& entry, const Outcome* outcome) {
  Errors& errors = extra_of(entry).errors;
  errors.last = error_text(outcome);
  if (errors.first.empty()) errors.first = errors.last;
}

// When it may be tried again: exponential, bounded, spread.
Time Queue::not_before(Position at, const Entry& entry, Time now) const noexcept {
  const RedeliverySettings& redelivery = settings_.redelivery;
  if (redelivery.delay.count() == 0) return now;
  const double most = std::max(static_cast<double>(redelivery.most.count()), 1.0);
  double delay = static_cast<double>(redelivery.delay.count()) *
                 std::pow(redelivery.multiplier, std::min<double>(entry.delivery_count - 1.0, 64));
  delay = std::min(delay, most);
  const auto salt = std::hash<std::string_view>{}(address()) + entry.delivery_count;
  delay *= 1 + redelivery.jitter * (2 * fraction(at + 1, salt) - 1);
  return now + std::chrono::milliseconds(static_cast<std::int64_t>(std::min(delay, most)));
}

void Queue::rest(Position at, Entry& entry, Time until) {
  entry.state = Entry::State::scheduled;
  entry.delayed = true;
  --acquired_;
  ++scheduled_;
  ++counters_.returned;
  ++counters_.delayed;
  due_.add(until, at);
  extra_of(entry).due = until;
  if (entry.message->expires() != Time::max()) index_expiry(at, entry.message->expires());
  if (entry.group == 0) return;
  groups_.rests(entry.group);
  groups_.left(entry.group);
}

void Queue::put_back(Position at, Entry& entry, Time now) {
  entry.state = Entry::State::available;
  --acquired_;
  ++available_;
  ++counters_.returned;
  make_available(at, entry);
  if (entry.group != 0) {
    groups_.left(entry.group);
    call_next_of_group(entry.group);
  }
  if (entry.message->expires() != Time::max()) index_expiry(at, entry.message->expires());
  dispatch(now);
}

void Queue::discard(Position at, Entry& entry, Discard why, const Outcome* outcome, Time now) {
  const Errors* const errors = entry.extra ? &extras_.at(&entry).errors : nullptr;
  const bool may_go = events_.discarded(*this, {entry.message, entry.delivery_count, why, outcome, errors}, now);
  if (!may_go && entry.state == Entry::State::acquired) return keep(at, entry, now);
  switch (why) {
    case Discard::expired: ++counters_.expired; break;
    case Discard::rejected: ++counters_.rejected; break;
    case Discard::undeliverable:
    case Discard::refused: ++counters_.undeliverable; break;
    case Discard::dropped: ++counters_.dropped; break;
    case Discard::purged: ++counters_.purged; break;
    case Discard::cancelled: ++counters_.cancelled; break;
  }
  remove(at, entry);
}

// It would be a dead letter, and the disk is full: whoever comes next decides again.
void Queue::keep(Position at, Entry& entry, Time now) {
  if (entry.restricted) restricted_.erase(at);
  entry.restricted = false;
  rest(at, entry, now + kept_rests);
  dispatch(now);
}

void Queue::remove(Position at, Entry& entry) {
  if (entry.lsn != 0) storage_.settle(storage_id_, entry.lsn);
  if (entry.restricted) restricted_.erase(at);
  if (entry.extra) extras_.erase(&entry);
  if (entry.level > default_level) --raised_;
  const Entry::State state = entry.state;
  --(state == Entry::State::acquired ? acquired_ : state == Entry::State::scheduled ? scheduled_ : available_);
  bytes_ -= entry.cost;
  const std::uint32_t group = entry.group;
  const bool rested = entry.delayed;
  entries_.erase(at);
  if (group != 0) {
    groups_.unrank(group);
    if (rested) groups_.rested(group);
    if (state == Entry::State::acquired) groups_.left(group);
    if (rested || state == Entry::State::acquired) call_next_of_group(group);
  }
  // Hysteresis: producers are woken for a batch, not for each message.
  if (blocked_ && size() <= settings_.max_messages * 3 / 4 && bytes_ <= settings_.max_bytes * 3 / 4) {
    blocked_ = false;
    tell_room_made();
    for (Topic* topic : topics_) topic->tell_room_made();
  }
}

}  // namespace bascule::broker
