#include "bascule/gateway/documents.hpp"
#include "bascule/gateway/schema_text.hpp"

namespace bascule::gateway {
namespace {

constexpr std::string_view cloud_event =
    R"({"type":"object","properties":{"cloudEvents_specversion":{"type":"string","const":"1.0"},"cloudEvents_id":)"
    R"({"type":"string"},"cloudEvents_source":{"type":"string"},"cloudEvents_type":{"type":"string"},"cloudEvents_time":)"
    R"({"type":"string","format":"date-time"},"cloudEvents_subject":{"type":"string"},"traceparent":{"type":"string"},)"
    R"("tracestate":{"type":"string"}}})";
constexpr std::string_view compact = "application/vnd.apache.thrift.compact";

using Events = std::map<std::string, const thrift::EventType*>;

Events events_of(const Routes& routes) {
  Events events;  // several contracts may know the same event
  for (const auto& [name, service] : routes.services) {
    for (const thrift::EventType& event : service.contract->events()) events.emplace(event.type->name, &event);
  }
  return events;
}

// '/' and '~' in a key of a JSON pointer.
std::string pointer_key(std::string_view key) {
  std::string result;
  for (const char c : key) c == '~' ? result.append("~0") : c == '/' ? result.append("~1") : result.append(1, c);
  return result;
}

void channels(JsonText& out, const Events& events) {
  out.key("channels").open('{');
  for (const auto& [name, event] : events) {
    out.key(event->topic).open('{').member("address", event->topic);
    out.key("messages")
        .open('{')
        .key(name)
        .open('{')
        .member("$ref", "#/components/messages/" + pointer_key(name))
        .close('}')
        .close('}');
    out.key("x-bascule-amqp1")
        .open('{')
        .key("capabilities")
        .open('[')
        .text("topic")
        .close(']')
        .key("durable")
        .boolean(true);
    if (!event->key.empty()) out.member("group-id", event->key);
    out.close('}').close('}');
  }
  out.close('}');
}

void operations(JsonText& out, const Events& events) {
  out.key("operations").open('{');
  for (const auto& [name, event] : events) {
    const std::string channel = "#/channels/" + pointer_key(event->topic);
    out.key("receive." + name).open('{').member("action", "receive");
    out.key("channel").open('{').member("$ref", channel).close('}');
    out.key("messages")
        .open('[')
        .open('{')
        .member("$ref", channel + "/messages/" + pointer_key(name))
        .close('}')
        .close(']');
    out.close('}');
  }
  out.close('}');
}

}  // namespace

std::string asyncapi(const Routes& routes) {
  const Events events = events_of(routes);
  Schemas schemas;
  JsonText out;
  out.open('{')
      .member("asyncapi", "3.0.0")
      .key("info")
      .open('{')
      .member("title", "The events of the services behind this gateway");
  out.member("version", "1").member("description", "Any AMQP 1.0 client may subscribe to them.").close('}');
  out.member("defaultContentType", compact);
  channels(out, events);
  operations(out, events);
  out.key("components").open('{').key("messages").open('{');
  for (const auto& [name, event] : events) {
    out.key(name).open('{').member("name", name).member("contentType", compact).key("headers").raw(cloud_event);
    if (!trimmed(event->type->doc).empty()) out.member("description", trimmed(event->type->doc));
    thrift::TypeRef ref;
    ref.kind = event->type->kind;
    ref.named = event->type;
    schemas.type(out.key("payload"), ref);
    out.close('}');
  }
  out.close('}').key("schemas").open('{');
  schemas.components(out);
  out.close('}').close('}').close('}');
  return out.take();
}

}  // namespace bascule::gateway
