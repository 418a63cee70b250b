#include "bascule/broker/management.hpp"

#include <algorithm>

#include "bascule/broker/properties.hpp"

namespace bascule::broker {
namespace {

std::string text_property(const Message& message, std::string_view key) {
  return std::string(Reader(find_in_map(message.body(), Section::application_properties, key)).text().value_or(""));
}

/// Collects the entries of a map.
class MapWriter {
 public:
  void put(std::string_view key, std::string_view value) { next(key).string(value); }
  void put(std::string_view key, std::uint64_t value) { next(key).ulong(value); }
  void put_binary(std::string_view key, Bytes value) { next(key).binary(as_text(value)); }
  void write(std::vector<std::uint8_t>& out) const { Writer(out).map(count_, items_); }

 private:
  Writer next(std::string_view key) {
    count_ += 2;
    Writer out(items_);
    out.string(key);
    return out;
  }
  std::vector<std::uint8_t> items_;
  std::uint32_t count_ = 0;
};

std::vector<std::uint8_t> count_of(std::uint64_t count) {
  MapWriter map;
  map.put("count", count);
  std::vector<std::uint8_t> value;
  map.write(value);
  return value;
}

std::vector<std::uint8_t> list_of(const std::vector<NodeInfo>& nodes) {
  std::vector<std::uint8_t> items, value;
  for (const NodeInfo& node : nodes) {
    MapWriter map;
    map.put("address", node.address);
    map.put("kind", to_string(node.kind));
    if (node.kind == Node::Kind::queue) {
      map.put("messages", node.messages);
      map.put("unsettled", node.unsettled);
      map.put("scheduled", node.scheduled);
      map.put("bytes", node.bytes);
      map.put("consumers", node.consumers);
    }
    map.write(items);
  }
  Writer(value).list(static_cast<std::uint32_t>(nodes.size()), items);
  return value;
}

std::vector<std::uint8_t> list_of(const std::vector<Peeked>& messages) {
  std::vector<std::uint8_t> items, value;
  for (const Peeked& one : messages) {
    MapWriter map;
    map.put("position", one.position);
    map.put("delivery-count", one.delivery_count);
    map.put_binary("message", one.message->body());
    map.write(items);
  }
  Writer(value).list(static_cast<std::uint32_t>(messages.size()), items);
  return value;
}

}  // namespace

struct Management::Request {
  std::string operation, name, to, kind, message_id;
  std::optional<std::uint64_t> count, position;
  bool scheduled = false;
  Moving::May may = {};
};

Admission Management::publish(const MessageRef& message, Time now) {
  request(message, {}, now);
  return {};
}

void Management::request(const MessageRef& message, Moving::May may, Time) {
  const auto properties = read_properties(message->body());
  if (!properties || properties->reply_to.empty()) return;
  const auto property = [&](std::string_view key) {
    return Reader(find_in_map(message->body(), Section::application_properties, key));
  };
  const Bytes correlation = properties->correlation_id.empty() ? properties->message_id : properties->correlation_id;
  Reply reply = [this, alive = std::weak_ptr<bool>(alive_), reply_to = std::string(properties->reply_to),
                 correlation = std::vector(correlation.begin(), correlation.end())](const Answer& answer) {
    if (!alive.expired()) send(reply_to, correlation, answer);
  };
  carry_out({.operation = text_property(*message, "operation"),
             .name = text_property(*message, "name"),
             .to = text_property(*message, "to"),
             .kind = text_property(*message, "kind"),
             .message_id = text_property(*message, "message-id"),
             .count = property("count").unsigned_integer(),
             .position = property("position").unsigned_integer(),
             .scheduled = property("scheduled").boolean().value_or(false),
             .may = std::move(may)},
            std::move(reply));
}

void Management::send(const std::string& reply_to, Bytes correlation, const Answer& answer) {
  Node* const caller = router_.route(reply_to);
  if (caller == nullptr) return;
  std::vector<std::uint8_t> bytes, items;
  Writer item(items), out(bytes);
  for (int unused = 0; unused < 5; ++unused) item.null();
  correlation.empty() ? item.null() : item.raw(correlation);
  out.section(Section::properties);
  out.list(6, items);
  items.clear();
  item.string("statusCode");
  item.int_(answer.status);
  item.string("statusDescription");
  item.string(answer.description);
  out.section(Section::application_properties);
  out.map(4, items);
  out.section(Section::amqp_value);
  answer.value.empty() ? out.null() : out.raw(answer.value);
  const Time now = operations_.now();
  caller->publish(make_message(bytes, now), now);
}

void Management::carry_out(const Request& request, Reply reply) {
  // Over AMQP a node that was made and one that was there are the same.
  const auto plain = [](const Verdict& verdict) {
    return Answer{verdict.failed() ? verdict.status : 200, verdict.failed() ? verdict.detail : "OK"};
  };
  const auto counted = [reply, plain](const Verdict& verdict, std::uint64_t count) {
    Answer answer = plain(verdict);
    if (!verdict.failed()) answer.value = count_of(count);
    reply(answer);
  };
  const auto& operation = request.operation;
  if (operation == "list") return reply({.value = list_of(operations_.list())});
  if (operation == "declare") return reply(plain(operations_.declare(request.name, request.kind == "topic")));
  if (operation == "delete") return reply(plain(operations_.remove(request.name)));
  if (operation == "purge") return operations_.purge(request.name, counted);
  if (operation == "peek") {
    return operations_.peek({request.name, request.count, request.scheduled},
                            [reply, plain](const Verdict& verdict, const std::vector<Peeked>& messages) {
                              Answer answer = plain(verdict);
                              if (!verdict.failed()) answer.value = list_of(messages);
                              reply(answer);
                            });
  }
  if (operation == "cancel") {
    if (request.position) return operations_.cancel(request.name, *request.position, counted);
    if (!request.message_id.empty()) return operations_.cancel(request.name, request.message_id, counted);
    return reply({400, "'position' or 'message-id' must say which scheduled message to cancel"});
  }
  if (operation == "move" || operation == "redrive") {
    JobRequest moving{.from = request.name, .limit = request.count, .may = request.may};
    if (operation == "move") moving.to = request.to;
    return operations_.move(moving, counted);
  }
  reply({400, "operation must be list, declare, delete, purge, peek, cancel, move or redrive"});
}

}  // namespace bascule::broker
