// The answer to a request whose service instance died with it (docs/protocol.md, "lost instance").
//
// A request that says `bascule-idempotent` may run again; any other may have had its effect already, so its
// caller is told at once that the instance is gone. Looked into only on this rare path.
#pragma once

#include <string>
#include <vector>

#include "bascule/broker/wire.hpp"

namespace bascule::broker {

struct LostAnswer {
  std::string address;                ///< the request's reply-to
  std::vector<std::uint8_t> message;  ///< a whole message: properties, application properties, an empty body
};

/// The answer; none when the request may be redelivered, or nobody waits for a reply to it.
std::optional<LostAnswer> answer_to_lost(Bytes request_body);

}  // namespace bascule::broker
