// JSON numbers to integers and doubles: exact, locale-free, strict about the grammar.
#pragma once

#include <cstdint>
#include <limits>

namespace bascule::transcode {

enum class NumberError : std::uint8_t {
  none,
  grammar,   ///< not a JSON number (a leading zero or plus included)
  fraction,  ///< a fraction or exponent where an integer is wanted
  range,     ///< too large
};

/// Reads the longest integer at p and moves p behind it. The text must end in a byte that is no digit.
inline NumberError parse_integer(const char*& p, std::int64_t& value) noexcept {
  const bool negative = *p == '-';
  const char* at = p + negative;
  const char* const first = at;
  std::uint64_t sum = 0;
  for (unsigned digit; (digit = static_cast<unsigned char>(*at) - unsigned{'0'}) <= 9; ++at)
    sum = sum * 10 + digit;
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
