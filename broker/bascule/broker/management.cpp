#include "bascule/broker/management.hpp"

#include <algorithm>

#include "bascule/broker/properties.hpp"

namespace bascule::broker {
namespace {

constexpr std::uint64_t peek_default = 10, peek_most = 100, move_default = 100, move_most = 10'000;

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

const char* kind_of(const Node& node) noexcept {
  switch (node.kind()) {
    case Node::Kind::queue: return "queue";
    case Node::Kind::topic: return "topic";
    case Node::Kind::service: return "service";
  }
  return "";
}

}  // namespace

Admission Management::publish(const MessageRef& message, Time now) {
  const auto properties = read_properties(message->body());
  if (!properties || properties->reply_to.empty()) return {};
  const auto property = [&](std::string_view key) {
    return Reader(find_in_map(message->body(), Section::application_properties, key));
  };
  const Answer made = answer({.operation = text_property(*message, "operation"),
                              .name = text_property(*message, "name"),
                              .to = text_property(*message, "to"),
                              .kind = text_property(*message, "kind"),
                              .message_id = text_property(*message, "message-id"),
                              .count = property("count").unsigned_integer(),
                              .position = property("position").unsigned_integer(),
                              .scheduled = property("scheduled").boolean().value_or(false)},
                             now);
  Node* caller = router_.route(properties->reply_to);
  if (caller == nullptr) return {};
  const Bytes correlation = properties->correlation_id.empty() ? properties->message_id : properties->correlation_id;
  std::vector<std::uint8_t> bytes, items;
  Writer item(items), out(bytes);
  for (int unused = 0; unused < 5; ++unused) item.null();
  correlation.empty() ? item.null() : item.raw(correlation);
  out.section(Section::properties);
  out.list(6, items);
  items.clear();
  item.string("statusCode");
  item.int_(made.status);
  item.string("statusDescription");
  item.string(made.description);
  out.section(Section::application_properties);
  out.map(4, items);
  out.section(Section::amqp_value);
  made.value.empty() ? out.null() : out.raw(made.value);
  caller->publish(make_message(bytes, now), now);
  return {};
}

Management::Answer Management::answer(const Request& request, Time now) {
  if (request.operation == "list") return list();
  if (request.operation == "declare") return declare(request);
  if (request.operation == "delete") return remove(request);
  if (request.operation == "purge") return purge(request, now);
  if (request.operation == "peek") return peek(request);
  if (request.operation == "cancel") return cancel(request, now);
  if (request.operation == "move") return move(request, now);
  if (request.operation == "redrive") return redrive(request, now);
  return {400, "operation must be list, declare, delete, purge, peek, cancel, move or redrive"};
}

Queue* Management::queue(const std::string& address) const {
  Node* node = router_.find(address);
  return node != nullptr && node->kind() == Node::Kind::queue ? static_cast<Queue*>(node) : nullptr;
}

Management::Answer Management::list() const {
  std::vector<Node*> nodes;
  router_.for_each([&nodes](Node& node) { nodes.push_back(&node); });
  std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) { return a->address() < b->address(); });
  std::vector<std::uint8_t> items;
  for (const Node* node : nodes) {
    MapWriter map;
    map.put("address", node->address());
    map.put("kind", kind_of(*node));
    if (node->kind() == Node::Kind::queue) {
      const auto& each = static_cast<const Queue&>(*node);
      map.put("messages", each.available());
      map.put("unsettled", each.acquired());
      map.put("scheduled", each.scheduled());
      map.put("bytes", each.bytes());
      map.put("consumers", each.consumers());
    }
    map.write(items);
  }
  Answer made;
  Writer(made.value).list(static_cast<std::uint32_t>(nodes.size()), items);
  return made;
}

Management::Answer Management::declare(const Request& request) {
  const bool topic = request.kind == "topic";
  const auto opened = router_.open(request.name, {.queue = !topic, .topic = topic});
  switch (opened.refusal) {
    case Refusal::none: break;
    case Refusal::wrong_kind: return {409, "there is a node of the other kind with this name"};
    default: return {400, "this name cannot be a node: it is empty, a pattern, too long, or there are too many nodes"};
  }
  router_.keep(*opened.node);
  return {};
}

Management::Answer Management::remove(const Request& request) {
  Node* node = router_.find(request.name);
  if (node == nullptr || node == this) return {404, "there is no such node"};
  router_.remove(*node);
  return {};
}

Management::Answer Management::purge(const Request& request, Time now) {
  Queue* from = queue(request.name);
  if (from == nullptr) return {404, "there is no such queue"};
  return {200, "OK", count_of(from->purge(now))};
}

Management::Answer Management::peek(const Request& request) const {
  Queue* from = queue(request.name);
  if (from == nullptr) return {404, "there is no such queue"};
  std::vector<std::uint8_t> items;
  std::uint32_t count = 0;
  const auto most = std::min(request.count.value_or(peek_default), peek_most);
  const auto show = [&](Position at, const Entry& entry) {
    MapWriter map;
    map.put("position", at);
    map.put("delivery-count", entry.delivery_count);
    map.put_binary("message", entry.message->body());
    map.write(items);
    ++count;
  };
  request.scheduled ? from->peek_scheduled(most, show) : from->peek(most, show);
  Answer made;
  Writer(made.value).list(count, items);
  return made;
}

Management::Answer Management::cancel(const Request& request, Time now) {
  Queue* from = queue(request.name);
  if (from == nullptr) return {404, "there is no such queue"};
  std::vector<Position> wanted;
  if (request.position) {
    wanted.push_back(*request.position);
  } else if (!request.message_id.empty()) {
    from->peek_scheduled(from->scheduled(), [&](Position at, const Entry& entry) {
      if (identifier_text(read_property(entry.message->body(), 0)) == request.message_id) wanted.push_back(at);
    });
  } else {
    return {400, "'position' or 'message-id' must say which scheduled message to cancel"};
  }
  const auto cancelled =
      std::count_if(wanted.begin(), wanted.end(), [&](Position at) { return from->cancel(at, now); });
  if (cancelled == 0) return {404, "no such message is scheduled"};
  return {200, "OK", count_of(static_cast<std::uint64_t>(cancelled))};
}

Management::Answer Management::move(const Request& request, Time now) {
  Queue* from = queue(request.name);
  Node* to = router_.find(request.to);
  if (from == nullptr) return {404, "there is no such queue"};
  if (to == nullptr || to == from || to == this) return {404, "'to' must name another node that exists"};
  const auto most = std::min(request.count.value_or(move_default), move_most);
  return {200, "OK", count_of(from->move_to([to](const Message&) { return to; }, most, now))};
}

Management::Answer Management::redrive(const Request& request, Time now) {
  Queue* from = queue(request.name);
  if (from == nullptr) return {404, "there is no such queue"};
  const auto home = [this, from](const Message& letter) -> Node* {
    const auto source = find_in_map(letter.body(), Section::message_annotations, "x-opt-dead-letter-source");
    Node* node = router_.find(Reader(source).text().value_or(""));
    return node == from ? nullptr : node;
  };
  return {200, "OK", count_of(from->move_to(home, std::min(request.count.value_or(move_default), move_most), now))};
}

}  // namespace bascule::broker
