// What generated code uses to check `vt.*` annotations: where a value stands in the arguments, and what it
// breaks.
//
// A broken check throws Error(Errc::invalid_argument) whose message names the field by its path:
// `order.lines[2].quantity must be at least 1`. Thread safety: pure; a Pattern may be matched by several
// threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace bascule::contract {

/// A place inside the arguments, as a list through the callers' frames: it costs nothing until it is written
/// out.
class Path {
 public:
  explicit Path(std::string_view name) noexcept : name_(name) {}
  Path(const Path& parent, std::string_view name) noexcept : parent_(&parent), name_(name) {}
  Path(const Path& parent, std::size_t index) noexcept : parent_(&parent), index_(index) {}

  std::string str() const;

 private:
  static constexpr std::size_t no_index = static_cast<std::size_t>(-1);
  const Path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = no_index;
};

[[noreturn]] void broken(const Path& at, std::string_view rule);

/// Code points of UTF-8 text: what vt.min_size and vt.max_size of a string count.
std::size_t code_points(std::string_view text) noexcept;

/// A vt.pattern, found anywhere in the text unless it is anchored. Matching takes time linear in the text.
class Pattern {
 public:
  /// Throws std::invalid_argument when RE2 does not know the expression.
  explicit Pattern(std::string_view expression);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  bool matches(std::string_view text) const noexcept;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace bascule::contract
