#include "bascule/amqp/nodes_requests.hpp"

#include "bascule/amqp/message.hpp"
#include "bascule/amqp/writer.hpp"
#include "bascule/profile/names.hpp"

namespace bascule::amqp::nodes {
namespace {

using profile::Declaration;

std::string percent(std::string_view name) { return profile::encode_name(name, "percent"); }

std::string amqp_path(const Declaration& wanted) {
  switch (wanted.kind) {
    case Declaration::Kind::queue: return "/queues/" + percent(wanted.name);
    case Declaration::Kind::exchange: return "/exchanges/" + percent(wanted.name);
    case Declaration::Kind::binding: return "/bindings";
  }
  return {};
}

std::uint32_t put_arguments(Writer& writer, const Declaration& wanted) {
  writer.string("arguments");
  const auto mark = writer.begin_map();
  for (const auto& [name, argument] : wanted.arguments) {
    writer.string(name);
    if (const auto* const flag = std::get_if<bool>(&argument)) writer.boolean(*flag);
    if (const auto* const number = std::get_if<std::int64_t>(&argument)) writer.long_(*number);
    if (const auto* const text = std::get_if<std::string>(&argument)) writer.string(*text);
  }
  writer.end(mark, static_cast<std::uint32_t>(2 * wanted.arguments.size()));
  return 2;
}

std::uint32_t put_flag(Writer& writer, std::string_view name, bool value) {
  writer.string(name);
  writer.boolean(value);
  return 2;
}

std::uint32_t put_text(Writer& writer, std::string_view name, std::string_view value) {
  writer.string(name);
  writer.string(value);
  return 2;
}

std::uint32_t put_body(Writer& writer, const Declaration& wanted) {
  if (wanted.kind == Declaration::Kind::binding) {
    return put_text(writer, "source", wanted.name) +
           put_text(writer, wanted.to_exchange ? "destination_exchange" : "destination_queue", wanted.destination) +
           put_text(writer, "binding_key", wanted.key) + put_arguments(writer, wanted);
  }
  auto items = put_flag(writer, "durable", wanted.durable) + put_flag(writer, "auto_delete", wanted.auto_delete);
  items += wanted.kind == Declaration::Kind::queue ? put_flag(writer, "exclusive", wanted.exclusive)
                                                   : put_text(writer, "type", wanted.type);
  return items + put_arguments(writer, wanted);
}

std::string json_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += {'\\', 'u', '0', '0', digits[static_cast<unsigned char>(c) >> 4], digits[c & 15]};
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_arguments(const Declaration& wanted) {
  std::string out;
  for (const auto& [name, argument] : wanted.arguments) {
    out += (out.empty() ? "" : ",") + json_text(name) + ":";
    if (const auto* const flag = std::get_if<bool>(&argument)) out += *flag ? "true" : "false";
    if (const auto* const number = std::get_if<std::int64_t>(&argument)) out += std::to_string(*number);
    if (const auto* const text = std::get_if<std::string>(&argument)) out += json_text(*text);
  }
  return "{" + out + "}";
}

}  // namespace

std::string describe(const Declaration& wanted) {
  switch (wanted.kind) {
    case Declaration::Kind::queue: return "the queue " + wanted.name;
    case Declaration::Kind::exchange: return "the exchange " + wanted.name;
    case Declaration::Kind::binding: return "the binding of " + wanted.destination + " to " + wanted.name;
  }
  return {};
}

void encode_amqp(const Declaration& wanted, std::uint64_t number, std::string& out) {
  Writer writer(out);
  writer.section(Section::properties);
  const auto properties = writer.begin_list();
  writer.ulong(number);  // message-id
  writer.null();         // user-id
  writer.string(amqp_path(wanted));
  writer.string(wanted.kind == Declaration::Kind::binding ? "POST" : "PUT");  // subject
  writer.string("$me");                                                       // reply-to: the other link of the pair
  writer.end(properties, 5);
  writer.section(Section::amqp_value);
  const auto body = writer.begin_map();
  writer.end(body, put_body(writer, wanted));
}

HttpRequest http_request(const Declaration& wanted, std::string_view vhost) {
  const auto in = "/" + percent(vhost.empty() ? "/" : vhost) + "/";
  const auto flags = std::string("{\"durable\":") + (wanted.durable ? "true" : "false") +
                     ",\"auto_delete\":" + (wanted.auto_delete ? "true" : "false");
  const auto arguments = ",\"arguments\":" + json_arguments(wanted) + "}";
  switch (wanted.kind) {
    case Declaration::Kind::queue: return {"PUT", "/api/queues" + in + percent(wanted.name), flags + arguments};
    case Declaration::Kind::exchange:
      return {"PUT", "/api/exchanges" + in + percent(wanted.name),
              flags + ",\"type\":" + json_text(wanted.type) + arguments};
    case Declaration::Kind::binding:
      return {"POST",
              "/api/bindings" + in + "e/" + percent(wanted.name) + (wanted.to_exchange ? "/e/" : "/q/") +
                  percent(wanted.destination),
              "{\"routing_key\":" + json_text(wanted.key) + arguments};
  }
  return {};
}

}  // namespace bascule::amqp::nodes
