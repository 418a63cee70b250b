#include "values.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <proton/binary.hpp>
#include <proton/codec/decoder.hpp>
#include <proton/codec/encoder.hpp>
#include <proton/decimal.hpp>
#include <proton/symbol.hpp>
#include <proton/timestamp.hpp>
#include <proton/types.hpp>
#include <proton/uuid.hpp>
#include <stdexcept>

namespace interop {
namespace {

using proton::codec::decoder;
using proton::codec::encoder;
using proton::codec::finish;
using proton::codec::start;

std::string hex(const std::uint8_t* data, std::size_t size) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[data[i] >> 4];
    text += digits[data[i] & 15];
  }
  return text;
}

proton::binary unhex(const std::string& text) {
  proton::binary bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

proton::binary binary_of(const Json& spec) {
  if (spec.is_string()) return unhex(spec.get<std::string>());
  proton::binary bytes(spec.at("size").get<std::size_t>());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

Json told(const proton::binary& bytes) {
  if (bytes.size() <= 4096) return hex(bytes.data(), bytes.size());
  std::array<std::uint8_t, 32> sum{};
  EVP_Digest(bytes.data(), bytes.size(), sum.data(), nullptr, EVP_sha256(), nullptr);
  return {{"size", bytes.size()}, {"sha256", hex(sum.data(), sum.size())}};
}

/// The bits of a number from their hexadecimal, most significant first.
template <class T>
T from_bits(const std::string& text) {
  std::uint64_t bits = std::stoull(text, nullptr, 16);
  T out{};
  if constexpr (sizeof(T) == 4) {
    const auto narrow = static_cast<std::uint32_t>(bits);
    std::memcpy(&out, &narrow, 4);
  } else {
    std::memcpy(&out, &bits, 8);
  }
  return out;
}

template <class T>
std::string to_bits(T value) {
  std::array<std::uint8_t, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(T));
  std::string text;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) text += hex(&*byte, 1);
  return text;
}

// The library keeps a decimal of 32 or 64 bits as the machine keeps an integer, and one of 128 as its bytes on the wire.
template <class T>
void to_wire_order(T& decimal) {
  if (decimal.size() < 16) std::reverse(decimal.begin(), decimal.end());
}

template <class T>
T decimal(const std::string& text) {
  const auto bytes = unhex(text);
  T out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  to_wire_order(out);
  return out;
}

void put(encoder& out, const Json& spec);

void put_scalar(encoder& out, const std::string& type, const Json& value) {
  if (type == "null") {
    out << proton::null();
  } else if (type == "boolean") {
    out << value.get<bool>();
  } else if (type == "ubyte") {
    out << value.get<std::uint8_t>();
  } else if (type == "ushort") {
    out << value.get<std::uint16_t>();
  } else if (type == "uint") {
    out << value.get<std::uint32_t>();
  } else if (type == "ulong") {
    out << static_cast<std::uint64_t>(std::stoull(value.get<std::string>()));
  } else if (type == "byte") {
    out << value.get<std::int8_t>();
  } else if (type == "short") {
    out << value.get<std::int16_t>();
  } else if (type == "int") {
    out << value.get<std::int32_t>();
  } else if (type == "long") {
    out << static_cast<std::int64_t>(std::stoll(value.get<std::string>()));
  } else if (type == "float") {
    out << from_bits<float>(value.get<std::string>());
  } else if (type == "double") {
    out << from_bits<double>(value.get<std::string>());
  } else if (type == "decimal32") {
    out << decimal<proton::decimal32>(value.get<std::string>());
  } else if (type == "decimal64") {
    out << decimal<proton::decimal64>(value.get<std::string>());
  } else if (type == "decimal128") {
    out << decimal<proton::decimal128>(value.get<std::string>());
  } else if (type == "char") {
    out << static_cast<wchar_t>(value.get<std::uint32_t>());
  } else if (type == "timestamp") {
    out << proton::timestamp(std::stoll(value.get<std::string>()));
  } else if (type == "uuid") {
    const auto bytes = unhex(value.get<std::string>());
    out << proton::uuid::copy(reinterpret_cast<const char*>(bytes.data()));
  } else if (type == "binary") {
    out << binary_of(value);
  } else if (type == "string") {
    out << value.get<std::string>();
  } else if (type == "symbol") {
    out << proton::symbol(value.get<std::string>());
  } else {
    throw std::invalid_argument("no type " + type);
  }
}

proton::type_id type_named(const std::string& name) {
  for (const proton::type_id id :
       {proton::BOOLEAN,    proton::UBYTE, proton::BYTE,   proton::USHORT,    proton::SHORT,
        proton::UINT,       proton::INT,   proton::CHAR,   proton::ULONG,     proton::LONG,
        proton::TIMESTAMP,  proton::FLOAT, proton::DOUBLE, proton::DECIMAL32, proton::DECIMAL64,
        proton::DECIMAL128, proton::UUID,  proton::BINARY, proton::STRING,    proton::SYMBOL}) {
    if (proton::type_name(id) == name) return id;
  }
  throw std::invalid_argument("no array of " + name);
}

