// Who gets what: a queue's messages and the consumers that are ready.
//
// Three places say what comes next for a consumer, and the best of them is taken: the cursor (messages of the usual
// priority that nobody was given yet), a heap (what came back, and other priorities), and the consumer's own heap
// (what another consumer refused). A consumer with a selector has, instead of the first two, its view: a cursor of
// its own and a heap of what it found. A view looks at each message once, and again only when it comes back.
#include <algorithm>
#include <chrono>

#include "bascule/broker/queue.hpp"
#include "bascule/broker/selector.hpp"

namespace bascule::broker {
namespace {

// Messages looked at for selectors and browsers before others get their turn: well under a millisecond.
constexpr std::uint32_t looks_per_turn = 2048;

std::optional<std::uint32_t> time_left(Time expires, Time now) noexcept {
  if (expires == Time::max()) return {};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(expires - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, UINT32_MAX));
}

bool selects(const std::shared_ptr<const Selector>& selector, const Entry& entry) {
  return selector == nullptr || selector->matches(*entry.message, entry.delivery_count);
}

}  // namespace

bool Queue::takes(const Selector& selector) const noexcept {
  return views_.size() < settings_.max_selectors ||
         std::any_of(
             views_.begin(), views_.end(), [&](const auto& view) { return view->selector->text() == selector.text(); });
}

void Queue::attach(Consumer& consumer) {
  if (consumer.reading_.browses) return browsers_.push_back(&consumer);
  consumers_.push_back(&consumer);
  for (const auto& [at, excluded] : restricted_) {
    const Entry* entry = entries_.find(at);
    if (entry != nullptr && entry->state == Entry::State::available) offer_refused(consumer, at, *entry);
  }
  const auto& selector = consumer.reading_.selector;
  if (!selector) return;
  for (const auto& view : views_) {
    if (view->selector->text() == selector->text()) consumer.view_ = view.get();
  }
  if (consumer.view_ == nullptr) {
    views_.push_back(std::make_unique<View>(View{.selector = selector, .found = {}}));
    consumer.view_ = views_.back().get();
  }
  ++consumer.view_->consumers;
}

void Queue::detach(Consumer& consumer) noexcept {
  not_ready(consumer);
  if (consumer.reading_.browses) {
    std::erase(browsers_, &consumer);
    return;
  }
  if (std::erase(consumers_, &consumer) == 0) return;
  for (auto& [position, excluded] : restricted_) std::erase(excluded, &consumer);
  if (View* view = std::exchange(consumer.view_, nullptr); view != nullptr && --view->consumers == 0) {
    std::erase_if(views_, [view](const auto& held) { return held.get() == view; });
  }
}

void Queue::ready(Consumer& consumer, Time now) {
  if (!consumer.ready_) {
    consumer.ready_ = true;
    if (!consumer.reading_.browses) ready_.push_back(&consumer);
    for (const auto group : std::exchange(consumer.groups_, {})) call_next_of_group(group);
  }
  dispatch(now);
}

void Queue::not_ready(Consumer& consumer) noexcept {
  if (!std::exchange(consumer.ready_, false)) return;
  if (!consumer.reading_.browses) std::erase(ready_, &consumer);
}

bool Queue::looking(Consumer& consumer) noexcept {
  const Position looked_at = consumer.reading_.browses ? consumer.cursor_
                             : consumer.view_          ? consumer.view_->cursor
                                                       : entries_.end();
  return consumer.was_looking_ = reading_ || entries_.skip_gaps(looked_at) < entries_.end();
}

void Queue::look_on(Time now) {
  looks_on_ = false;
  dispatch(now);
  tell_looked_through(now);
}

void Queue::tell_looked_through(Time now) {
  for (auto* const each : {&consumers_, &browsers_}) {
    const auto copy = *each;  // one may go while it is told
    for (Consumer* consumer : copy) {
      if (consumer->was_looking_ && !looking(*consumer)) consumer->looked_through(now);
    }
  }
}

void Queue::dispatch(Time now) {
  if (dispatching_ || !stopped_.empty()) return;  // a consumer settled from inside deliver(); the loop below goes on
  dispatching_ = true;
  looks_left_ = looks_per_turn;
  if (!browsers_.empty()) show_to_browsers(now);
  while (!ready_.empty() && hand_out_one(now)) {
  }
  dispatching_ = false;
  if (looks_left_ == 0 && !std::exchange(looks_on_, true)) events_.more_to_look(*this);
}

