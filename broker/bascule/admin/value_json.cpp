#include "bascule/admin/value_json.hpp"

#include <simdjson.h>

#include <array>
#include <cstdio>
#include <ctime>

#include "bascule/amqp/sasl_crypto.hpp"

namespace bascule::admin {
namespace {

using amqp::Bytes;
using amqp::Code;
using amqp::Reader;
using amqp::Section;
using telemetry::JsonText;

constexpr std::array<std::string_view, 13> property_names = {
    "message_id",        "user_id",          "to",
    "subject",           "reply_to",         "correlation_id",
    "content_type",      "content_encoding", "absolute_expiry_time",
    "creation_time",     "group_id",         "group_sequence",
    "reply_to_group_id",
};

void write_raw(JsonText& json, Bytes encoded) {
  json.open('{').member("amqp", amqp::to_base64(amqp::as_text(encoded))).close('}');
}

std::string uuid_text(const std::uint8_t* bytes) {
  std::string text;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += {"0123456789abcdef"[bytes[i] >> 4], "0123456789abcdef"[bytes[i] & 15]};
  }
  return text;
}

struct ScalarToJson {
  JsonText& json;
  Bytes encoded;
  void operator()(std::monostate) const { encoded[0] == 0x40 ? void(json.raw("null")) : write_raw(json, encoded); }
  void operator()(bool value) const { json.boolean(value); }
  void operator()(std::uint64_t value) const { json.number(value); }
  void operator()(std::int64_t value) const { json.number(value); }
  void operator()(double value) const { json.number(value); }
  void operator()(std::string_view value) const { json.text(value); }
  void operator()(amqp::Symbol value) const { json.text(value.text); }
  void operator()(amqp::Binary value) const { json.text(amqp::to_base64(value.bytes)); }
  void operator()(amqp::Timestamp value) const { json.text(rfc3339(value.milliseconds)); }
};

std::string key_text(Reader& reader) {
  const Bytes encoded = reader.value();
  if (const auto text = Reader(encoded).text()) return std::string(*text);
  JsonText json;
  Reader again(encoded);
  write_value(json, again, max_depth);
  return json.take();
}

void write_items(JsonText& json, const Reader::Compound& compound, bool map, int depth) {
  Reader items(compound.items);
  json.open(map ? '{' : '[');
  for (std::uint32_t i = 0; i < compound.count && !items.failed() && !items.empty(); i += map ? 2 : 1) {
    if (map) json.key(key_text(items));
    if (items.empty()) {
      json.raw("null");
    } else {
      write_value(json, items, depth + 1);
    }
  }
  json.close(map ? '}' : ']');
}

void write_properties(JsonText& json, Bytes list) {
  std::uint32_t count = 0;
  Reader fields = Reader(list).items(count);
  for (std::uint32_t i = 0; i < count && i < property_names.size() && !fields.failed() && !fields.empty(); ++i) {
    const Bytes value = fields.value();
    if (value.empty() || value[0] == 0x40) continue;
    Reader reader(value);
    json.key(property_names[i]);
    const auto bytes = i == 1 ? reader.bytes() : std::nullopt;  // a user is bytes that are text nearly always
    bytes ? void(json.text(*bytes)) : write_value(json, reader);
  }
}

/// What the sections of a body add up to.
struct Content {
  std::string bytes = {};  ///< of data sections, or of a binary or string
  std::uint64_t size = 0;
  std::vector<Bytes> values = {};  ///< encoded, of others
  bool text = false;
};

void add_content(Content& content, Section section, Bytes value) {
  Reader reader(value);
  const bool data = section == Section::data;
  const auto code = static_cast<Code>(value[0]);
  const bool text = code == Code::str8 || code == Code::str32, binary = code == Code::vbin8 || code == Code::vbin32;
  if (!data && !text && !binary) return content.values.push_back(value);
  const auto bytes = reader.bytes().value_or("");
  content.size += bytes.size();
  content.text = content.text || text;
  const auto room = shown_body - std::min(shown_body, content.bytes.size());
  content.bytes += bytes.substr(0, room);
}

void write_content(JsonText& json, Content content, std::uint64_t elsewhere) {
  if (!content.values.empty()) {
    json.key("body");
    if (content.values.size() > 1) json.open('[');
    for (const Bytes value : content.values) {
      Reader reader(value);
      value.size() <= shown_body ? write_value(json, reader) : void(json.raw("null"));
      content.size += value.size();
    }
    if (content.values.size() > 1) json.close(']');
    const bool whole = content.values.size() == 1 ? content.values[0].size() <= shown_body : true;
    json.member("body_encoding", "json").key("body_bytes").number(content.size);
    if (!whole) json.key("body_truncated").boolean(true);
    return;
  }
  const bool whole = content.size == content.bytes.size() && elsewhere == 0;
  const bool readable = simdjson::validate_utf8(content.bytes);
  json.member("body", readable ? content.bytes : amqp::to_base64(content.bytes));
  json.member("body_encoding", readable ? "utf-8" : "base64").key("body_bytes").number(content.size + elsewhere);
  if (!whole) json.key("body_truncated").boolean(true);
}

}  // namespace

