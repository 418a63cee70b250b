// Deadline: the absolute point on the steady clock by which a piece of work must be done.
//
// Every remote call takes one. On the wire it travels as the time left (AMQP header `ttl`, milliseconds), because two
// machines share no clock; inside a process it is absolute, so that passing it on never extends it.
// Thread safety: a value; copy it freely.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace bascule {

using Clock = std::chrono::steady_clock;

class Deadline {
 public:
  /// A default deadline never expires.
  constexpr Deadline() noexcept = default;
  constexpr explicit Deadline(Clock::time_point at) noexcept : at_(at) {}

  static constexpr Deadline never() noexcept { return Deadline(); }
  /// `span` from now; a span too large for the clock means never.
  static Deadline after(Clock::duration span) noexcept {
    const auto now = Clock::now();
    return span > Clock::time_point::max() - now ? never() : Deadline(now + span);
  }
  /// From an AMQP ttl in milliseconds, counted from now.
  static Deadline from_ttl(std::uint32_t milliseconds) noexcept {
    return after(std::chrono::milliseconds(milliseconds));
  }

  constexpr Clock::time_point at() const noexcept { return at_; }
  constexpr bool is_never() const noexcept { return at_ == Clock::time_point::max(); }
  bool expired(Clock::time_point now = Clock::now()) const noexcept { return at_ <= now; }
  /// Time left, never negative.
  Clock::duration remaining(Clock::time_point now = Clock::now()) const noexcept {
    return at_ <= now ? Clock::duration::zero() : at_ - now;
  }
  /// Time left for the wire: none without a deadline; at least 1 ms while it has not expired (0 means expired).
  std::optional<std::uint32_t> ttl(Clock::time_point now = Clock::now()) const noexcept {
    if (is_never()) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(remaining(now)).count();
    return static_cast<std::uint32_t>(left > UINT32_MAX ? UINT32_MAX : left);
  }
  constexpr Deadline earlier(Deadline other) const noexcept { return other.at_ < at_ ? other : *this; }

  friend constexpr auto operator<=>(Deadline, Deadline) noexcept = default;

 private:
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace bascule
