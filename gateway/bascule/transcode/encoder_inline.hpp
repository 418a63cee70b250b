// What the encoder does for each field and scalar, inline where its sources call it.
#pragma once

#include <cstring>

#include "bascule/transcode/encoder.hpp"
#include "bascule/transcode/number.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

/// Marks a field as met; false when it was already.
inline bool Encoder::meet(Seen& seen, std::uint32_t field) {
  std::uint64_t& word = field < 64 ? seen.first : work_.words_[seen.more + field / 64 - 1];
  const std::uint64_t bit = std::uint64_t{1} << (field & 63);
  const bool first = (word & bit) == 0;
  word |= bit;
  return first;
}

inline bool Encoder::boolean(bool& value) {
  const char* const p = text_ + *at_;
  value = std::memcmp(p, "true", 4) == 0;
  if (value ? !ends(p + 4) : (std::memcmp(p, "false", 5) != 0 || !ends(p + 5))) [[unlikely]] {
    return wrong_type("true or false");
  }
  ++at_;
  return true;
}

inline bool Encoder::integer(std::int64_t& value, thrift::Kind kind) {
  const char* p = text_ + *at_;
  const bool quoted = *p == '"' && kind == thrift::Kind::i64;  // as people write what JavaScript cannot hold
  p += quoted;
  if (parse_integer(p, value) != NumberError::none || !integer_range(kind).holds(value) ||
      !(quoted ? *p == '"' : ends(p))) [[unlikely]] {
    return wrong_integer(kind);
  }
  ++at_;
  return true;
}

/// A string token: simdjson indexed its opening quote only, so its closing quote is the last byte that is no
/// white space before the next token.
inline bool Encoder::token(Token& token, std::string_view expected) {
  const std::uint32_t* const at = at_;
  const char* const begin = text_ + at[0] + 1;
  if (begin[-1] != '"') [[unlikely]]
    return wrong_type(expected);
  const char* end = text_ + at[1] - 1;
  while (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t') --end;
  if (end < begin || *end != '"') [[unlikely]]
    return fail(Wrong::syntax, *at_, "the string is not closed");
  token = {begin, static_cast<std::size_t>(end - begin)};
  at_ = at + 1;
  return true;
}

/// Size and bytes of a string token at `to`, which has room for 32 bytes more than the token; null on
/// failure.
inline char* Encoder::string_at(char* to) {
  Token raw{};
  if (!token(raw, "a string")) [[unlikely]]
    return nullptr;
  char* const start = thrift::Sink::put_varint(to, raw.size);
  if (copy_plain(raw.begin, raw.size, start)) [[likely]]
    return start + raw.size;
  return escaped_string_at(to, raw);
}

}  // namespace bascule::transcode