std::string rfc3339(std::int64_t milliseconds) {
  auto seconds = static_cast<std::time_t>(milliseconds / 1000);
  auto rest = milliseconds % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  std::tm utc{};
  if (gmtime_r(&seconds, &utc) == nullptr || utc.tm_year > 8099 || utc.tm_year < -1900)
    return std::to_string(milliseconds);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(rest));
  return text;
}

void write_value(JsonText& json, Reader& reader, int depth) {
  const Bytes encoded = reader.value();
  if (encoded.empty()) return void(json.raw("null"));
  const auto code = static_cast<Code>(encoded[0]);
  Reader inside(encoded);
  if (depth < max_depth && (code == Code::list0 || code == Code::list8 || code == Code::list32)) {
    const auto list = inside.list();
    return list ? write_items(json, *list, false, depth) : write_raw(json, encoded);
  }
  if (depth < max_depth && (code == Code::map8 || code == Code::map32)) {
    const auto map = inside.map();
    return map ? write_items(json, *map, true, depth) : write_raw(json, encoded);
  }
  if (depth < max_depth && code == Code::described) {
    Reader described(encoded.subspan(1));
    if (described.skip() && !described.empty()) return write_value(json, described, depth + 1);
    return write_raw(json, encoded);
  }
  if (code == Code::uuid && encoded.size() == 17) return void(json.text(uuid_text(encoded.data() + 1)));
  std::visit(ScalarToJson{json, encoded}, inside.scalar());
}

void write_message(JsonText& json, Bytes body, std::uint64_t elsewhere) {
  Content content;
  Bytes properties, annotations, application_properties;
  Reader sections(body);
  while (!sections.empty()) {
    const auto section = sections.section();
    const Bytes value = section ? sections.value() : Bytes{};
    if (value.empty()) {
      // A large message's first part: its body's value goes on elsewhere.
      if (section && elsewhere > 0) content.size += sections.left();
      break;
    }
    switch (*section) {
      case Section::message_annotations: annotations = value; break;
      case Section::properties: properties = value; break;
      case Section::application_properties: application_properties = value; break;
      case Section::data:
      case Section::amqp_sequence:
      case Section::amqp_value: add_content(content, *section, value); break;
      default: break;
    }
  }
  json.key("properties").open('{');
  write_properties(json, properties);
  json.close('}');
  for (const auto& [name, map] :
       {std::pair{"annotations", annotations}, {"application_properties", application_properties}}) {
    json.key(name);
    Reader reader(map);
    map.empty() ? void(json.open('{').close('}')) : write_value(json, reader);
  }
  write_content(json, std::move(content), elsewhere);
}

}  // namespace bascule::admin
