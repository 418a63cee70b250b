// Inside the codec: big-endian loads, and how many bytes follow a format code. Included by the reader and by limits.cpp only.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "bascule/amqp/encoding.hpp"

namespace bascule::amqp {

inline std::uint64_t load(const std::uint8_t* at, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

inline std::uint32_t load32(const std::uint8_t* at) noexcept {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

/// No value is that large: body_size() of a code that does not exist, or of a value that is cut off.
inline constexpr std::size_t no_size = SIZE_MAX;

// Part 1, section 1.2: the high nibble of a format code is its category, which gives the width; the size field of the
// variable ones is 1 or 4 bytes.
inline std::size_t body_size(std::uint8_t code, const std::uint8_t* body, std::size_t left) noexcept {
  constexpr std::uint8_t bad = 0xff, size8 = 0xfe, size32 = 0xfd;
  constexpr std::array<std::uint8_t, 16> widths{bad, bad, bad,   bad,    0,     1,      2,     4,
                                                8,   16,  size8, size32, size8, size32, size8, size32};
  std::size_t size = widths[code >> 4];
  if (size >= size32) {
    if (size == size8) {
      if (left < 1) return no_size;
      size = std::size_t{1} + *body;
    } else if (size == size32) {
      if (left < 4) return no_size;
      size = std::size_t{4} + load32(body);
    } else {
      return no_size;
    }
  }
  return size <= left ? size : no_size;
}

}  // namespace bascule::amqp
