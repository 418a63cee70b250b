// JSON numbers to integers and doubles: exact, locale-free, strict about the grammar.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

namespace bascule::transcode {

enum class NumberError : std::uint8_t {
  none,
  grammar,   ///< not a JSON number (a leading zero or plus included)
  fraction,  ///< a fraction or exponent where an integer is wanted
  range,     ///< too large
};

/// Bytes behind the text that parse_integer and parse_double may read.
inline constexpr std::size_t number_padding = 8;

/// The leading digits of 8 bytes: how many, and their value. Without a loop: lengths vary, so a loop would
/// mispredict.
struct Digits {
  unsigned count;
  std::uint32_t value;
};
inline Digits leading_digits(const char* p) noexcept {
  std::uint64_t x;
  std::memcpy(&x, p, 8);
  x ^= 0x3030303030303030;  // a digit becomes 0 to 9
  const std::uint64_t others = (x | (x + 0x7676767676767676)) & 0x8080808080808080;
  if ((others & 0x80) != 0) return {0, 0};
  const unsigned count = others == 0 ? 8 : static_cast<unsigned>(std::countr_zero(others)) >> 3;
  x <<= 64 - 8 * count;  // leading zeros in front
  x = x * 10 + (x >> 8);
  x = ((x & 0x000000ff000000ff) * 0x000f424000000064 + ((x >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
  return {count, static_cast<std::uint32_t>(x)};
}

/// Reads the longest integer at p and moves p behind it. number_padding bytes behind the text must be
/// readable, and the first of them no digit.
inline NumberError parse_integer(const char*& p, std::int64_t& value) noexcept {
  static constexpr std::uint64_t tens[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  const bool negative = *p == '-';
  const char* at = p + negative;
  const char* const first = at;
  Digits part = leading_digits(at);
  std::uint64_t sum = part.value;
  at += part.count;
  while (part.count == 8) {
    part = leading_digits(at);
    sum = sum * tens[part.count] + part.value;
    at += part.count;
  }
  const auto digits = at - first;
  p = at;
  if (digits == 0 || (*first == '0' && digits > 1)) return NumberError::grammar;
  if (*at == '.' || *at == 'e' || *at == 'E') return NumberError::fraction;
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (digits > 19 || sum > top + negative) return NumberError::range;
  value = static_cast<std::int64_t>(negative ? 0 - sum : sum);
  return NumberError::none;
}

/// The same for a double; a number too small for one is zero.
NumberError parse_double(const char*& p, double& value) noexcept;

}  // namespace bascule::transcode
