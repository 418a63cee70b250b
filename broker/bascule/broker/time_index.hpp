// TimeIndex: which positions are due when, so that what expires in the middle of a queue is found without a
// scan.
//
// Positions are kept in slots of `resolution`; what was settled meanwhile stays until its slot is due, or
// until the owner finds more dead entries than live ones and rebuilds. Precision: a position is reported at
// most one slot late, never early.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "bascule/broker/entries.hpp"

namespace bascule::broker {

class TimeIndex {
 public:
  static constexpr std::chrono::milliseconds resolution{64};

  void add(Time due, Position at) {
    slots_[due.time_since_epoch() / resolution].push_back(at);
    ++size_;
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return slots_.empty(); }
  void clear() noexcept {
    slots_.clear();
    size_ = 0;
  }
  /// Forgets those for which keep(position) is false.
  template <class Keep>
  void keep_if(Keep&& keep) {
    size_ = 0;
    for (auto slot = slots_.begin(); slot != slots_.end();) {
      std::erase_if(slot->second, [&](Position at) { return !keep(at); });
      size_ += slot->second.size();
      slot = slot->second.empty() ? slots_.erase(slot) : std::next(slot);
    }
  }
  /// Calls visit(position) for all that are due, and forgets them.
  template <class Visit>
  void take_due(Time now, Visit&& visit) {
    const auto current = now.time_since_epoch() / resolution;
    while (!slots_.empty() && slots_.begin()->first < current) {
      const auto due = std::move(slots_.begin()->second);
      slots_.erase(slots_.begin());
      size_ -= due.size();
      for (const Position at : due) visit(at);
    }
  }

 private:
  std::map<Time::rep, std::vector<Position>> slots_;
  std::size_t size_ = 0;
};

}  // namespace bascule::broker
