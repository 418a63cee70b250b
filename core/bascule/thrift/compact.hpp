// Thrift's compact protocol over a span in, over a std::string out. Concrete and inline: this is the hot
// path.
//
// CompactReader keeps Limits and a sticky Fault (see Cursor): read on and ask ok() when it matters.
// CompactWriter can only fail by depth. Neither needs libthrift. Not for two threads at once.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/thrift/cursor.hpp"
#include "bascule/thrift/sink.hpp"
#include "bascule/thrift/types.hpp"

namespace bascule::thrift {

namespace compact {

/// The protocol's own type codes. A bool field holds its value in the code.
enum Code : std::uint8_t {
  stop = 0,
  yes = 1,
  no = 2,
  i8 = 3,
  i16 = 4,
  i32 = 5,
  i64 = 6,
  dbl = 7,
  binary = 8,
  list = 9,
  set = 10,
  map = 11,
  structure = 12,
  uuid = 13,
};
inline constexpr std::uint8_t protocol_id = 0x82;
inline constexpr std::uint8_t version = 1;

inline constexpr std::array<Type, 16> types{
    Type::stop,   Type::boolean, Type::boolean, Type::i8,  Type::i16,       Type::i32,  Type::i64,  Type::dbl,
    Type::string, Type::list,    Type::set,     Type::map, Type::structure, Type::uuid, Type::stop, Type::stop};
inline constexpr std::array<std::uint8_t, 17> codes{stop, 0,   yes,    i8,        dbl, 0,   i16,  0,   i32,
                                                    0,    i64, binary, structure, map, set, list, uuid};
/// The fewest bytes a value takes, by code: what bounds a container's size by the bytes left.
inline constexpr std::array<std::uint8_t, 16> least{1, 1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1, 1, 16, 1, 1};

inline constexpr std::uint8_t code(Type type) noexcept { return codes[static_cast<std::uint8_t>(type)]; }

}  // namespace compact

class CompactReader : public Cursor {
 public:
  explicit CompactReader(std::string_view bytes, const Limits& limits = {}) noexcept : Cursor(bytes, limits) {}

  MessageHeader message_begin() noexcept;

  /// False when nested too deep; then everything reads as empty.
  bool struct_begin() noexcept {
    if (!enter()) return false;
    outer_[depth() - 1] = last_id_;
    last_id_ = 0;
    return true;
  }
  void struct_end() noexcept {
    if (!ok()) return;
    last_id_ = outer_[depth() - 1];
    leave();
  }
  Field field_begin() noexcept {
    const std::uint8_t head = byte();
    const std::uint8_t code = head & 15;
    if (code == compact::stop) return {};
    if (code > compact::uuid) [[unlikely]] {
      fail(Fault::type);
      return {};
    }
    std::int32_t id = last_id_ + (head >> 4);
    if ((head >> 4) == 0) id = i16();
    if (id > 32767) [[unlikely]]
      fail(Fault::range);
    if (!ok()) [[unlikely]]
      return {};
    last_id_ = static_cast<std::int16_t>(id);
    pending_ = code <= compact::no ? code : 0;
    return {compact::types[code], last_id_};
  }

  bool boolean() noexcept {
    const std::uint8_t value = pending_ != 0 ? pending_ : byte();
    pending_ = 0;
    if (value > compact::no) [[unlikely]]
      fail(Fault::boolean);
    return value == compact::yes;
  }
  std::int8_t i8() noexcept { return static_cast<std::int8_t>(byte()); }
  std::int16_t i16() noexcept { return narrow<std::int16_t>(); }
  std::int32_t i32() noexcept { return narrow<std::int32_t>(); }
  std::int64_t i64() noexcept { return unzigzag(varint()); }
  double dbl() noexcept { return std::bit_cast<double>(word<std::uint64_t>()); }
  std::string_view binary() noexcept { return take(varint()); }
  /// As binary(), and must be UTF-8.
  std::string_view string() noexcept { return take_utf8(varint()); }
  /// 16 bytes.
  std::string_view uuid() noexcept { return take(16); }

  ListHeader list_begin() noexcept {
    const std::uint8_t head = byte();
    const std::uint8_t code = head & 15;
    std::uint64_t size = head >> 4;
    if (size == 15) size = varint();
    if (!sized(code, size, compact::least[code])) return {};
    return {compact::types[code], static_cast<std::uint32_t>(size)};
  }
  ListHeader set_begin() noexcept { return list_begin(); }
  MapHeader map_begin() noexcept {
    const std::uint64_t size = varint();
    if (size == 0) return {};
    const std::uint8_t head = byte();
    const std::uint8_t key = head >> 4, value = head & 15;
    if (!sized(key, size, compact::least[key] + compact::least[value]) || !sized(value, size, 1)) return {};
    return {compact::types[key], compact::types[value], static_cast<std::uint32_t>(size)};
  }

