#include "bascule/events/event.hpp"

#include <chrono>

#include "bascule/amqp/message.hpp"
#include "bascule/loop/error.hpp"
#include "bascule/profile/profile.hpp"

namespace bascule::events {
namespace {
constexpr std::string_view compact_type = "application/vnd.apache.thrift.compact";

std::string_view text_of(const amqp::Value& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr ? *text : std::string_view();
}
// Where a message that is due later goes, on a broker that has no annotation for it.
profile::Route route_of(const Event& event, const profile::Profile& profile) {
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  auto route = profile.scheduled(event.topic, milliseconds(event.deliver_at_ms) - now);
  if (route) return *std::move(route);
  const auto why = profile.refusal("scheduled");
  throw Error(Errc::invalid_argument, "an event of type " + event.type + " is due further ahead than " +
                                          profile.title() + " can hold it" + (why.empty() ? "" : ": " + why));
}
}  // namespace

void encode_event(const Event& event, std::string& out) { encode_event(event, profile::Profile::embedded(), out); }

void encode_event(const Event& event, const profile::Profile& profile, std::string& out) {
  using amqp::Value;
  const auto& rules = profile.message();
  amqp::OutgoingMessage message;
  profile::Route route;
  message.header.durable = true;
  message.message_id = event.id;
  message.to = event.topic;
  message.subject = event.type;
  message.content_type = compact_type;
  message.group_id = event.key;
  if (event.deliver_at_ms != 0) {
    route = route_of(event, profile);
    if (!route.to.empty()) message.to = route.to;
    if (!route.subject.empty()) message.subject = route.subject;
    if (!rules.delay.empty())
      message.message_annotations = {{rules.delay, rules.delay_is_timestamp
                                                       ? Value(amqp::Timestamp{event.deliver_at_ms})
                                                       : Value(event.deliver_at_ms)}};
  }
  auto& properties = message.application_properties;
  // The binding allows "cloudEvents:" too; the underscore form can be named in a JMS selector.
  properties = {{"cloudEvents_specversion", Value(std::string_view("1.0"))},
                {"cloudEvents_id", Value(std::string_view(event.id))},
                {"cloudEvents_source", Value(std::string_view(event.source))},
                {"cloudEvents_type", Value(std::string_view(event.type))},
                {"cloudEvents_time", Value(amqp::Timestamp{event.time_ms})}};
  if (!event.key.empty()) properties.emplace_back("cloudEvents_subject", Value(std::string_view(event.key)));
  if (!rules.duplicate_property.empty()) {
    properties.emplace_back(rules.duplicate_property, Value(std::string_view(event.id)));
  }
  std::string traceparent;
  if (event.trace.valid()) {
    traceparent = event.trace.traceparent();
    properties.emplace_back("traceparent", Value(std::string_view(traceparent)));
    if (!event.trace.state.empty()) properties.emplace_back("tracestate", Value(std::string_view(event.trace.state)));
  }
  message.body = event.body;
  message.encode(out);
}

std::optional<IncomingEvent> decode_event(std::string_view encoded) {
  const auto view = amqp::MessageView::parse(encoded);
  if (!view) return std::nullopt;
  const auto properties = view->properties();
  if (properties.content_type != compact_type) return std::nullopt;
  IncomingEvent incoming;
  auto& event = incoming.event;
  event.topic = properties.to;
  event.key = properties.group_id;
  std::string_view traceparent, tracestate;
  view->for_each_application_property([&](std::string_view key, const amqp::Value& value) {
    // Either spelling of the prefix.
    if (key.starts_with("cloudEvents_") || key.starts_with("cloudEvents:")) {
      const auto name = key.substr(12);
      if (name == "id") event.id = text_of(value);
      if (name == "type") event.type = text_of(value);
      if (name == "source") event.source = text_of(value);
      if (name == "time") {
        if (const auto* at = std::get_if<amqp::Timestamp>(&value)) event.time_ms = at->milliseconds;
      }
    }
    if (key == "traceparent") traceparent = text_of(value);
    if (key == "tracestate") tracestate = text_of(value);
  });
  if (event.id.empty() || event.type.empty()) return std::nullopt;
  if (auto trace = telemetry::TraceContext::parse(traceparent, tracestate)) event.trace = std::move(*trace);
  incoming.delivery_count = view->header().delivery_count;
  std::string scratch;
  event.body = view->body(scratch);
  return incoming;
}

}  // namespace bascule::events
