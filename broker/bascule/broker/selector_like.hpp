// LikePattern: the pattern of SQL's LIKE: `_` one character, `%` any number, an escape character in front of either.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bascule::broker::selector {

class LikePattern {
 public:
  LikePattern() = default;
  /// None when the escape character is the last of the pattern, or escapes neither `_`, `%` nor itself.
  static std::optional<LikePattern> compile(std::string_view pattern, std::optional<char32_t> escape);
  /// Characters are UTF-8's code points; a byte that is none counts as one.
  bool matches(std::string_view text) const noexcept;

 private:
  static constexpr char32_t one = 0xffff'fffe, many = 0xffff'ffff;
  std::vector<char32_t> items_;
};

/// The code point at the front, which is taken off.
char32_t take_character(std::string_view& text) noexcept;

}  // namespace bascule::broker::selector