  /// Passes over a value of any kind.
  void skip(Type type) noexcept;

 private:
  template <class Int>
  Int narrow() noexcept {
    const std::int64_t value = unzigzag(varint());
    if (value != static_cast<Int>(value)) [[unlikely]] {
      fail(Fault::range);
      return 0;
    }
    return static_cast<Int>(value);
  }
  bool sized(std::uint8_t code, std::uint64_t size, unsigned each) noexcept {
    if (code > compact::uuid || (code == 0 && size != 0)) [[unlikely]] {
      fail(Fault::type);
    } else if (size > remaining() / each) [[unlikely]] {
      fail(Fault::size);
    }
    return ok();
  }

  std::int16_t last_id_ = 0;
  std::uint8_t pending_ = 0;  ///< the code of a bool field whose value was not asked for yet
  std::array<std::int16_t, max_depth> outer_;
};

class CompactWriter : public Sink {
 public:
  explicit CompactWriter(std::string& out, unsigned depth_limit = Limits{}.depth)
      : Sink(out), depth_limit_(depth_limit < max_depth ? depth_limit : max_depth) {}

  void message_begin(std::string_view name, MessageType type, std::int32_t seqid);

  /// False when nested too deep: nothing may be written any more.
  bool struct_begin() noexcept {
    if (depth_ == depth_limit_) [[unlikely]]
      return false;
    outer_[depth_++] = last_id_;
    last_id_ = 0;
    return true;
  }
  /// Writes the stop byte too.
  void struct_end() {
    byte(compact::stop);
    last_id_ = outer_[--depth_];
  }
  unsigned depth() const noexcept { return depth_; }

  void field_begin(Type type, std::int16_t id) { header(compact::code(type), id); }
  void bool_field(std::int16_t id, bool value) { header(value ? compact::yes : compact::no, id); }

  /// A bool that is not a field: a container's element.
  void boolean(bool value) { byte(value ? compact::yes : compact::no); }
  void i8(std::int8_t value) { byte(static_cast<std::uint8_t>(value)); }
  void i16(std::int16_t value) { varint(zigzag(value)); }
  void i32(std::int32_t value) { varint(zigzag(value)); }
  void i64(std::int64_t value) { varint(zigzag(value)); }
  void dbl(double value) {
    reserve(8);
    std::memcpy(cursor(), &value, 8);
    advance(8);
  }
  void string(std::string_view text) {
    reserve(text.size() + 26);
    advance(static_cast<std::size_t>(put_varint(cursor(), text.size()) - cursor()));
    append(text.data(), text.size());
  }
  void uuid(std::string_view bytes) { append(bytes.data(), 16); }
  void list_begin(Type element, std::uint32_t size) {
    reserve(11);
    if (size < 15) {
      byte(static_cast<std::uint8_t>(size << 4 | compact::code(element)));
    } else {
      byte(0xf0 | compact::code(element));
      varint(size);
    }
  }
  void set_begin(Type element, std::uint32_t size) { list_begin(element, size); }
  void map_begin(Type key, Type value, std::uint32_t size) {
    varint(size);
    if (size != 0) byte(static_cast<std::uint8_t>(compact::code(key) << 4 | compact::code(value)));
  }

  /// A field's header at `to`, which has room for header_room bytes; returns its end. For callers that write
  /// a whole field through a pointer of their own.
  static constexpr std::size_t header_room = 11;
  char* put_header(char* to, std::uint8_t code, std::int16_t id) noexcept {
    const std::int32_t delta = id - last_id_;
    last_id_ = id;
    if (delta > 0 && delta <= 15) [[likely]] {
      *to = static_cast<char>(delta << 4 | code);
      return to + 1;
    }
    *to = static_cast<char>(code);
    return put_varint(to + 1, zigzag(id));
  }
  /// The id that the next field's is written relative to; to take back a header that put_header() made.
  std::int16_t last_id() const noexcept { return last_id_; }
  void last_id(std::int16_t id) noexcept { last_id_ = id; }

 private:
  void header(std::uint8_t code, std::int16_t id) {
    reserve(header_room);
    seek(put_header(cursor(), code, id));
  }

  std::int16_t last_id_ = 0;
  unsigned depth_ = 0;
  unsigned depth_limit_;
  std::array<std::int16_t, max_depth> outer_;
};

}  // namespace bascule::thrift
