#include "bascule/rpc/pending_calls.hpp"

#include <algorithm>

namespace bascule::rpc {

PendingCalls::Id PendingCalls::add(Deadline deadline, Done done) {
  std::uint32_t index = free_;
  if (index == none) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    free_ = slots_[index].next;
  }
  Slot& slot = slots_[index];
  slot.done = std::move(done);
  slot.used = true;
  slot.next = slot.previous = none;
  ++size_;
  slot.due = 0;
  if (!deadline.is_never()) {
    // A deadline that has passed already still waits for the next sweep: handlers never run inside add().
    slot.due = std::max(tick_of(deadline.at()), swept_ + 1);
    ++timed_;
    link(index);
  }
  return Id{slot.generation} << 32 | index;
}

PendingCalls::Done PendingCalls::take(Id id) {
  const auto index = static_cast<std::uint32_t>(id);
  if (index >= slots_.size() || !slots_[index].used || slots_[index].generation != id >> 32) return {};
  return release(index);
}

std::vector<PendingCalls::Done> PendingCalls::expire(Clock::time_point now) {
  std::vector<Done> expired;
  const auto to = tick_of(now) - 1;
  // After a long pause one round of the wheel sees everything.
  const auto from = std::max(swept_ + 1, to - static_cast<std::int64_t>(wheel_size) + 1);
  for (auto tick = from; tick <= to; ++tick) {
    for (auto index = wheel_[static_cast<std::size_t>(tick) % wheel_size]; index != none;) {
      const auto next = slots_[index].next;
      if (slots_[index].due <= to) expired.push_back(release(index));
      index = next;
    }
  }
  swept_ = std::max(swept_, to);
  return expired;
}

std::vector<PendingCalls::Done> PendingCalls::take_all() {
  std::vector<Done> all;
  all.reserve(size_);
  for (std::uint32_t index = 0; index < slots_.size(); ++index) {
    if (slots_[index].used) all.push_back(release(index));
  }
  return all;
}

PendingCalls::Done PendingCalls::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  if (slot.due != 0) {
    unlink(index);
    --timed_;
  }
  auto done = std::move(slot.done);
  slot.used = false;
  if (++slot.generation == 0) slot.generation = 1;
  slot.next = free_;
  free_ = index;
  --size_;
  return done;
}

void PendingCalls::link(std::uint32_t index) {
  auto& head = wheel_[static_cast<std::size_t>(slots_[index].due) % wheel_size];
  slots_[index].next = head;
  if (head != none) slots_[head].previous = index;
  head = index;
}

void PendingCalls::unlink(std::uint32_t index) {
  const Slot& slot = slots_[index];
  auto& head = wheel_[static_cast<std::size_t>(slot.due) % wheel_size];
  if (slot.previous == none) {
    head = slot.next;
  } else {
    slots_[slot.previous].next = slot.next;
  }
  if (slot.next != none) slots_[slot.next].previous = slot.previous;
}

}  // namespace bascule::rpc