// In turn: the consumer at the front gets the next message that it may have.
bool Queue::hand_out_one(Time now) {
  const bool alike = views_.empty() && restricted_.empty();
  for (std::size_t tried = 0; tried < ready_.size(); ++tried) {
    Consumer& consumer = *ready_.front();
    const Position at = next_for(consumer, now);
    if (give_to_owners(now)) return true;  // what came before it
    if (at != no_position) {
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
  if (consumer.own_.empty()) [[likely]] {
    return consumer.view_ ? next_selected(consumer, *consumer.view_, now) : next_in_order(consumer, now);
  }
  const Position refused = first_refused(consumer, now);
  const Position usual = consumer.view_ ? next_selected(consumer, *consumer.view_, now) : next_in_order(consumer, now);
  if (refused == no_position || usual == no_position) return std::min(refused, usual);
  const auto key = [this](Position at) { return Ranked::key(entries_.find(at)->level, at); };
  return key(refused) < key(usual) ? refused : usual;
}

Position Queue::next_in_order(const Consumer& consumer, Time now) {
  Position first = no_position;
  if (!ranked_.empty()) {
    first = first_of(ranked_, consumer, now);
    if (first != no_position && ranked_.top_level() >= default_level) return first;
  }
  for (cursor_ = entries_.skip_gaps(cursor_); cursor_ < entries_.end(); cursor_ = entries_.skip_gaps(cursor_ + 1)) {
    Entry* entry = entries_.find(cursor_);
    if (entry != nullptr && !here(cursor_, *entry)) return first;
    if (entry != nullptr && entry->level == default_level && deliverable(cursor_, *entry, consumer, now)) {
      return cursor_;
    }
  }
  return first;
}

// The first that still waits and that this consumer may have; it stays on top and is dropped when it is found gone.
Position Queue::first_of(Ranked& ranked, const Consumer& consumer, Time now) {
  while (!ranked.empty()) {
    const Position at = ranked.top();
    Entry* entry = entries_.find(at);
    if (entry != nullptr && !entry->restricted && !here(at, *entry)) return no_position;
    if (entry != nullptr && !entry->restricted && deliverable(at, *entry, consumer, now)) return at;
    ranked.pop();
  }
  return no_position;
}

Position Queue::first_refused(Consumer& consumer, Time now) {
  for (Ranked& own = consumer.own_; !own.empty(); own.pop()) {
    const Position at = own.top();
    Entry* entry = entries_.find(at);
    if (entry != nullptr && !here(at, *entry)) return no_position;
    if (entry != nullptr && may_have(consumer, at) && deliverable(at, *entry, consumer, now)) return at;
  }
  return no_position;
}

Position Queue::next_selected(const Consumer& consumer, View& view, Time now) {
  for (;;) {
    const Position at = first_of(view.found, consumer, now);
    if (at != no_position && view.unsure && !still_selected(view, at)) {
      view.found.pop();
      continue;
    }
    if (at == no_position && view.found.empty()) view.unsure = false;
    if ((view.cursor = entries_.skip_gaps(view.cursor)) >= entries_.end()) return at;
    // What is found is before what was not looked at, unless priorities say otherwise.
    if (at != no_position && raised_ == 0 && entries_.find(at)->level == default_level) return at;
    if (looks_left_ == 0 || !look(view)) return no_position;
  }
}

bool Queue::still_selected(const View& view, Position at) { return selects(view.selector, *entries_.find(at)); }

// False while the next is being read back.
bool Queue::look(View& view) {
  --looks_left_;
  const Position at = view.cursor;
  const Entry* entry = entries_.find(at);
  if (entry != nullptr && !here(at, *entry)) return false;
  ++view.cursor;
  if (!waits(at)) return true;
  if (selects(view.selector, *entry)) view.found.push(entry->level, at, [this](Position p) { return waits(p); });
  return true;
}

void Queue::show_to_browsers(Time now) {
  for (Consumer* consumer : browsers_) show(*consumer, now);
}

void Queue::show(Consumer& consumer, Time now) {
  for (Position& at = consumer.cursor_; consumer.ready_ && looks_left_ > 0; ++at) {
    if ((at = entries_.skip_gaps(at)) >= entries_.end()) return;
    --looks_left_;
    const Entry* entry = entries_.find(at);
    if (entry == nullptr || entry->state != Entry::State::available) continue;
    if (!here(at, *entry)) return;
    if (entry->message->expires() <= now) continue;
    if (!selects(consumer.reading_.selector, *entry)) continue;
    const MessageRef message = entry->message;
    if (!consumer.deliver(*this, {at, message, header_for(*entry, now)})) consumer.ready_ = false;
  }
}

// Available, not expired, and its group is free for this one; what expired is discarded on the way.
bool Queue::deliverable(Position at, Entry& entry, const Consumer& consumer, Time now) {
  if (entry.state != Entry::State::available || entry.parked) return false;
  if (entry.restricted && !may_have(consumer, at)) return false;
  if (entry.message && entry.message->expires() <= now) {
    discard(at, entry, Discard::expired, nullptr, now);
    return false;
  }
  return entry.group == 0 || enter_group(at, entry, consumer);
}

// May this consumer have it? Otherwise it is parked until it may go to the one that is at work on its group, or until that one
// has settled what it holds.
bool Queue::enter_group(Position at, Entry& entry, const Consumer& consumer) {
  const auto entrance = groups_.enter(entry.group, at, consumer, [this](Position p) { return parked(p); });
  if (entrance.may) return true;
  entry.parked = true;
  if (entrance.owner != nullptr) owed_.emplace_back(at, entrance.owner);
  return false;
}

// A consumer that settles several at once must get several, although others are ready too.
bool Queue::give_to_owners(Time now) {
  bool given = false;
  const auto owed = std::exchange(owed_, {});
  for (const auto& [at, owner] : owed) {
    Entry* entry = entries_.find(at);
    const bool attached = std::find(consumers_.begin(), consumers_.end(), owner) != consumers_.end();
    if (entry == nullptr || !parked(at) || !attached || !selects(owner->reading_.selector, *entry)) continue;
    if (entry->restricted && !may_have(*owner, at)) continue;
    if (owner->ready_) {
      entry->parked = false;
      hand_out(*owner, at, *entry, now);
      given = true;
    } else if (std::find(owner->groups_.begin(), owner->groups_.end(), entry->group) == owner->groups_.end()) {
      owner->groups_.push_back(entry->group);
    }
  }
  return given;
}

void Queue::call_next_of_group(std::uint32_t id) {
  const Position next = groups_.call_next(id, [this](Position p) { return parked(p); });
  if (next == no_position) return;
  Entry& entry = *entries_.find(next);
  entry.parked = false;
  make_available(next, entry);
}

bool Queue::waits(Position at) noexcept {
  const Entry* entry = entries_.find(at);
  return entry != nullptr && entry->state == Entry::State::available && !entry->restricted && !entry->parked;
}

bool Queue::parked(Position at) noexcept {
  const Entry* entry = entries_.find(at);
  return entry != nullptr && entry->state == Entry::State::available && entry->parked;
}

bool Queue::may_have(const Consumer& consumer, Position at) const noexcept {
  const auto refused = restricted_.find(at);
  return refused == restricted_.end() ||
         std::find(refused->second.begin(), refused->second.end(), &consumer) == refused->second.end();
}

// Puts an entry that is available where dispatch() finds it.
void Queue::make_available(Position at, const Entry& entry) {
  drop_cursor_ = std::min(drop_cursor_, at);
  if (entry.restricted) {
    for (Consumer* consumer : consumers_) offer_refused(*consumer, at, entry);
    return;
  }
  const auto still_waits = [this](Position p) { return waits(p); };
  if (at < cursor_ || entry.level != default_level) ranked_.push(entry.level, at, still_waits);
  for (const auto& view : views_) {
    if (at >= view->cursor) continue;
    if (!entry.message) view->unsure = true;  // looked at when it was read back
    if (!entry.message || selects(view->selector, entry)) view->found.push(entry.level, at, still_waits);
  }
}

void Queue::offer_refused(Consumer& consumer, Position at, const Entry& entry) {
  if (!may_have(consumer, at) || !selects(consumer.reading_.selector, entry)) return;
  consumer.own_.push(entry.level, at, [&](Position p) {
    const Entry* waiting = entries_.find(p);
    return waiting != nullptr && waiting->state == Entry::State::available && may_have(consumer, p);
  });
}

Header Queue::header_for(const Entry& entry, Time now) const noexcept {
  return {.durable = entry.message->durable(),
          .priority = entry.message->priority(),
          .ttl = time_left(entry.message->expires(), now),
          .first_acquirer = !entry.acquired_before,
          .delivery_count = entry.delivery_count};
}

void Queue::hand_out(Consumer& consumer, Position at, Entry& entry, Time now) {
  if (at + read_ahead_at == ahead_to_) read_ahead(ahead_to_);
  if (!ranked_.empty() && ranked_.top() == at) ranked_.pop();
  if (cursor_ == at) ++cursor_;
  const Header header = header_for(entry, now);
  entry.state = Entry::State::acquired;
  entry.acquired_before = true;
  --available_;
  ++acquired_;
  if (entry.group != 0) {
    groups_.handed_out(entry.group, consumer);
    call_next_of_group(entry.group);
  }
  const MessageRef message = entry.message;  // the consumer may settle inside
  const bool more = consumer.deliver(*this, {at, message, header});
  if (!consumer.ready_) return;
  if (!more) return not_ready(consumer);
  if (ready_.size() > 1 && ready_.front() == &consumer) {
    ready_.pop_front();
    ready_.push_back(&consumer);
  }
}

}  // namespace bascule::broker
