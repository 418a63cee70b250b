#include "bascule/transcode/json_writer.hpp"

#include <algorithm>
#include <cmath>

namespace bascule::transcode {

char* JsonWriter::put_real(char* to, double value) noexcept {
  static constexpr std::uint64_t tens[] = {1, 10, 100, 1000, 10000};
  if (!std::isfinite(value)) {
    const std::string_view word = std::isnan(value) ? R"("NaN")" : value > 0 ? R"("Infinity")" : R"("-Infinity")";
    return std::copy(word.begin(), word.end(), to);
  }
  // Most doubles in JSON have few decimals. The quotient of two exact numbers is correctly rounded, so a
  // short decimal that divides back to the value is its shortest text, and much cheaper to find than in
  // general.
  const double size = std::fabs(value);
  for (int decimals = 0; size >= 1e-3 && size < 1e9 && decimals < 5; ++decimals) {
    const std::uint64_t scale = tens[decimals];
    const auto scaled = static_cast<std::uint64_t>(size * static_cast<double>(scale) + 0.5);
    if (static_cast<double>(scaled) / static_cast<double>(scale) != size) continue;
    if (value < 0) *to++ = '-';
    to = put_integer(to, static_cast<std::int64_t>(scaled / scale));
    if (decimals == 0) return to;
    *to++ = '.';
    std::uint64_t rest = scaled % scale;
    for (int i = decimals - 1; i >= 0; --i, rest /= 10) to[i] = static_cast<char>('0' + rest % 10);
    return to + decimals;
  }
  return std::to_chars(to, to + 32, value).ptr;
}

bool JsonWriter::escaped(std::string_view text) {
  char padded[80];
  if (text.size() <= 64) {  // near the end of the bytes: a copy may be read past its end
    text.copy(padded, text.size());
    if (copy_clean({padded, text.size()}, cursor() + 1)) {
      seek(cursor() + 1 + text.size());
      byte('"');
      return true;
    }
  }
  constexpr std::string_view digits = "0123456789abcdef";
  if (!thrift::valid_utf8(text)) return false;
  reserve(text.size() * 6 + 2);
  char* to = cursor();
  *to++ = '"';
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') {
      *to++ = c;
      continue;
    }
    *to++ = '\\';
    switch (c) {
      case '"':
      case '\\': *to++ = c; break;
      case '\b': *to++ = 'b'; break;
      case '\f': *to++ = 'f'; break;
      case '\n': *to++ = 'n'; break;
      case '\r': *to++ = 'r'; break;
      case '\t': *to++ = 't'; break;
      default:
        to = std::copy_n("u00", 3, to);
        *to++ = digits[static_cast<unsigned char>(c) >> 4];
        *to++ = digits[c & 15];
    }
  }
  *to++ = '"';
  advance(static_cast<std::size_t>(to - cursor()));
  return true;
}

}  // namespace bascule::transcode
