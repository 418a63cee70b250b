// A queue on a storage and events that record.
#pragma once

#include "support.hpp"

namespace bascule::broker::testing {

using Bodies = std::vector<std::string>;

struct QueueTest : ::testing::Test {
  Queue& make(const QueueSettings& settings = {}) {
    queue.emplace("q", settings, storage, events);
    return *queue;
  }
  Admission publish(const std::string& body) { return queue->publish(message(body), start); }
  Admission send(const Parts& parts, Time now = start) { return queue->publish(message(parts, now), now); }
  RecordingStorage storage;
  Events events;
  std::optional<Queue> queue;
};

inline constexpr Outcome released{.kind = Outcome::Kind::released};
inline constexpr Outcome failed{.kind = Outcome::Kind::modified, .delivery_failed = true};
inline constexpr Outcome not_here{.kind = Outcome::Kind::modified, .undeliverable_here = true};

}  // namespace bascule::broker::testing
