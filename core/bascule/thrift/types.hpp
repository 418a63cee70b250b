// What both wire protocols share: type codes, limits, and what can be wrong with bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::thrift {

/// Thrift's own type codes (those of TType and of the binary protocol).
enum class Type : std::uint8_t {
  stop = 0,
  boolean = 2,
  i8 = 3,
  dbl = 4,
  i16 = 6,
  i32 = 8,
  i64 = 10,
  string = 11,  ///< string and binary: the wire does not tell them apart
  structure = 12,
  map = 13,
  set = 14,
  list = 15,
  uuid = 16,
};

/// The name a person knows: "i32", "struct".
std::string_view to_string(Type type) noexcept;

/// Levels a reader or writer can ever hold; Limits::depth is at most this.
inline constexpr unsigned max_depth = 64;

/// Bounds a reader keeps before it allocates or recurses. A string or container is bounded by the bytes left.
struct Limits {
  std::size_t message = std::size_t{1} << 20;  ///< bytes of the whole message
  unsigned depth = 32;                         ///< nested structs; in skipped fields containers count too
  std::size_t memory = std::size_t{64} << 20;  ///< bytes of the elements of all containers, once they are C++ values
};

/// What is wrong with the bytes. The first one found stays.
enum class Fault : std::uint8_t {
  none,
  truncated,     ///< the bytes end inside a value
  message_size,  ///< the message is over Limits::message
  memory,        ///< the elements of containers would take more than Limits::memory
  size,          ///< a string or container says it is larger than the bytes left, or negative
  depth,         ///< nested deeper than Limits::depth
  varint,        ///< a varint over 10 bytes
  range,         ///< an integer does not fit its type
  type,          ///< no such type code
  boolean,       ///< a bool that is neither true nor false
  utf8,          ///< a string that is not UTF-8
  version,       ///< not a message of this protocol (old unversioned binary included)
  message_type,  ///< neither CALL, REPLY, EXCEPTION nor ONEWAY
};

/// A phrase for a person: "the message ends inside a value".
std::string_view to_string(Fault fault) noexcept;

/// The header of one field; type stop ends the struct.
struct Field {
  Type type = Type::stop;
  std::int16_t id = 0;
};

struct ListHeader {
  Type element = Type::stop;
  std::uint32_t size = 0;
};

struct MapHeader {
  Type key = Type::stop;
  Type value = Type::stop;
  std::uint32_t size = 0;
};

enum class MessageType : std::uint8_t { call = 1, reply = 2, exception = 3, oneway = 4 };

/// What a message begins with. The name points into the message's bytes.
struct MessageHeader {
  std::string_view name;
  MessageType type = MessageType::call;
  std::int32_t seqid = 0;
};

}  // namespace bascule::thrift
