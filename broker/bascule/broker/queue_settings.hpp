// QueueSettings: every setting of one queue, with its default (docs/broker.md, "Settings").
#pragma once

#include <chrono>
#include <cstdint>

namespace bascule::broker {

enum class Overflow : std::uint8_t { block, reject, drop_head };

/// How long a message rests after an attempt that failed: delay, delay x multiplier, … up to most, each moved by up to
/// +-jitter of itself so that what failed together does not come back together.
struct RedeliverySettings {
  std::chrono::milliseconds delay{0};  ///< 0: it comes back at once
  double multiplier = 2.0;
  std::chrono::milliseconds most{60'000};
  double jitter = 0.2;
};

/// Which identifiers of messages are remembered, so that a repeated one is not taken again; whichever ends first.
struct DedupSettings {
  std::chrono::milliseconds window{0};  ///< 0: only what says _AMQ_DUPL_ID is looked at, and remembered as below
  std::uint32_t most = 20'000;
  bool by_property = true;  ///< look at _AMQ_DUPL_ID

  static constexpr std::chrono::milliseconds property_window{600'000};
  bool enabled() const noexcept { return by_property || window.count() > 0; }
};

struct QueueSettings {
  std::uint64_t max_messages = 1'000'000;
  std::uint64_t max_bytes = 256U << 20;
  std::chrono::milliseconds max_age{0};  ///< what is published lives no longer than this; 0: no bound
  Overflow overflow = Overflow::block;
  std::uint32_t max_deliveries = 10;  ///< attempts before it is discarded as undeliverable; 0: no bound
  RedeliverySettings redelivery = {};
  DedupSettings dedup = {};
  bool durable = true;                ///< a durable message in it is stored
  bool rpc = false;                   ///< the lost-instance rule of docs/protocol.md holds
  bool groups = true;                 ///< messages of one group-id go to one consumer at a time, in order
  bool yields = true;                 ///< a watermark stops its producers' credit
  bool priorities = true;             ///< a higher header.priority goes first
  bool dead_letters = true;           ///< rejected and undeliverable messages are kept in the dead-letter queue
  std::uint32_t max_selectors = 256;  ///< different selectors of its consumers
};

}  // namespace bascule::broker
