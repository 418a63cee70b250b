#include "bascule/loop/loop.hpp"

#include <algorithm>

namespace bascule {

Loop::Loop() = default;
Loop::~Loop() = default;

void Loop::run() {
  auto guard = asio::make_work_guard(context_);
  context_.run();
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
  running_.swap(pending_);
  for (std::size_t i = 0; i < running_.size(); ++i) {
    if (running_[i] != nullptr) running_[i]->end_of_turn();
  }
  running_.clear();
}

}  // namespace bascule
