// AddressSettings: what one [[broker.address]] entry of the configuration changes for the addresses it matches.
//
// All entries that match apply, in the file's order, so that a later one overrides an earlier. A subscription has the
// settings of the topic or pattern that it is bound by.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/broker/queue_settings.hpp"

namespace bascule::broker {

struct AddressSettings {
  std::string match = {};  ///< an address or a pattern
  std::optional<std::uint64_t> max_messages = {}, max_bytes = {};
  std::optional<std::chrono::milliseconds> max_age = {};
  std::optional<Overflow> overflow = {};
  std::optional<std::uint32_t> max_deliveries = {};
  std::optional<std::chrono::milliseconds> redelivery_delay = {}, redelivery_max_delay = {};
  std::optional<double> redelivery_multiplier = {}, redelivery_jitter = {};
  std::optional<std::chrono::milliseconds> dedup_window = {};
  std::optional<std::uint32_t> dedup_count = {};
  std::optional<bool> priorities = {}, groups = {}, dead_letters = {};

  void apply(QueueSettings& settings) const;
};

/// Applies all that match `address`.
void apply(const std::vector<AddressSettings>& rules, std::string_view address, QueueSettings& settings);

}  // namespace bascule::broker
