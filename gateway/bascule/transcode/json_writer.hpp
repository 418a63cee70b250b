// JSON text into a growing buffer: numbers, escaped strings, base64.
#pragma once

#include <charconv>
#include <cstring>
#include <string_view>

#include "bascule/thrift/sink.hpp"
#include "bascule/thrift/utf8.hpp"
#include "bascule/transcode/schema.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

class JsonWriter : public thrift::Sink {
 public:
  using Sink::Sink;

  void integer(std::int64_t value) {
    reserve(24);
    seek(put_integer(cursor(), value));
  }
  /// Shortest text that reads back as the same double; NaN and infinities are strings.
  void real(double value) {
    reserve(32);
    seek(put_real(cursor(), value));
  }
  /// A field's key; without its comma when it is the first.
  void key(const JsonKey& key, bool first) {
    reserve(48);
    if (key.size > 32) return append(key.text.data() + first, key.size - first);
    std::memcpy(cursor(), key.head.data() + first, 16);
    std::memcpy(cursor() + 16, key.head.data() + 16 + first, 15);
    advance(key.size - first);
  }
  void boolean(bool value) { value ? append("true", 4) : append("false", 5); }

  /// A quoted string. False when the text is not UTF-8. readable: bytes that may be read from text.data() on.
  bool string(std::string_view text, std::size_t readable) {
    reserve(text.size() + 34);
    char* const start = cursor();
    *start = '"';
    char* const end = start + 1 + text.size();
    if (readable >= text.size() + 16 && copy_clean(text, start + 1)) [[likely]] {
      *end = '"';
      seek(end + 1);
      return true;
    }
    return escaped(text);
  }
  void base64(std::string_view bytes) {
    reserve(base64_size(bytes.size()) + 2);
    char* to = cursor();
    *to++ = '"';
    to = encode_base64(bytes, to);
    *to++ = '"';
    advance(static_cast<std::size_t>(to - cursor()));
  }
  void uuid(std::string_view bytes) {
    reserve(38);
    char* to = cursor();
    *to++ = '"';
    to = format_uuid(bytes, to);
    *to++ = '"';
    advance(static_cast<std::size_t>(to - cursor()));
  }

 private:
  /// Copies text; 15 bytes behind both are touched. False when it needs an escape or is not ASCII.
  static bool copy_clean(std::string_view text, char* to) noexcept {
    const char* from = text.data();
    std::size_t left = text.size();
    for (; left >= 16; left -= 16, from += 16, to += 16) {
      const Block block = load_block(from);
      std::memcpy(to, &block, 16);
      if (any(special(block))) return false;
    }
    if (left == 0) return true;
    const Block block = load_block(from);
    std::memcpy(to, &block, 16);
    const Block marks = special(block);
    std::uint64_t half[2];
    std::memcpy(half, &marks, 16);
    return left <= 8 ? (half[0] << (64 - 8 * left)) == 0 : (half[0] | half[1] << (128 - 8 * left)) == 0;
  }
  /// Control characters, bytes over 0x7f (negative here), quotes and backslashes.
  static Block special(Block block) noexcept {
    using Signed = signed char __attribute__((vector_size(16)));
    return (Block)((Signed)block < 0x20) | (Block)(block == '"') | (Block)(block == '\\');
  }
  static char* put_integer(char* to, std::int64_t value) noexcept;
  static char* put_real(char* to, double value) noexcept;
  bool escaped(std::string_view text);
};

inline char* JsonWriter::put_integer(char* to, std::int64_t value) noexcept {
  if (value >= 0 && value < 10) {
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  return std::to_chars(to, to + 24, value).ptr;
}

}  // namespace bascule::transcode
