#include "bascule/rpc/wire.hpp"

#include <algorithm>
#include <chrono>

#include "bascule/amqp/message.hpp"
#include "bascule/profile/profile.hpp"

namespace bascule::rpc {
namespace {

constexpr std::string_view traceparent_key = "traceparent", tracestate_key = "tracestate";
constexpr std::string_view principal_key = "bascule-principal", idempotency_key = "bascule-idempotency-key";
constexpr std::string_view idempotent_key = "bascule-idempotent";
constexpr std::string_view error_key = "bascule-error", error_message_key = "bascule-error-message";

std::string_view text_of(const amqp::Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr ? *text : std::string_view();
}

std::int64_t wall_clock() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

// What is left on a broker that does not rewrite ttl. The clocks of two machines may differ: the time that the request came
// with is never exceeded.
Deadline deadline_of(const amqp::Header& header, const amqp::Properties& properties,
                     const profile::MessageRules* rules) {
  if (!header.ttl) return Deadline::never();
  auto left = std::int64_t(*header.ttl);
  if (rules != nullptr && rules->absolute_expiry && properties.absolute_expiry_time) {
    left = std::clamp(*properties.absolute_expiry_time - wall_clock(), std::int64_t(0), left);
  }
  return Deadline::from_ttl(static_cast<std::uint32_t>(left));
}

}  // namespace

void encode_request(const OutgoingCall& call, std::string_view reply_to, std::uint64_t correlation, std::string& out,
                    const profile::MessageRules* rules) {
  amqp::OutgoingMessage message;
  message.header.ttl = call.options.deadline.ttl();
  if (rules != nullptr && rules->absolute_expiry && message.header.ttl) {
    message.absolute_expiry_time = wall_clock() + *message.header.ttl;
  }
  message.to = call.address;
  message.subject = call.method;
  if (!call.oneway) {
    message.reply_to = reply_to;
    message.correlation_number = correlation;
  }
  message.content_type = content_type(call.encoding);
  auto& properties = message.application_properties;
  std::string traceparent;
  if (call.options.trace.valid()) {
    traceparent = call.options.trace.traceparent();
    properties.emplace_back(traceparent_key, amqp::Value(std::string_view(traceparent)));
    if (!call.options.trace.state.empty()) {
      properties.emplace_back(tracestate_key, amqp::Value(std::string_view(call.options.trace.state)));
    }
  }
  if (!call.options.principal.empty()) {
    properties.emplace_back(principal_key, amqp::Value(std::string_view(call.options.principal)));
  }
  if (!call.options.idempotency_key.empty()) {
    properties.emplace_back(idempotency_key, amqp::Value(std::string_view(call.options.idempotency_key)));
  }
  if (call.options.idempotent) properties.emplace_back(idempotent_key, amqp::Value(true));
  message.body = call.body;
  message.encode(out);
}

std::optional<Request> decode_request(std::string_view encoded, const profile::MessageRules* rules) {
  const auto view = amqp::MessageView::parse(encoded);
  if (!view) return std::nullopt;
  const auto header = view->header();
  const auto properties = view->properties();
  const auto encoding =
      properties.content_type.empty() ? std::optional(Encoding::compact) : thrift::encoding_of(properties.content_type);
  if (!encoding || properties.subject.empty()) return std::nullopt;
  Request request;
  request.method = properties.subject;
  request.reply_to = properties.reply_to;
  // Without a correlation-id the reply is correlated by the request's message-id, as is AMQP's custom.
  request.correlation_id = properties.correlation_id.empty() ? properties.message_id : properties.correlation_id;
  request.encoding = *encoding;
  request.delivery_count = header.delivery_count;
  if (rules != nullptr && rules->redelivered_by_acquirer && !header.first_acquirer) {
    request.delivery_count = std::max(request.delivery_count, 1u);
  }
  request.options.deadline = deadline_of(header, properties, rules);
  std::string_view traceparent, tracestate;
  view->for_each_application_property([&](std::string_view key, const amqp::Value& value) {
    if (key == traceparent_key) traceparent = text_of(value);
    if (key == tracestate_key) tracestate = text_of(value);
    if (key == principal_key) request.options.principal = text_of(value);
    if (key == idempotency_key) request.options.idempotency_key = text_of(value);
    if (key == idempotent_key) {
      const auto* const flag = std::get_if<bool>(&value);
      request.options.idempotent = flag != nullptr && *flag;
    }
  });
  if (!traceparent.empty()) {
    if (auto trace = telemetry::TraceContext::parse(traceparent, tracestate)) request.options.trace = std::move(*trace);
  }
  std::string scratch;
  request.body = view->body(scratch);
  return request;
}

void encode_reply(const OutgoingReply& reply, std::string& out) {
  amqp::OutgoingMessage message;
  message.to = reply.to;
  message.correlation_id = reply.correlation_id;
  message.content_type = reply.content_type;
  if (reply.error != Errc::ok) {
    message.application_properties.emplace_back(error_key, amqp::Value(to_string(reply.error)));
    if (!reply.error_message.empty()) {
      message.application_properties.emplace_back(error_message_key, amqp::Value(reply.error_message));
    }
  }
  message.body = reply.body;
  message.encode(out);
}

std::optional<IncomingReply> decode_reply(std::string_view encoded) {
  const auto view = amqp::MessageView::parse(encoded);
  if (!view) return std::nullopt;
  const auto properties = view->properties();
  const auto correlation = amqp::Reader(properties.correlation_id).unsigned_integer();
  if (!correlation) return std::nullopt;
  IncomingReply incoming;
  incoming.correlation = *correlation;
  incoming.reply.encoding = thrift::encoding_of(properties.content_type).value_or(Encoding::compact);
  if (!view->raw_application_properties().empty()) {
    if (const auto error = view->application_property(error_key)) {
      incoming.reply.error = errc_from_string(text_of(*error));
      if (incoming.reply.error == Errc::ok) incoming.reply.error = Errc::internal;
      if (const auto text = view->application_property(error_message_key)) incoming.reply.message = text_of(*text);
    }
  }
  std::string scratch;
  incoming.reply.body = view->body(scratch);
  return incoming;
}

}  // namespace bascule::rpc
