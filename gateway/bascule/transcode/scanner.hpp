// simdjson's structural index over one JSON text: where each bracket, comma, colon, string and scalar begins.
//
// scan() copies the text into a padded buffer (so that later stages may read 64 bytes past any token, and
// find NUL at the end) and lets simdjson's first stage validate UTF-8, quotes and control characters. The
// buffers are kept and grow to the largest text seen. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "bascule/transcode/problem.hpp"

namespace bascule::transcode {

class Scanner {
 public:
  Scanner();
  ~Scanner();
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;

  /// False when the text is not even a sequence of JSON tokens; wrong() and wrong_at() then say why and
  /// where.
  bool scan(std::string_view text);

  const char* text() const noexcept { return text_; }
  std::size_t size() const noexcept { return size_; }
  /// Offsets of the tokens, then size() as an end mark (where the text holds NUL).
  const std::uint32_t* index() const noexcept { return index_; }

  Wrong wrong() const noexcept { return wrong_; }
  const char* wrong_what() const noexcept { return wrong_what_; }
  std::size_t wrong_at() const noexcept { return wrong_at_; }

 private:
  struct Simd;
  void grow(std::size_t size);
  bool refuse(Wrong wrong, const char* what, std::size_t at) noexcept;

  std::unique_ptr<Simd> simd_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  const char* text_ = nullptr;
  std::size_t size_ = 0;
  const std::uint32_t* index_ = nullptr;
  Wrong wrong_ = Wrong::none;
  const char* wrong_what_ = "";
  std::size_t wrong_at_ = 0;
};

}  // namespace bascule::transcode
