#include "bascule/transcode/scanner.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "bascule/transcode/locate.hpp"

namespace bascule::transcode {
namespace {

constexpr std::size_t padding = 64;

}  // namespace

struct Scanner::Simd {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

Scanner::Scanner() : simd_(std::make_unique<Simd>()) {}
Scanner::~Scanner() = default;

bool Scanner::scan(std::string_view text) {
  if (text.size() > capacity_) grow(text.size());
  if (!text.empty()) std::memcpy(buffer_.get(), text.data(), text.size());
  if (buffer_) std::memset(buffer_.get() + text.size(), 0, padding);
  text_ = buffer_ ? buffer_.get() : "";
  size_ = text.size();
  if (text.empty()) return refuse(Wrong::syntax, "the body is empty", 0);
  if (text.starts_with("\xef\xbb\xbf")) return refuse(Wrong::syntax, "JSON may not begin with a byte order mark", 0);
  const auto error =
      simd_->parser->stage1(reinterpret_cast<const std::uint8_t*>(text_), size_, simdjson::stage1_mode::regular);
  index_ = simd_->parser->structural_indexes.get();
  switch (error) {
    case simdjson::SUCCESS: return true;
    case simdjson::UTF8_ERROR: return refuse(Wrong::utf8, "the bytes are not UTF-8", first_bad_utf8(text));
    case simdjson::UNESCAPED_CHARS:
      return refuse(Wrong::syntax, "a string holds an unescaped control character", first_control_in_string(text));
    case simdjson::UNCLOSED_STRING: return refuse(Wrong::syntax, "a string is not closed", last_string(text));
    case simdjson::EMPTY: return refuse(Wrong::syntax, "the body is empty", 0);
    default: return refuse(Wrong::syntax, simdjson::error_message(error), 0);
  }
}

bool Scanner::refuse(Wrong wrong, const char* what, std::size_t at) noexcept {
  wrong_ = wrong;
  wrong_what_ = what;
  wrong_at_ = at;
  return false;
}

void Scanner::grow(std::size_t size) {
  const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(size, 1024));
  buffer_ = std::make_unique<char[]>(capacity + padding);
  const auto& implementation = simdjson::get_active_implementation();
  if (implementation->create_dom_parser_implementation(capacity, 64, simd_->parser) != simdjson::SUCCESS) {
    capacity_ = 0;
    throw std::bad_alloc();
  }
  capacity_ = capacity;
}

}  // namespace bascule::transcode
