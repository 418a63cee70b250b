#include "bascule/broker/selector_lexer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "bascule/broker/selector.hpp"

namespace bascule::broker::selector {
namespace {

constexpr std::array<std::string_view, 12> keywords{"AND",  "BETWEEN", "ESCAPE", "FALSE", "IN",   "IS",
                                                    "LIKE", "NOT",     "NULL",   "OR",    "TRUE", "UNKNOWN"};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
// Java's identifiers, and a dot inside; bytes above ASCII are letters of UTF-8.
bool starts_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool continues_name(char c) noexcept { return starts_name(c) || is_digit(c) || c == '.'; }

}  // namespace

Token Lexer::next() {
  while (is_space(at(at_))) ++at_;
  const std::size_t start = at_;
  if (start >= text_.size()) return {.position = start + 1};
  const char first = text_[start];
  Token made;
  if (starts_name(first)) {
    made = word(start);
  } else if (is_digit(first) || (first == '.' && is_digit(at(start + 1)))) {
    made = number(start);
  } else if (first == '\'') {
    made = quoted(start);
  } else {
    made = symbol(start);
  }
  made.position = start + 1;
  return made;
}

Token Lexer::word(std::size_t start) {
  while (continues_name(at(at_))) ++at_;
  std::string text(text_.substr(start, at_ - start)), capitals = text;
  for (char& c : capitals) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (std::find(keywords.begin(), keywords.end(), capitals) != keywords.end()) {
    return {.type = Token::Type::keyword, .text = std::move(capitals)};
  }
  return {.type = Token::Type::name, .text = std::move(text)};
}

// 12, 12L, 0x1F, 017, 1.5, .5, 1e3, 1.5f, 1.5d: Java's literals, as JMS has them.
Token Lexer::number(std::size_t start) {
  const bool hexadecimal = text_[start] == '0' && (at(start + 1) == 'x' || at(start + 1) == 'X');
  bool real = false;
  if (hexadecimal) {
    for (at_ += 2; is_digit(at(at_)) || ((at(at_) | 0x20) >= 'a' && (at(at_) | 0x20) <= 'f');) ++at_;
  } else {
    while (is_digit(at(at_))) ++at_;
    if (at(at_) == '.') {
      real = true;
      for (++at_; is_digit(at(at_));) ++at_;
    }
    if (at(at_) == 'e' || at(at_) == 'E') {
      real = true;
      at_ += at(at_ + 1) == '+' || at(at_ + 1) == '-' ? 2 : 1;
      while (is_digit(at(at_))) ++at_;
    }
  }
  std::string_view digits = text_.substr(start, at_ - start);
  const char suffix = static_cast<char>(at(at_) | 0x20);
  if (!hexadecimal && (suffix == 'f' || suffix == 'd')) {
    real = true;
    ++at_;
  } else if (!real && suffix == 'l') {
    ++at_;
  }
  if (continues_name(at(at_))) throw SelectorError(at_ + 1, "a number ends here, and a name cannot follow it");
  Token made{.type = real ? Token::Type::real : Token::Type::integer};
  std::from_chars_result result{};
  const char* const end = digits.data() + digits.size();
  if (real) {
    result = std::from_chars(digits.data(), end, made.real);
  } else {
    const int base = hexadecimal ? 16 : digits.size() > 1 && digits[0] == '0' ? 8 : 10;
    std::uint64_t magnitude = 0;
    result = std::from_chars(digits.data() + (hexadecimal ? 2 : 0), end, magnitude, base);
    // 2^63 is allowed for the sake of its negative.
    if (result.ec == std::errc{} && magnitude > std::uint64_t{1} << 63) result.ec = std::errc::result_out_of_range;
    made.integer = static_cast<std::int64_t>(magnitude);
  }
  if (result.ec != std::errc{} || result.ptr != end)
    throw SelectorError(start + 1, "this is no number, or it is too large");
  return made;
}

Token Lexer::quoted(std::size_t start) {
  Token made{.type = Token::Type::string};
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] != '\'') {
      made.text += text_[at_];
    } else if (at(at_ + 1) == '\'') {
      made.text += '\'';
      ++at_;
    } else {
      ++at_;
      return made;
    }
  }
  throw SelectorError(start + 1, "this string has no closing quote (a quote inside is written twice)");
}

Token Lexer::symbol(std::size_t start) {
  static constexpr std::array<std::string_view, 12> symbols{"<>", "<=", ">=", "=", "<", ">",
                                                            "(",  ")",  ",",  "+", "-", "*"};
  for (const std::string_view symbol : symbols) {
    if (!text_.substr(start).starts_with(symbol)) continue;
    at_ += symbol.size();
    return {.type = Token::Type::symbol, .text = std::string(symbol)};
  }
  if (text_[start] == '/') {
    ++at_;
    return {.type = Token::Type::symbol, .text = "/"};
  }
  throw SelectorError(start + 1, std::string("a '") + text_[start] + "' means nothing here" +
                                     (text_[start] == '"' ? "; strings are in single quotes" : ""));
}

}  // namespace bascule::broker::selector
