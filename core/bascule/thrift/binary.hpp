// Thrift's binary protocol (strict: versioned messages only), with the same shape as the compact reader and
// writer.
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

namespace binary {

inline constexpr std::uint32_t version = 0x80010000;
inline constexpr std::uint32_t version_mask = 0xffff0000;
/// The fewest bytes a value takes, by type; 0: no such type.
inline constexpr std::array<std::uint8_t, 17> least{0, 0, 1, 1, 8, 0, 2, 0, 4, 0, 8, 4, 1, 6, 5, 5, 16};

inline std::uint16_t swapped(std::uint16_t value) noexcept { return __builtin_bswap16(value); }
inline std::uint32_t swapped(std::uint32_t value) noexcept { return __builtin_bswap32(value); }
inline std::uint64_t swapped(std::uint64_t value) noexcept { return __builtin_bswap64(value); }

}  // namespace binary

class BinaryReader : public Cursor {
 public:
  explicit BinaryReader(std::string_view bytes, const Limits& limits = {}) noexcept : Cursor(bytes, limits) {}

  MessageHeader message_begin() noexcept;

  /// False when nested too deep; then everything reads as empty.
  bool struct_begin() noexcept { return enter(); }
  void struct_end() noexcept {
    if (ok()) leave();
  }
  Field field_begin() noexcept {
    const Type type = read_type();
    if (type == Type::stop) return {};
    const std::int16_t id = i16();
    if (!ok()) [[unlikely]]
      return {};
    return {type, id};
  }

  bool boolean() noexcept {
    const std::uint8_t value = byte();
    if (value > 1) [[unlikely]]
      fail(Fault::boolean);
    return value == 1;
  }
  std::int8_t i8() noexcept { return static_cast<std::int8_t>(byte()); }
  std::int16_t i16() noexcept { return static_cast<std::int16_t>(binary::swapped(word<std::uint16_t>())); }
  std::int32_t i32() noexcept { return static_cast<std::int32_t>(binary::swapped(word<std::uint32_t>())); }
  std::int64_t i64() noexcept { return static_cast<std::int64_t>(binary::swapped(word<std::uint64_t>())); }
  double dbl() noexcept { return std::bit_cast<double>(i64()); }
  std::string_view binary() noexcept { return take(length()); }
  /// As binary(), and must be UTF-8.
  std::string_view string() noexcept { return take_utf8(length()); }
  /// 16 bytes.
  std::string_view uuid() noexcept { return take(16); }

  ListHeader list_begin() noexcept {
    const auto code = byte();
    const std::uint32_t size = length();
    if (!sized(code, size, least(code))) return {};
    return {static_cast<Type>(code), size};
  }
  ListHeader set_begin() noexcept { return list_begin(); }
  MapHeader map_begin() noexcept {
    const auto key = byte(), value = byte();
    const std::uint32_t size = length();
    if (!sized(key, size, least(key) + least(value)) || !sized(value, size, 1)) return {};
    return {static_cast<Type>(key), static_cast<Type>(value), size};
  }

  /// Passes over a value of any kind.
  void skip(Type type) noexcept;

 private:
  static unsigned least(std::uint8_t code) noexcept { return code < binary::least.size() ? binary::least[code] : 0; }

  Type read_type() noexcept {
    const std::uint8_t code = byte();
    if (code != 0 && least(code) == 0) [[unlikely]] {
      fail(Fault::type);
      return Type::stop;
    }
    return static_cast<Type>(code);
  }
  std::uint32_t length() noexcept {
    const std::int32_t size = i32();
    if (size < 0) [[unlikely]] {
      fail(Fault::size);
      return 0;
    }
    return static_cast<std::uint32_t>(size);
  }
  /// An empty container's types say nothing: some writers leave them zero.
  bool sized(std::uint8_t code, std::uint32_t size, unsigned each) noexcept {
    if (size != 0 && least(code) == 0) [[unlikely]] {
      fail(Fault::type);
    } else if (size != 0 && size > remaining() / each) [[unlikely]] {
      fail(Fault::size);
    }
    return ok();
  }
};

class BinaryWriter : public Sink {
 public:
  explicit BinaryWriter(std::string& out, unsigned depth_limit = Limits{}.depth)
      : Sink(out), depth_limit_(depth_limit < max_depth ? depth_limit : max_depth) {}

  void message_begin(std::string_view name, MessageType type, std::int32_t seqid);

  /// False when nested too deep: nothing may be written any more.
  bool struct_begin() noexcept {
    if (depth_ == depth_limit_) [[unlikely]]
      return false;
    ++depth_;
    return true;
  }
  /// Writes the stop byte too.
  void struct_end() {
    byte(0);
    --depth_;
  }
  unsigned depth() const noexcept { return depth_; }

  void field_begin(Type type, std::int16_t id) {
    reserve(3);
    byte(static_cast<std::uint8_t>(type));
    i16(id);
  }
  void bool_field(std::int16_t id, bool value) {
    field_begin(Type::boolean, id);
    boolean(value);
  }
  void boolean(bool value) { byte(value ? 1 : 0); }
  void i8(std::int8_t value) { byte(static_cast<std::uint8_t>(value)); }
  void i16(std::int16_t value) { put(binary::swapped(static_cast<std::uint16_t>(value))); }
  void i32(std::int32_t value) { put(binary::swapped(static_cast<std::uint32_t>(value))); }
  void i64(std::int64_t value) { put(binary::swapped(static_cast<std::uint64_t>(value))); }
  void dbl(double value) { i64(std::bit_cast<std::int64_t>(value)); }
  void string(std::string_view text) {
    reserve(text.size() + 20);
    i32(static_cast<std::int32_t>(text.size()));
    append(text.data(), text.size());
  }
  void uuid(std::string_view bytes) { append(bytes.data(), 16); }
  void list_begin(Type element, std::uint32_t size) {
    byte(static_cast<std::uint8_t>(element));
    i32(static_cast<std::int32_t>(size));
  }
  void set_begin(Type element, std::uint32_t size) { list_begin(element, size); }
  void map_begin(Type key, Type value, std::uint32_t size) {
    byte(static_cast<std::uint8_t>(key));
    list_begin(value, size);
  }

 private:
  template <class Word>
  void put(Word word) {
    reserve(sizeof word);
    std::memcpy(cursor(), &word, sizeof word);
    advance(sizeof word);
  }

  unsigned depth_ = 0;
  unsigned depth_limit_;
};

}  // namespace bascule::thrift
