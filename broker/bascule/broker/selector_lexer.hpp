// The words of a selector.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule::broker::selector {

struct Token {
  enum class Type : std::uint8_t {
    end,
    name,     ///< `text`
    keyword,  ///< `text`, in capitals
    symbol,   ///< `text`: ( ) , = <> < <= > >= + - * /
    string,   ///< `text`, its quotes taken off
    integer,
    real,
  };
  Type type = Type::end;
  std::string text = {};
  std::int64_t integer = 0;
  double real = 0;
  std::size_t position = 1;  ///< of its first character, from 1
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// Throws SelectorError.
  Token next();

 private:
  Token word(std::size_t start);
  Token number(std::size_t start);
  Token quoted(std::size_t start);
  Token symbol(std::size_t start);
  char at(std::size_t i) const noexcept { return i < text_.size() ? text_[i] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace bascule::broker::selector
