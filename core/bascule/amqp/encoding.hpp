// The names of the AMQP 1.0 type system (specification part 1, "Types") and of a message's sections, which Reader
// (reader.hpp) and Writer (writer.hpp) share. They need no Proton: the broker's pure core uses them too.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace bascule::amqp {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Constructors (format codes) this codec names. Part 1, section 1.6.
enum class Code : std::uint8_t {
  described = 0x00,
  null = 0x40,
  true_ = 0x41,
  false_ = 0x42,
  uint0 = 0x43,
  ulong0 = 0x44,
  list0 = 0x45,
  ubyte = 0x50,
  byte = 0x51,
  smalluint = 0x52,
  smallulong = 0x53,
  smallint = 0x54,
  smalllong = 0x55,
  boolean = 0x56,
  ushort = 0x60,
  short_ = 0x61,
  uint = 0x70,
  int_ = 0x71,
  float_ = 0x72,
  char_ = 0x73,
  ulong = 0x80,
  long_ = 0x81,
  double_ = 0x82,
  timestamp = 0x83,
  uuid = 0x98,
  vbin8 = 0xa0,
  str8 = 0xa1,
  sym8 = 0xa3,
  vbin32 = 0xb0,
  str32 = 0xb1,
  sym32 = 0xb3,
  list8 = 0xc0,
  map8 = 0xc1,
  list32 = 0xd0,
  map32 = 0xd1,
  array8 = 0xe0,
  array32 = 0xf0,
};

/// Descriptors of the sections of a message. Part 3, section 3.2.
enum class Section : std::uint8_t {
  header = 0x70,
  delivery_annotations = 0x71,
  message_annotations = 0x72,
  properties = 0x73,
  application_properties = 0x74,
  data = 0x75,
  amqp_sequence = 0x76,
  amqp_value = 0x77,
  footer = 0x78,
};

/// A scalar as read: views point into the bytes that were read. Lists, maps, arrays and described values are skipped and
/// read as monostate.
struct Symbol {
  std::string_view text;
};
struct Binary {
  std::string_view bytes;
};
struct Timestamp {
  std::int64_t milliseconds = 0;  ///< since the Unix epoch
};
using Value = std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string_view, Symbol, Binary,
                           Timestamp>;

}  // namespace bascule::amqp
