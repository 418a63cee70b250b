// SubscriptionFilter: which of a topic's messages a subscription takes; and its text in the storage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/broker/node.hpp"
#include "bascule/broker/selector.hpp"

namespace bascule::broker {

Origin origin_of(std::string_view container_id) noexcept;

struct SubscriptionFilter {
  std::shared_ptr<const Selector> selector = {};
  Origin not_from = 0;  ///< no-local: the subscriber's own

  bool takes(const Message& message, Origin from) const {
    return (not_from == 0 || not_from != from) && (selector == nullptr || selector->matches(message, 0));
  }
  bool same_as(const SubscriptionFilter& other) const noexcept;
};

/// A durable subscription as the storage keeps it.
struct SubscriptionDefinition {
  std::string topic;
  SubscriptionFilter filter = {};
};
std::string encode_definition(const SubscriptionDefinition& definition);
/// None when this is no definition of a subscription.
std::optional<SubscriptionDefinition> decode_definition(std::string_view text);

}  // namespace bascule::broker
