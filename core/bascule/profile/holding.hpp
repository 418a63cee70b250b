// Holding queues: delayed delivery on a broker that has queues with a time to live, and exchanges, but no delay. Pure.
//
// Level n holds a message for 2^n tenths of a second. A message takes the levels whose bits are set in its delay, from the
// highest down: its routing key is one word a level, "1" (held here) or "0" (passed on), then the topic. All messages of a level
// wait equally long, so that nobody stands in anybody's way. What comes out of the last one is published, key and all, to
// the exchange <prefix>.due, where subscriptions are bound by "#.<topic>".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/profile/profile.hpp"

namespace bascule::profile::holding {

constexpr int levels = 28;
constexpr std::chrono::milliseconds unit{100};
/// Further ahead than this cannot be held: about 310 days.
constexpr std::chrono::milliseconds longest = unit * ((1LL << levels) - 1);

/// The routing key for a delay, rounded up to the unit: never early. nullopt beyond `longest`.
std::optional<std::string> key(std::chrono::milliseconds delay, std::string_view topic);

/// Every exchange, queue and binding of it.
std::vector<Declaration> declarations(const std::string& prefix);

}  // namespace bascule::profile::holding
