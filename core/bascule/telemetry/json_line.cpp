#include "bascule/telemetry/json_line.hpp"

#include <charconv>
#include <cmath>

namespace bascule::telemetry {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode table 3-7), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned a = byte(0), b = byte(1);
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    const bool second = a == 0xE0 ? b >= 0xA0 && b <= 0xBF : a == 0xED ? b >= 0x80 && b <= 0x9F : tail(1);
    return second && tail(2) ? 3 : 0;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool second = a == 0xF0 ? b >= 0x90 && b <= 0xBF : a == 0xF4 ? b >= 0x80 && b <= 0x8F : tail(1);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void append_control(std::string& line, unsigned char c) {
  switch (c) {
    case '"': line += "\\\""; return;
    case '\\': line += "\\\\"; return;
    case '\n': line += "\\n"; return;
    case '\r': line += "\\r"; return;
    case '\t': line += "\\t"; return;
    default: break;
  }
  line += "\\u00";
  line += "0123456789abcdef"[c >> 4];
  line += "0123456789abcdef"[c & 15];
}

template <class Number>
void append_chars(std::string& line, Number value) {
  char digits[32];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  line.append(digits, result.ptr);
}

}  // namespace

void append_escaped(std::string& line, std::string_view text) {
  std::size_t clean = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    const std::size_t length = c >= 0x80 ? utf8_length(text.substr(i)) : 0;
    if (length != 0) {
      i += length;
      continue;
    }
    line.append(text.substr(clean, i - clean));
    c >= 0x80 ? void(line.append("\\ufffd")) : append_control(line, c);
    clean = ++i;
  }
  line.append(text.substr(clean));
}

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  append_escaped(line, text);
  line += '"';
}

void append_number(std::string& line, std::int64_t value) { append_chars(line, value); }
void append_number(std::string& line, std::uint64_t value) { append_chars(line, value); }
void append_number(std::string& line, double value) {
  std::isfinite(value) ? append_chars(line, value) : void(line.append("null"));
}

}  // namespace bascule::telemetry
