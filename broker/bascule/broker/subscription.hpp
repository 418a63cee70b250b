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

/// How long a subscription outlives its last link (AMQP 1.0, 3.5.6): from which event its timeout is counted.
struct Expiry {
  enum class When : std::uint8_t { link_detach, session_end, connection_close, never };
  When when = When::link_detach;
  std::uint32_t seconds = 0;
  /// Does anything of it stay when its link is detached?
  bool lasts() const noexcept { return when != When::link_detach || seconds > 0; }
  friend bool operator==(const Expiry&, const Expiry&) = default;
};

/// A durable subscription as the storage keeps it.
struct SubscriptionDefinition {
  std::string topic;
  SubscriptionFilter filter = {};
  std::string owner = {};  ///< the user who made it; empty: nobody had to log in
  Expiry expiry{.when = Expiry::When::never};
};
std::string encode_definition(const SubscriptionDefinition& definition);
/// None when this is no definition of a subscription.
std::optional<SubscriptionDefinition> decode_definition(std::string_view text);

}  // namespace bascule::broker
