#include "bascule/loop/loop.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

#include "bascule/loop/deadline.hpp"

namespace bascule {

constexpr std::chrono::microseconds spin_limit{50};

LoopIdling Loop::idling_;

Loop::Loop() : spin_limit_(std::thread::hardware_concurrency() > 1 ? spin_limit : std::chrono::microseconds(0)) {}
Loop::~Loop() = default;

void Loop::run() {
  const auto guard = asio::make_work_guard(context_);
  if (spin_limit_.count() == 0) {
    context_.run();
    return;
  }
  while (!context_.stopped()) {
    if (context_.poll() > 0) continue;
    if (watch()) continue;
    idling_.sleeps.fetch_add(1, std::memory_order_relaxed);
    context_.run_one();
  }
  schedule(false);
}

// From the normal policy and back to it: what an administrator chose stays, and who may not choose stays where he is.
void Loop::schedule(bool batch) noexcept {
  if (batch == batch_ || !may_be_batch_) return;
  const sched_param none{};
  may_be_batch_ = ::sched_getscheduler(0) == (batch ? SCHED_OTHER : SCHED_BATCH) &&
                  ::sched_setscheduler(0, batch ? SCHED_BATCH : SCHED_OTHER, &none) == 0;
  if (!may_be_batch_) return;
  batch_ = batch;
  if (batch) idling_.batches.fetch_add(1, std::memory_order_relaxed);
}

// Yields each time: who waits for this core, perhaps to make the very work that is watched for, has it.
bool Loop::watch() {
  const auto begin = Clock::now();
  if (!spin_.worth_it(begin)) return false;
  bool found = false;
  Clock::duration gone{};
  auto now = begin;
  while (!found && !context_.stopped() && now - begin < spin_limit_) {
    ::sched_yield();
    const auto back = Clock::now();
    gone = std::max(gone, back - now);
    found = context_.poll() > 0;
    now = Clock::now();
  }
  spin_.ended(now, found, gone);
  schedule(spin_.steady());
  idling_.spins.fetch_add(1, std::memory_order_relaxed);
  if (found) idling_.spins_found.fetch_add(1, std::memory_order_relaxed);
  idling_.spin_nanoseconds.fetch_add(static_cast<std::uint64_t>((now - begin).count()), std::memory_order_relaxed);
  return found;
}

void Loop::at_end_of_turn(EndOfTurn& item) {
  pending_.push_back(&item);
  if (scheduled_) return;
  scheduled_ = true;
  // post() puts the handler behind everything that is ready now: that is the end of this turn.
  asio::post(context_, [this] {
    scheduled_ = false;
    finish_turn();
  });
}

void Loop::forget(EndOfTurn& item) noexcept {
  std::erase(pending_, &item);
  std::replace(running_.begin(), running_.end(), &item, static_cast<EndOfTurn*>(nullptr));
}

void Loop::finish_turn() {
  handled_ = 0;
  running_.swap(pending_);
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (running_[i] != nullptr) running_[i]->end_of_turn();
  }
  running_.clear();
}

}  // namespace bascule
