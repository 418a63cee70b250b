// JSON text into a growing buffer: numbers, escaped strings, base64.
#pragma once

#include <charconv>
#include <cmath>
#include <string_view>

#include "bascule/thrift/sink.hpp"
#include "bascule/thrift/utf8.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

class JsonWriter : public thrift::Sink {
 public:
  using Sink::Sink;

  void integer(std::int64_t value) {
    reserve(24);
    if (value >= 0 && value < 10) {
      *cursor() = static_cast<char>('0' + value);
      advance(1);
      return;
    }
    advance(static_cast<std::size_t>(std::to_chars(cursor(), cursor() + 24, value).ptr - cursor()));
  }
  /// Shortest text that reads back as the same double; NaN and infinities are strings.
  void real(double value) {
    reserve(32);
    if (!std::isfinite(value)) [[unlikely]] {
      const std::string_view word = std::isnan(value) ? R"("NaN")"
                                    : value > 0       ? R"("Infinity")"
                                                      : R"("-Infinity")";
      append(word.data(), word.size());
      return;
    }
    advance(static_cast<std::size_t>(std::to_chars(cursor(), cursor() + 32, value).ptr - cursor()));
  }
  void boolean(bool value) { value ? append("true", 4) : append("false", 5); }

  /// A quoted string. False when the text is not UTF-8. readable: bytes that may be read from text.data() on.
  bool string(std::string_view text, std::size_t readable) {
    reserve(text.size() + 34);
    char* const start = cursor();
    *start = '"';
    advance(1);
    if (readable >= text.size() + 16 && copy_clean(text)) [[likely]] {
      *cursor() = '"';
      advance(1);
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
  /// Copies text that needs no escape and is ASCII; 15 bytes behind it are touched. False when it is not such
  /// text: then nothing has been written.
  bool copy_clean(std::string_view text) noexcept {
    char* to = cursor();
    const char* from = text.data();
    std::size_t left = text.size();
    for (; left >= 16; left -= 16, from += 16, to += 16) {
      const Block block = load_block(from);
      std::memcpy(to, &block, 16);
      if (any(special(block))) return false;
    }
    if (left != 0) {
      const Block block = load_block(from);
      std::memcpy(to, &block, 16);
      const Block marks = special(block);
      std::uint64_t half[2];
      std::memcpy(half, &marks, 16);
      if (left <= 8 ? (half[0] << (64 - 8 * left)) != 0 : (half[0] | half[1] << (128 - 8 * left)) != 0)
        return false;
    }
    advance(text.size());
    return true;
  }
  /// Control characters, bytes over 0x7f (negative here), quotes and backslashes.
  static Block special(Block block) noexcept {
    using Signed = signed char __attribute__((vector_size(16)));
    return (Block)((Signed)block < 0x20) | (Block)(block == '"') | (Block)(block == '\\');
  }
  bool escaped(std::string_view text);
};

}  // namespace bascule::transcode
