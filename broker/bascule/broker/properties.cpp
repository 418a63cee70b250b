#include "bascule/broker/properties.hpp"

#include "bascule/broker/crc32c.hpp"

namespace bascule::broker {
namespace {

/// The value of `wanted`, reading no further than it; sections come in the order of their codes.
Bytes find_section(Bytes body, Section wanted, bool& malformed) noexcept {
  Reader reader(body);
  malformed = false;
  while (!reader.empty()) {
    const auto section = reader.section();
    if (!section) {
      malformed = true;
      return {};
    }
    if (*section > wanted) return {};
    const auto value = reader.value();
    malformed = reader.failed();
    if (malformed || *section == wanted) return value;
  }
  return {};
}

Bytes present(Bytes encoded) noexcept { return encoded.size() == 1 && encoded[0] == 0x40 ? Bytes{} : encoded; }

}  // namespace

std::optional<Properties> read_properties(Bytes body) noexcept {
  bool malformed = false;
  const auto list = find_section(body, Section::properties, malformed);
  if (malformed) return {};
  Properties found;
  if (list.empty()) return found;
  std::uint32_t count = 0;
  Reader reader = Reader(list).items(count);
  if (reader.failed()) return {};
  for (std::uint32_t field = 0; field < count && !reader.failed(); ++field) {
    switch (field) {
      case 0: found.message_id = present(reader.value()); break;
      case 2: found.to = reader.text().value_or(""); break;
      case 3: found.subject = reader.text().value_or(""); break;
      case 4: found.reply_to = reader.text().value_or(""); break;
      case 5: found.correlation_id = present(reader.value()); break;
      case 10: found.group_id = reader.text().value_or(""); break;
      default: reader.value();
    }
  }
  if (reader.failed()) return {};
  return found;
}

Bytes read_property(Bytes body, std::uint32_t field) noexcept {
  bool malformed = false;
  const auto list = find_section(body, Section::properties, malformed);
  if (list.empty()) return {};
  std::uint32_t count = 0;
  Reader reader = Reader(list).items(count);
  if (field >= count) return {};
  for (std::uint32_t skipped = 0; skipped < field; ++skipped) reader.value();
  return present(reader.value());
}

std::string identifier_text(Bytes encoded) {
  if (const auto text = Reader(encoded).text()) return std::string(*text);
  if (const auto number = Reader(encoded).unsigned_integer()) return "ID:AMQP_ULONG:" + std::to_string(*number);
  const bool uuid = encoded.size() == 17 && encoded[0] == 0x98;
  const auto bytes = uuid ? encoded.subspan(1) : amqp::as_bytes(Reader(encoded).bytes().value_or(""));
  if (bytes.empty()) return {};
  std::string text = uuid ? "ID:AMQP_UUID:" : "ID:AMQP_BINARY:";
  const char* const digits = uuid ? "0123456789abcdef" : "0123456789ABCDEF";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (uuid && (i == 4 || i == 6 || i == 8 || i == 10)) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 0xf];
  }
  return text;
}

std::string_view read_to(Bytes body) noexcept {
  bool malformed = false;
  const auto list = find_section(body, Section::properties, malformed);
  if (list.empty()) return {};
  std::uint32_t count = 0;
  Reader reader = Reader(list).items(count);
  if (count < 3) return {};
  reader.value();
  reader.value();
  return reader.text().value_or("");
}

std::string_view read_user_id(Bytes body) noexcept {
  bool malformed = false;
  const auto list = find_section(body, Section::properties, malformed);
  if (list.empty()) return {};
  std::uint32_t count = 0;
  Reader reader = Reader(list).items(count);
  if (count < 2) return {};
  reader.value();
  return reader.bytes().value_or("");
}

std::uint32_t group_hash(Bytes body) noexcept {
  const auto group_id = Reader(read_property(body, 10)).text();
  if (!group_id || group_id->empty()) return 0;
  const std::uint32_t hash = crc32c(amqp::as_bytes(*group_id));
  return hash == 0 ? 1 : hash;
}

Bytes find_in_map(Bytes body, Section section, std::string_view key) noexcept {
  bool malformed = false;
  const auto map = find_section(body, section, malformed);
  if (map.empty()) return {};
  std::uint32_t count = 0;
  Reader reader = Reader(map).items(count);
  for (std::uint32_t i = 0; i + 1 < count && !reader.failed(); i += 2) {
    const auto name = reader.text();
    const auto value = reader.value();
    if (name == key) return value;
  }
  return {};
}

}  // namespace bascule::broker
