#include "bascule/pg/pool_state.hpp"

#include <algorithm>

namespace bascule::pg {

PoolState::PoolState(Limits limits) : limits_(limits), slots_(std::max<std::size_t>(limits.max, 1)) {
  limits_.max = slots_.size();
  limits_.min = std::min(limits_.min, limits_.max);
}

PoolState::Verdict PoolState::acquire(Use use) {
  if (waiters_.empty()) {
    if (const auto slot = find(use)) return {Answer::granted, take(*slot, use), 0};
  }
  if (down() && held_back_) return {Answer::down};
  if (waiters_.size() >= limits_.max_waiters) return {Answer::full};
  waiters_.push_back({next_ticket_, use});
  return {Answer::queued, 0, next_ticket_++};
}

bool PoolState::withdraw(std::uint64_t ticket) {
  return std::erase_if(waiters_, [&](const Waiter& one) { return one.ticket == ticket; }) > 0;
}

void PoolState::release(std::size_t index, bool fit) {
  auto& slot = slots_[index];
  slot.users -= 1;
  slot.exclusive = false;
  if (!fit) slot.phase = Phase::lost;
  if (slot.phase == Phase::lost && slot.users == 0) slot.phase = Phase::vacant;
}

void PoolState::lost(std::size_t index) {
  auto& slot = slots_[index];
  if (slot.phase == Phase::vacant) return;
  slot.phase = slot.users == 0 ? Phase::vacant : Phase::lost;
}

void PoolState::opened(std::size_t slot) {
  slots_[slot].phase = Phase::up;
  failed_ = held_back_ = false;
}

void PoolState::open_failed(std::size_t slot) {
  slots_[slot].phase = Phase::vacant;
  failed_ = held_back_ = true;
}

std::optional<std::size_t> PoolState::next_open() {
  if (held_back_) return std::nullopt;
  const auto opening = count(Phase::opening);
  const auto up = count(Phase::up);
  const bool wanted = up + opening < limits_.min || waiters_.size() > opening || (opening == 0 && crowded());
  if (!wanted) return std::nullopt;
  // After a failure one connection feels the way; the others follow once it is up.
  if (failed_ && opening > 0) return std::nullopt;
  const auto free = std::find_if(slots_.begin(), slots_.end(), [](const Slot& s) { return s.phase == Phase::vacant; });
  if (free == slots_.end()) return std::nullopt;
  free->phase = Phase::opening;
  return static_cast<std::size_t>(free - slots_.begin());
}

std::optional<PoolState::Grant> PoolState::next_grant() {
  if (waiters_.empty()) return std::nullopt;
  const auto head = waiters_.front();
  const auto slot = find(head.use);
  if (!slot) return std::nullopt;
  waiters_.pop_front();
  return Grant{head.ticket, take(*slot, head.use)};
}

std::vector<std::uint64_t> PoolState::take_refused() {
  std::vector<std::uint64_t> refused;
  if (!down() || count(Phase::opening) > 0) return refused;
  for (const auto& waiter : waiters_) refused.push_back(waiter.ticket);
  waiters_.clear();
  return refused;
}

PoolState::Counts PoolState::counts() const {
  Counts counts;
  for (const auto& slot : slots_) {
    if (slot.phase == Phase::up) ++counts.open;
    if (slot.phase == Phase::up && slot.users == 0) ++counts.idle;
    if (slot.users > 0) ++counts.in_use;
  }
  counts.waiting = waiters_.size();
  return counts;
}

std::optional<std::size_t> PoolState::find(Use use) const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const auto& slot = slots_[i];
    if (slot.phase != Phase::up || slot.exclusive) continue;
    if (slot.users >= (use == Use::exclusive ? 1 : limits_.max_shared)) continue;
    if (!best || slot.users < slots_[*best].users) best = i;
  }
  return best;
}

bool PoolState::crowded() const {
  const auto best = find(Use::shared);
  return best && slots_[*best].users >= limits_.crowded_at;
}

std::size_t PoolState::take(std::size_t index, Use use) {
  slots_[index].users += 1;
  slots_[index].exclusive = use == Use::exclusive;
  return index;
}

bool PoolState::any_up() const { return count(Phase::up) > 0; }

std::size_t PoolState::count(Phase phase) const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.phase == phase; }));
}

}  // namespace bascule::pg
