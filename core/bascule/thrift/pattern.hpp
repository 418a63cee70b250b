// Pattern: a vt.pattern, RE2's syntax, found anywhere in the text unless it is anchored. The one home of regular
// expressions: the edge's checks and those of generated code match alike.
//
// Matching takes time linear in the text. Thread safety: may be matched by several threads at once.
#pragma once

#include <memory>
#include <string_view>

namespace bascule::thrift {

class Pattern {
 public:
  enum class Of { text, bytes };  ///< bytes: each is a character of its own, UTF-8 or not

  /// Throws std::invalid_argument, which says why, when RE2 does not know the expression.
  explicit Pattern(std::string_view expression, Of what = Of::text);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();
  bool matches(std::string_view text) const noexcept;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace bascule::thrift
