// Ranked: positions in the order in which they are to be handed out: the highest level first, then the oldest.
//
// Entries that stopped waiting are not taken out here; whoever reads the top looks whether it still waits. push()
// cleans up when what is dead may outnumber what lives, so that its size stays proportional to what waits.
// Thread safety: none. Memory: 8 bytes a position.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "bascule/broker/entries.hpp"

namespace bascule::broker {

inline constexpr Position no_position = std::numeric_limits<Position>::max();
/// header.priority when the sender says nothing (AMQP 1.0, 3.2.1).
inline constexpr std::uint8_t default_level = 4;

class Ranked {
 public:
  bool empty() const noexcept { return keys_.empty(); }
  std::size_t size() const noexcept { return keys_.size(); }
  Position top() const noexcept { return keys_.front() & position_mask; }
  std::uint8_t top_level() const noexcept { return static_cast<std::uint8_t>(9 - (keys_.front() >> position_bits)); }
  /// Keys compare as their entries are to be handed out: the smaller one first.
  static std::uint64_t key(std::uint8_t level, Position at) noexcept {
    return (std::uint64_t{9} - level) << position_bits | at;
  }
  std::uint64_t top_key() const noexcept { return keys_.empty() ? no_position : keys_.front(); }

  /// `waits(position)`: whether a position still belongs here; asked only when cleaning up.
  template <class Waits>
  void push(std::uint8_t level, Position at, Waits&& waits) {
    if (keys_.size() >= clean_at_) clean(waits);
    keys_.push_back(key(level, at));
    std::push_heap(keys_.begin(), keys_.end(), std::greater<>());
  }
  void pop() noexcept {
    std::pop_heap(keys_.begin(), keys_.end(), std::greater<>());
    keys_.pop_back();
    if (keys_.empty() && keys_.capacity() > 4096) keys_.shrink_to_fit();
  }
  void clear() noexcept { keys_.clear(); }

 private:
  static constexpr int position_bits = 56;
  static constexpr std::uint64_t position_mask = (std::uint64_t{1} << position_bits) - 1;

  template <class Waits>
  void clean(Waits&& waits) {
    std::sort(keys_.begin(), keys_.end());  // sorted is a heap too
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    std::erase_if(keys_, [&](std::uint64_t key) { return !waits(key & position_mask); });
    clean_at_ = std::max<std::size_t>(1024, 2 * keys_.size());
  }

  std::vector<std::uint64_t> keys_;
  std::size_t clean_at_ = 1024;
};

}  // namespace bascule::broker
