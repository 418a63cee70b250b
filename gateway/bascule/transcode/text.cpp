#include "bascule/transcode/text.hpp"

#include <array>

namespace bascule::transcode {
namespace {

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The code unit of \uXXXX at `at` (which points at the backslash), or -1.
int code_unit(std::string_view raw, std::size_t at) noexcept {
  if (at + 6 > raw.size() || raw[at] != '\\' || raw[at + 1] != 'u') return -1;
  int unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = hex_digit(raw[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

/// Reads one \u escape, or a pair of them. Returns the code point, or -1; advances at.
long code_point(std::string_view raw, std::size_t& at) noexcept {
  const int unit = code_unit(raw, at);
  if (unit < 0 || (unit >= 0xdc00 && unit < 0xe000)) return -1;
  at += 6;
  if (unit < 0xd800 || unit >= 0xe000) return unit;
  const int low = code_unit(raw, at);
  if (low < 0xdc00 || low >= 0xe000) return -1;
  at += 6;
  return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

char* put_utf8(char* to, long code) noexcept {
  const auto put = [&](long byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return to;
}

constexpr char simple_escape(char c) noexcept {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::uint8_t, 256> base64_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(0xff);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<unsigned char>(base64_alphabet[i])] = i;
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();

}  // namespace

char* unescape(std::string_view raw, char* to, const char*& bad) noexcept {
  for (std::size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\') {
      *to++ = raw[at++];
      continue;
    }
    bad = raw.data() + at;
    if (at + 1 >= raw.size()) return nullptr;
    if (raw[at + 1] == 'u') {
      const long code = code_point(raw, at);
      if (code < 0) return nullptr;
      to = put_utf8(to, code);
      continue;
    }
    const char plain = simple_escape(raw[at + 1]);
    if (plain == 0) return nullptr;
    *to++ = plain;
    at += 2;
  }
  bad = nullptr;
  return to;
}

bool unescape(std::string_view raw, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + raw.size());
  const char* bad = nullptr;
  const char* end = unescape(raw, out.data() + before, bad);
  out.resize(end ? static_cast<std::size_t>(end - out.data()) : before);
  return end != nullptr;
}

char* decode_base64(std::string_view text, char* to) noexcept {
  if (text.size() % 4 == 0 && text.ends_with('=')) {
    text.remove_suffix(1);
    if (text.ends_with('=')) text.remove_suffix(1);
  }
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const std::uint8_t value = base64_values[static_cast<unsigned char>(c)];
    if (value == 0xff) return nullptr;
    bits = bits << 6 | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      *to++ = static_cast<char>(bits >> held);
    }
  }
  if (held == 6 || (bits & ((1U << held) - 1)) != 0) return nullptr;
  return to;
}

char* encode_base64(std::string_view bytes, char* to) noexcept {
  const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = base64_alphabet[bits >> 18];
    *to++ = base64_alphabet[bits >> 12 & 63];
    *to++ = i + 1 < bytes.size() ? base64_alphabet[bits >> 6 & 63] : '=';
    *to++ = i + 2 < bytes.size() ? base64_alphabet[bits & 63] : '=';
  }
  return to;
}

bool parse_uuid(std::string_view text, char* to) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < 36;) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return false;
      continue;
    }
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    *to++ = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

char* format_uuid(std::string_view bytes, char* to) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *to++ = '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
  return to;
}

}  // namespace bascule::transcode