void put(encoder& out, const Json& spec) {
  const auto type = spec.at(0).get<std::string>();
  if (type == "list") {
    out << start::list();
    for (const auto& item : spec.at(1)) put(out, item);
    out << finish();
  } else if (type == "map") {
    out << start::map();
    for (const auto& item : spec.at(1)) {
      put(out, item.at(0));
      put(out, item.at(1));
    }
    out << finish();
  } else if (type == "array") {
    const auto element = spec.at(1).get<std::string>();
    out << start::array(type_named(element));
    for (const auto& item : spec.at(2)) put_scalar(out, element, item);
    out << finish();
  } else if (type == "described") {
    out << start::described();
    put(out, spec.at(1));
    put(out, spec.at(2));
    out << finish();
  } else {
    put_scalar(out, type, spec.size() > 1 ? spec.at(1) : Json());
  }
}

template <class T>
T take(decoder& in) {
  T value{};
  in >> value;
  return value;
}

Json get(decoder& in);

Json get_compound(decoder& in) {
  start begun;
  in >> begun;
  Json items = Json::array();
  switch (begun.type) {
    case proton::LIST:
      for (std::size_t i = 0; i < begun.size; ++i) items.push_back(get(in));
      in >> finish();
      return {"list", items};
    case proton::MAP:
      for (std::size_t i = 0; i + 1 < begun.size; i += 2) {
        Json pair = Json::array({get(in)});
        pair.push_back(get(in));
        items.push_back(pair);
      }
      in >> finish();
      return {"map", items};
    case proton::ARRAY:
      for (std::size_t i = 0; i < begun.size; ++i) items.push_back(get(in).at(1));
      in >> finish();
      return {"array", proton::type_name(begun.element), items};
    default: {
      Json described = {"described", get(in)};
      described.push_back(get(in));
      in >> finish();
      return described;
    }
  }
}

Json get(decoder& in) {
  const proton::type_id type = in.next_type();
  const std::string name = proton::type_name(type);
  switch (type) {
    case proton::NULL_TYPE:
      take<proton::value>(in);
      return Json::array({"null"});  // into proton::null it would not advance
    case proton::BOOLEAN: return {name, take<bool>(in)};
    case proton::UBYTE: return {name, take<std::uint8_t>(in)};
    case proton::BYTE: return {name, take<std::int8_t>(in)};
    case proton::USHORT: return {name, take<std::uint16_t>(in)};
    case proton::SHORT: return {name, take<std::int16_t>(in)};
    case proton::UINT: return {name, take<std::uint32_t>(in)};
    case proton::INT: return {name, take<std::int32_t>(in)};
    case proton::CHAR: return {name, static_cast<std::uint32_t>(take<wchar_t>(in))};
    case proton::ULONG: return {name, std::to_string(take<std::uint64_t>(in))};
    case proton::LONG: return {name, std::to_string(take<std::int64_t>(in))};
    case proton::TIMESTAMP: return {name, std::to_string(take<proton::timestamp>(in).milliseconds())};
    case proton::FLOAT: return {name, to_bits(take<float>(in))};
    case proton::DOUBLE: return {name, to_bits(take<double>(in))};
    case proton::DECIMAL32: {
      auto value = take<proton::decimal32>(in);
      to_wire_order(value);
      return {name, hex(value.begin(), value.size())};
    }
    case proton::DECIMAL64: {
      auto value = take<proton::decimal64>(in);
      to_wire_order(value);
      return {name, hex(value.begin(), value.size())};
    }
    case proton::DECIMAL128: {
      auto value = take<proton::decimal128>(in);
      to_wire_order(value);
      return {name, hex(value.begin(), value.size())};
    }
    case proton::UUID: {
      const auto value = take<proton::uuid>(in);
      return {name, hex(value.begin(), value.size())};
    }
    case proton::BINARY: return {name, told(take<proton::binary>(in))};
    case proton::STRING: return {name, take<std::string>(in)};
    case proton::SYMBOL: return {name, std::string(take<proton::symbol>(in))};
    default: return get_compound(in);
  }
}

proton::annotation_key key_of(const Json& spec) {
  if (spec.at(0) == "ulong") return {static_cast<std::uint64_t>(std::stoull(spec.at(1).get<std::string>()))};
  return {proton::symbol(spec.at(1).get<std::string>())};
}

template <class Map>
void put_annotations(Map& map, const Json& spec, const char* section) {
  if (!spec.contains(section)) return;
  for (const auto& item : spec.at(section)) map.put(key_of(item.at(0)), to_value(item.at(1)));
}

