// JSON string contents, base64 and UUIDs: from text to bytes and back. Pure functions over any bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bascule::transcode {

/// 16 bytes compared at once; the compiler makes it one vector instruction where there is one.
using Block = char __attribute__((vector_size(16)));

inline Block load_block(const char* from) noexcept {
  Block block;
  std::memcpy(&block, from, 16);
  return block;
}
inline bool any(Block mask) noexcept {
  std::uint64_t half[2];
  std::memcpy(half, &mask, 16);
  return (half[0] | half[1]) != 0;
}

/// Copies n bytes, in blocks of 16: 15 bytes behind both are touched. False when a backslash is among them.
inline bool copy_plain(const char* from, std::size_t n, char* to) noexcept {
  for (std::size_t i = 0; i + 16 <= n; i += 16) {
    const Block block = load_block(from + i);
    std::memcpy(to + i, &block, 16);
    if (any(block == '\\')) return false;
  }
  const std::size_t tail = n & 15;
  if (tail == 0) return true;
  const Block block = load_block(from + n - tail);
  std::memcpy(to + n - tail, &block, 16);
  const Block marks = block == '\\';
  std::uint64_t half[2];
  std::memcpy(half, &marks, 16);
  if (tail <= 8) return (half[0] << (64 - 8 * tail)) == 0;
  return half[0] == 0 && (half[1] << (128 - 8 * tail)) == 0;
}

/// The raw contents of a JSON string (between its quotes) to what it means; to has room for raw.size() bytes.
/// Returns the end, or null with bad at the escape that is wrong (unknown, short, or a lone surrogate).
char* unescape(std::string_view raw, char* to, const char*& bad) noexcept;
/// The same, appended to a string; false when an escape is wrong.
bool unescape(std::string_view raw, std::string& out);

/// At most this many bytes come out of base64 text.
constexpr std::size_t base64_decoded_bound(std::size_t text) noexcept { return text / 4 * 3 + 3; }
/// Standard or URL-safe alphabet, with or without padding. Returns the end, or null: not base64 (bits left
/// over that are not zero included).
char* decode_base64(std::string_view text, char* to) noexcept;
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }
/// Standard alphabet with padding; writes base64_size(bytes.size()) bytes and returns the end.
char* encode_base64(std::string_view bytes, char* to) noexcept;

/// "123e4567-e89b-12d3-a456-426614174000" in any case to 16 bytes; false when it is not that.
bool parse_uuid(std::string_view text, char* to) noexcept;
/// 36 bytes in lower case; returns the end.
char* format_uuid(std::string_view bytes, char* to) noexcept;

}  // namespace bascule::transcode
