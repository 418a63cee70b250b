// Calls as AMQP messages and back: docs/protocol.md, "Calls". Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bascule/rpc/call.hpp"

namespace bascule::profile {
struct MessageRules;
}

namespace bascule::rpc {

/// Appends the request message. `reply_to` and `correlation` are left out for a oneway call. `rules`: of the broker it goes
/// through, when that is not ours.
void encode_request(const OutgoingCall& call, std::string_view reply_to, std::uint64_t correlation, std::string& out,
                    const profile::MessageRules* rules = nullptr);

struct Request {
  std::string method, reply_to;
  std::string correlation_id;  ///< as an encoded AMQP value, to be copied into the reply
  std::string body;
  Encoding encoding = Encoding::compact;
  CallOptions options;  ///< with the deadline counted from now
  std::uint32_t delivery_count = 0;
};
/// nullopt when it is no request (not a message, no subject, an unknown content-type).
std::optional<Request> decode_request(std::string_view encoded, const profile::MessageRules* rules = nullptr);

struct OutgoingReply {
  std::string_view to = {}, correlation_id = {};  ///< as in the request
  std::string_view content_type = {};
  std::string_view body = {};
  Errc error = Errc::ok;
  std::string_view error_message = {};
};
void encode_reply(const OutgoingReply& reply, std::string& out);

struct IncomingReply {
  std::uint64_t correlation = 0;
  Reply reply;
};
/// nullopt when it is no reply to a call of ours (correlation-id is not a ulong, not a message).
std::optional<IncomingReply> decode_reply(std::string_view encoded);

}  // namespace bascule::rpc
