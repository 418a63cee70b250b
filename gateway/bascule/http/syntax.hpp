// The character classes of RFC 9110 and RFC 3986 as tables, and the few comparisons that HTTP needs.
// Thread safety: pure functions.
#pragma once

#include <array>
#include <string_view>

namespace bascule::http::syntax {

using Table = std::array<bool, 256>;

constexpr Table table_of(std::string_view punctuation, bool letters_and_digits) {
  Table table{};
  for (const char c : punctuation) table[static_cast<unsigned char>(c)] = true;
  for (int c = 0; letters_and_digits && c < 128; ++c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      table[static_cast<std::size_t>(c)] = true;
    }
  }
  return table;
}

/// tchar (RFC 9110, 5.6.2): methods, field names.
inline constexpr Table token = table_of("!#$%&'*+-.^_`|~", true);
/// What a path may hold (RFC 3986 pchar and '/').
inline constexpr Table path = table_of("-._~!$&'()*+,;=:@/%", true);
/// What a query may hold: pchar, '/', '?', and what clients send unescaped all the same.
inline constexpr Table query = table_of("-._~!$&'()*+,;=:@/%?[]{}|", true);
/// reg-name, IPv4, or a bracketed IPv6 address, with a port; no userinfo and no list.
inline constexpr Table authority = table_of("-._~!$&'()*+;=:%[]", true);

inline bool in(const Table& table, char c) { return table[static_cast<unsigned char>(c)]; }
inline bool all_in(const Table& table, std::string_view text) {
  for (const char c : text) {
    if (!in(table, c)) return false;
  }
  return true;
}

/// field-vchar, SP, HTAB and obs-text (RFC 9110, 5.5): no other control character, so no CR, LF or NUL.
inline bool is_field_value(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return false;
  }
  return true;
}

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
/// ASCII case-insensitive equality; `lower_case` is lower case already.
inline bool iequals(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}
/// Optional white space (SP, HTAB) taken off both ends.
inline std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls `each` with every item of a comma-separated list, trimmed, empty ones left out (RFC 9110, 5.6.1).
template <class Each>
void for_each_item(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = trim(list.substr(0, comma));
    if (!item.empty()) each(item);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace bascule::http::syntax
