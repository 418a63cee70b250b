// Selector: a JMS 2 message selector (JMS 2.0, 3.8.1): SQL-92 conditions over a message's header and properties.
//
//   price BETWEEN 10 AND 20 AND NOT (region = 'EU' OR region IS NULL) AND sku LIKE 'a\_%' ESCAPE '\'
//
// Logic has three values: a condition over what a message does not have is unknown, and an unknown selector does not
// select. Names: an application property, or JMSDeliveryMode, JMSPriority, JMSMessageID, JMSTimestamp,
// JMSCorrelationID, JMSType, JMSXGroupID, JMSXGroupSeq, JMSXUserID, JMSXDeliveryCount (mapped as the AMQP JMS mapping
// has them), or `m.` and the key of a message annotation. Bounds: longest, deepest, most_nodes; evaluation is linear
// in the selector times the message's properties (LIKE: in pattern times text). Thread safety: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/broker/message.hpp"

namespace bascule::broker {

namespace selector {
struct Node;
}

/// Why a text is no selector. `position` counts characters (bytes) from 1.
struct SelectorError : std::runtime_error {
  SelectorError(std::size_t at, const std::string& what)
      : std::runtime_error("selector, character " + std::to_string(at) + ": " + what), position(at) {}
  std::size_t position;
};

class Selector {
 public:
  static constexpr std::size_t longest = 4096, deepest = 64, most_nodes = 1024;

  /// Throws SelectorError.
  explicit Selector(std::string_view text);
  ~Selector();
  Selector(const Selector&) = delete;
  Selector& operator=(const Selector&) = delete;

  const std::string& text() const noexcept { return text_; }
  /// `delivery_count`: of earlier attempts, for JMSXDeliveryCount.
  bool matches(const Message& message, std::uint32_t delivery_count) const;

 private:
  const std::string text_;
  std::vector<selector::Node> nodes_;
  std::uint32_t root_ = 0;
};

}  // namespace bascule::broker
