// Backoff: how long to wait before the next attempt, full jitter, pure (the random number comes from
// outside).
//
// The n-th wait is uniform in [floor, ceiling_n] where ceiling_n doubles from `first` up to `most`: a
// thousand clients that lost the same peer at the same moment do not come back at the same moment. Thread
// safety: a value; one owner.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace bascule {

class Backoff {
 public:
  using Duration = std::chrono::steady_clock::duration;

  struct Limits {
    Duration first = std::chrono::milliseconds(50);  ///< upper bound of the first wait
    Duration most = std::chrono::seconds(5);         ///< upper bound of any wait
    Duration floor = std::chrono::milliseconds(5);   ///< lower bound of any wait: never a busy loop
  };

  constexpr Backoff() noexcept : Backoff(Limits()) {}
  constexpr explicit Backoff(Limits limits) noexcept : limits_(limits), ceiling_(limits.first) {}

  /// The wait before the next attempt. `random` is any 64 uniformly random bits.
  constexpr Duration next(std::uint64_t random) noexcept {
    const auto span = std::max(ceiling_ - limits_.floor, Duration::zero());
    // 53 random bits as a share of [0, 1).
    const double share = static_cast<double>(random >> 11) * 0x1.0p-53;
    const auto wait = limits_.floor + Duration(static_cast<Duration::rep>(share * static_cast<double>(span.count())));
    ceiling_ = ceiling_ > limits_.most / 2 ? limits_.most : ceiling_ * 2;
    attempts_ += 1;
    return wait;
  }
  /// After a success: the next failure starts from the first wait again.
  constexpr void reset() noexcept {
    ceiling_ = limits_.first;
    attempts_ = 0;
  }
  /// Failures since the last success.
  constexpr std::uint32_t attempts() const noexcept { return attempts_; }

 private:
  Limits limits_;
  Duration ceiling_;
  std::uint32_t attempts_ = 0;
};

}  // namespace bascule
