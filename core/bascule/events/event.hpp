// An event on the wire: CloudEvents 1.0, AMQP binding, binary mode (docs/protocol.md, "Events"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/telemetry/trace.hpp"

namespace bascule::profile {
class Profile;
}

namespace bascule::events {

struct Event {
  std::string topic;               ///< "events.shop.OrderPlaced"
  std::string type;                ///< "shop.OrderPlaced"
  std::string id;                  ///< unique; the inbox's key
  std::string source;              ///< "orders": the service that says so
  std::string key;                 ///< ordering key (group-id); may be empty
  std::int64_t time_ms = 0;        ///< when it happened, Unix epoch
  std::int64_t deliver_at_ms = 0;  ///< not to be delivered before, Unix epoch; 0: at once
  std::string body;                ///< whole Thrift message (ONEWAY), compact
  telemetry::TraceContext trace;
};

/// Appends the durable AMQP message, with what the broker it goes to needs (broker/profiles). Throws
/// Error(Errc::invalid_argument) for one that is due later than this broker can hold it.
void encode_event(const Event& event, std::string& out);
void encode_event(const Event& event, const profile::Profile& profile, std::string& out);

struct IncomingEvent {
  Event event;
  std::uint32_t delivery_count = 0;
};
/// nullopt when it is no event (not a message, no cloudEvents id or type, an unknown content-type).
std::optional<IncomingEvent> decode_event(std::string_view encoded);

}  // namespace bascule::events
