// Message annotations that the broker adds (dead letters) or reads (scheduled delivery).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bascule/broker/message.hpp"

namespace bascule::broker {

/// Entries of an annotation map, encoded: key, value, key, value, …
struct Annotations {
  std::vector<std::uint8_t> items;
  std::uint32_t count = 0;  ///< keys and values
  std::vector<std::string> keys;

  void symbol(std::string_view key, std::string_view value);
  void string(std::string_view key, std::string_view value);
  void uint(std::string_view key, std::uint32_t value);
  void timestamp(std::string_view key, std::int64_t milliseconds);
  /// Those of `other` replace these, or join them.
  void merge(const Annotations& other);
  /// A value that is encoded already.
  void encoded(std::string_view key, Bytes value);

 private:
  Writer entry(std::string_view key);
};

/// A copy of the message with these annotations behind its own, which they replace where a key is the same; it never
/// expires and is due at once.
MessageRef with_annotations(const Message& message, const Annotations& added, Time now);

bool has_message_annotations(const Message& message) noexcept;
/// When the message asks to be delivered, on the wall clock in milliseconds: x-opt-delivery-time,
/// x-opt-scheduled-enqueue-time, or x-opt-delivery-delay from `wall_now`. None when it does not ask.
std::optional<std::int64_t> asked_delivery_time(const Message& message, std::int64_t wall_now) noexcept;

}  // namespace bascule::broker
