// UTF-8 validation with a fast path for ASCII: the check that every string read from the wire passes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bascule::thrift {

/// Whether text is well-formed UTF-8 (no overlong form, no surrogate, nothing over U+10FFFF).
bool valid_utf8_slow(std::string_view text) noexcept;

inline bool is_ascii(const char* text, std::size_t size) noexcept {
  constexpr std::uint64_t high = 0x8080808080808080;
  std::uint64_t word = 0;
  if (size < 8) {
    std::uint64_t seen = 0;
    if (size & 4) {
      std::uint32_t w;
      std::memcpy(&w, text, 4);
      seen |= w;
      text += 4;
    }
    if (size & 2) {
      std::uint16_t w;
      std::memcpy(&w, text, 2);
      seen |= w;
      text += 2;
    }
    if (size & 1) seen |= static_cast<unsigned char>(*text);
    return (seen & high) == 0;
  }
  const char* last = text + size - 8;
  std::uint64_t seen = 0;
  for (; text < last; text += 8) {
    std::memcpy(&word, text, 8);
    seen |= word;
  }
  std::memcpy(&word, last, 8);  // overlaps what the loop read, unless size is a multiple of 8
  return ((seen | word) & high) == 0;
}

inline bool valid_utf8(std::string_view text) noexcept {
  return is_ascii(text.data(), text.size()) || valid_utf8_slow(text);
}

/// Code points of UTF-8 text: what vt.min_size and vt.max_size of a string count.
inline std::size_t code_points(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xC0') != '\x80'; }));
}

}  // namespace bascule::thrift
