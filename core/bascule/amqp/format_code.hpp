// Inside the codec: big-endian loads, and how many bytes follow a format code. Included by reader.cpp and limits.cpp only.
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

// Part 1, section 1.2: the high nibble of a format code is its category, which gives the width; the size field of the
// variable ones is 1 or 4 bytes.
inline std::optional<std::size_t> body_size(std::uint8_t code, const std::uint8_t* body, std::size_t left) noexcept {
  constexpr int bad = -1, size8 = -2, size32 = -3;
  constexpr std::array<std::int8_t, 16> widths{bad, bad, bad,   bad,    0,     1,      2,     4,
                                               8,   16,  size8, size32, size8, size32, size8, size32};
  const int width = widths[code >> 4];
  if (width == bad) return std::nullopt;
  std::size_t size = static_cast<std::size_t>(width);
  if (width < 0) {
    const std::size_t field = width == size8 ? 1 : 4;
    if (left < field) return std::nullopt;
    size = field + load(body, field);
  }
  return size <= left ? std::optional(size) : std::nullopt;
}

}  // namespace bascule::amqp
