#include "bascule/transcode/number.hpp"

#include <array>
#include <charconv>
#include <system_error>

namespace bascule::transcode {
namespace {

/// Powers of ten that a double holds exactly.
constexpr std::array<double, 23> tens{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::uint64_t exact = std::uint64_t{1} << 53;

struct Scanned {
  std::uint64_t mantissa = 0;
  long digits = 0;    ///< in the mantissa, leading zeros aside
  long exponent = 0;  ///< of ten, for the mantissa
  bool negative = false;
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

void take_digits(const char*& at, Scanned& number) noexcept {
  for (; is_digit(*at); ++at) {
    if (number.digits < 19) number.mantissa = number.mantissa * 10 + static_cast<unsigned>(*at - '0');
    if (number.mantissa != 0) ++number.digits;
  }
}

bool scan_exponent(const char*& at, Scanned& number) noexcept {
  const bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  if (!is_digit(*at)) return false;
  long exponent = 0;
  for (; is_digit(*at); ++at) {
    if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
  }
  number.exponent += negative ? -exponent : exponent;
  return true;
}

bool scan(const char*& at, Scanned& number) noexcept {
  number.negative = *at == '-';
  at += number.negative;
  if (!is_digit(*at) || (*at == '0' && is_digit(at[1]))) return false;
  take_digits(at, number);
  if (*at == '.') {
    const char* const first = ++at;
    take_digits(at, number);
    if (at == first) return false;
    number.exponent -= at - first;
  }
  if (*at == 'e' || *at == 'E') return scan_exponent(++at, number);
  return true;
}

}  // namespace

NumberError parse_double(const char*& p, double& value) noexcept {
  const char* const start = p;
  Scanned number;
  if (!scan(p, number)) return NumberError::grammar;
  if (number.digits <= 19 && number.mantissa <= exact && number.exponent >= -22 && number.exponent <= 22) {
    // Both factors are exact, so the one rounding is the right one.
    const auto mantissa = static_cast<double>(number.mantissa);
    value = number.exponent < 0 ? mantissa / tens[static_cast<std::size_t>(-number.exponent)]
                                : mantissa * tens[static_cast<std::size_t>(number.exponent)];
    if (number.negative) value = -value;
    return NumberError::none;
  }
  const auto [end, error] = std::from_chars(start, p, value);
  if (error == std::errc{}) return NumberError::none;
  if (number.digits + number.exponent > 0) return NumberError::range;
  value = number.negative ? -0.0 : 0.0;
  return NumberError::none;
}

}  // namespace bascule::transcode