template <class Map>
void tell_annotations(Json& spec, const char* section, const Map& found) {
  if (found.empty()) return;
  const auto whole = from_value(proton::value(found));
  spec[section] = whole.at(1);
}

void put_properties(proton::message& message, const Json& fields) {
  for (const auto& [field, value] : fields.items()) {
    if (field == "message_id") {
      message.id(proton::get<proton::message_id>(to_value(value)));
    } else if (field == "correlation_id") {
      message.correlation_id(proton::get<proton::message_id>(to_value(value)));
    } else if (field == "user_id") {
      const auto bytes = unhex(value.get<std::string>());
      message.user(std::string(bytes.begin(), bytes.end()));
    } else if (field == "to") {
      message.to(value);
    } else if (field == "subject") {
      message.subject(value);
    } else if (field == "reply_to") {
      message.reply_to(value);
    } else if (field == "content_type") {
      message.content_type(value);
    } else if (field == "content_encoding") {
      message.content_encoding(value);
    } else if (field == "absolute_expiry_time") {
      message.expiry_time(proton::timestamp(std::stoll(value.get<std::string>())));
    } else if (field == "creation_time") {
      message.creation_time(proton::timestamp(std::stoll(value.get<std::string>())));
    } else if (field == "group_id") {
      message.group_id(value);
    } else if (field == "group_sequence") {
      message.group_sequence(value);
    } else if (field == "reply_to_group_id") {
      message.reply_to_group_id(value);
    }
  }
}

Json tell_properties(const proton::message& message) {
  Json found = Json::object();
  const auto text = [&found](const char* field, const std::string& value) {
    if (!value.empty()) found[field] = value;
  };
  if (!message.id().empty()) found["message_id"] = from_value(proton::value(message.id()));
  if (!message.correlation_id().empty()) found["correlation_id"] = from_value(proton::value(message.correlation_id()));
  const auto user = message.user();
  text("user_id", hex(reinterpret_cast<const std::uint8_t*>(user.data()), user.size()));
  text("to", message.to());
  text("subject", message.subject());
  text("reply_to", message.reply_to());
  text("content_type", message.content_type());
  text("content_encoding", message.content_encoding());
  if (message.expiry_time().milliseconds() != 0)
    found["absolute_expiry_time"] = std::to_string(message.expiry_time().milliseconds());
  if (message.creation_time().milliseconds() != 0)
    found["creation_time"] = std::to_string(message.creation_time().milliseconds());
  text("group_id", message.group_id());
  if (message.group_sequence() != 0) found["group_sequence"] = message.group_sequence();
  text("reply_to_group_id", message.reply_to_group_id());
  return found;
}

}  // namespace

proton::value to_value(const Json& spec) {
  proton::value value;
  encoder out(value);
  put(out, spec);
  return value;
}

Json from_value(const proton::value& value) {
  if (value.empty()) return Json::array({"null"});
  decoder in(value, true);
  return get(in);
}

proton::message to_message(const Json& spec) {
  proton::message message;
  const Json header = spec.value("header", Json::object());
  message.durable(header.value("durable", false));
  message.priority(header.value("priority", std::uint8_t{4}));
  message.ttl(proton::duration(header.value("ttl", std::uint64_t{0})));
  put_annotations(message.delivery_annotations(), spec, "delivery_annotations");
  put_annotations(message.message_annotations(), spec, "annotations");
  put_properties(message, spec.value("properties", Json::object()));
  for (const auto& item : spec.value("application_properties", Json::array())) {
    message.properties().put(item.at(0).at(1).get<std::string>(), proton::get<proton::scalar>(to_value(item.at(1))));
  }
  if (spec.contains("data")) {
    message.inferred(true);
    message.body(binary_of(spec.at("data").at(0)));
  } else if (spec.contains("sequence")) {
    message.inferred(true);
    message.body(to_value({"list", spec.at("sequence").at(0)}));
  } else {
    message.body(to_value(spec.at("value")));
  }
  return message;
}

Json from_message(const proton::message& message) {
  Json spec;
  spec["header"] = {{"durable", message.durable()},
                    {"priority", message.priority()},
                    {"ttl", message.ttl().milliseconds()},
                    {"first_acquirer", message.first_acquirer()},
                    {"delivery_count", message.delivery_count()}};
  tell_annotations(spec, "delivery_annotations", message.delivery_annotations());
  tell_annotations(spec, "annotations", message.message_annotations());
  spec["properties"] = tell_properties(message);
  tell_annotations(spec, "application_properties", message.properties());
  const Json body = from_value(message.body());
  if (message.inferred() && body.at(0) == "binary") {
    spec["data"] = Json::array({body.at(1)});
  } else if (message.inferred() && body.at(0) == "list") {
    spec["sequence"] = Json::array({body.at(1)});
  } else {
    spec["value"] = body;
  }
  return spec;
}

}  // namespace interop
