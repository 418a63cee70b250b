// OutboxOrder: what the relay may publish when. In order of each key, never skipping a row, backing off from
// what fails.
//
// A key whose row failed is blocked for a while, with all rows behind it; other keys go on. Many failures in
// a row with no success between them mean that the broker is away: then everything pauses, and one row at a
// time feels the way until one succeeds. Pure: time and randomness are passed in. Thread safety: one owner.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bascule/events/outbox.hpp"
#include "bascule/loop/backoff.hpp"
#include "bascule/loop/deadline.hpp"

namespace bascule::events {

class OutboxOrder {
 public:
  struct Limits {
    std::size_t in_flight = 256;   ///< rows being published at once
    std::size_t blocked = 256;     ///< keys blocked by a failure, above which everything pauses
    std::size_t broker_away = 16;  ///< failures without a success between them, after which everything pauses
    Backoff::Limits backoff{};
  };

  OutboxOrder() : OutboxOrder(Limits()) {}
  explicit OutboxOrder(Limits limits) : limits_(limits), pause_(limits.backoff) {}

  /// The next rows, in order of their ids. Only when settled().
  void load(std::vector<OutboxRow> rows, Clock::time_point now);
  /// A row that may be published now, or null. It stays valid until the next load().
  const OutboxRow* next(Clock::time_point now);
  void confirmed(const OutboxRow& row, Clock::time_point now);
  void failed(const OutboxRow& row, Clock::time_point now, std::uint64_t random);
  /// Nothing is being published, and nothing more of what was loaded may be.
  bool settled(Clock::time_point now) const noexcept { return in_flight_ == 0 && (ready_.empty() || paused(now)); }

  /// Ids that are published and are to be deleted; forgotten once that is done.
  const std::vector<std::int64_t>& confirmed_ids() const noexcept { return confirmed_; }
  void deleted() { confirmed_.clear(); }

  /// What must not be read now: keys, and single rows without a key.
  std::vector<std::string> blocked_keys(Clock::time_point now) const;
  std::vector<std::int64_t> blocked_ids(Clock::time_point now) const;
  /// Until when nothing at all is to be published.
  bool paused(Clock::time_point now) const noexcept { return now < paused_until_; }
  /// When a pause or a block ends next.
  std::optional<Clock::time_point> next_retry(Clock::time_point now) const;
  std::size_t in_flight() const noexcept { return in_flight_; }
  std::size_t blocked() const noexcept { return blocks_.size(); }

 private:
  struct Block {
    Backoff backoff;
    Clock::time_point until;
    std::int64_t id;  ///< of a row without a key
    std::string key;
  };
  static std::string name_of(const OutboxRow& row);
  bool probing() const noexcept { return pause_.attempts() > 0; }

  Limits limits_;
  std::vector<OutboxRow> rows_;
  std::deque<std::size_t> ready_;  ///< rows that nothing stands before
  std::unordered_map<std::string_view, std::deque<std::size_t>>
      behind_;  ///< by key: rows behind one in ready_ or in flight
  std::unordered_map<std::string, Block> blocks_;
  std::vector<std::int64_t> confirmed_;
  std::size_t in_flight_ = 0;
  std::size_t failures_ = 0;  ///< since the last success
  Backoff pause_;
  Clock::time_point paused_until_{};
};

}  // namespace bascule::events
