// The encoder's scalars: each reads one token.
#include <algorithm>
#include <cmath>
#include <limits>

#include "bascule/transcode/encoder_inline.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

using thrift::Kind;

namespace {

std::string words(IntegerRange range) {
  return "an integer from " + std::to_string(range.low) + " to " + std::to_string(range.high);
}

}  // namespace

bool Encoder::wrong_integer(Kind kind) {
  const char* const start = text_ + *at_;
  const bool quoted = *start == '"' && kind == Kind::i64;
  const char* p = start + quoted;
  std::int64_t value = 0;
  const NumberError error = parse_integer(p, value);
  const std::string expected = words(integer_range(kind));
  if (*start != '-' && (*start < '0' || *start > '9') && !quoted) return wrong_type("an integer");
  if (error == NumberError::fraction) {
    return fail(Wrong::type, *at_, "expected an integer, found a number with a fraction or exponent", expected);
  }
  if (error == NumberError::range || (error == NumberError::none && !integer_range(kind).holds(value))) {
    return fail(Wrong::range, *at_, "the number does not fit: expected " + expected, expected);
  }
  return fail(quoted ? Wrong::format : Wrong::syntax, *at_, "this is not an integer", expected);
}

bool Encoder::real(double& value) {
  const char* p = text_ + *at_;
  if (*p == '"') {
    Token raw{};
    if (!token(raw, "a number")) return false;
    if (raw.view() == "NaN") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (raw.view() == "Infinity" || raw.view() == "-Infinity") {
      value = raw.begin[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    } else {
      return fail(Wrong::type, static_cast<std::size_t>(raw.begin - 1 - text_), "expected a number, found a string",
                  R"(a number, "NaN", "Infinity" or "-Infinity")");
    }
    return true;
  }
  if (*p != '-' && (*p < '0' || *p > '9')) return wrong_type("a number");
  const NumberError error = parse_double(p, value);
  if (error == NumberError::range) return fail(Wrong::range, *at_, "the number is too large for a double", "a double");
  if (error != NumberError::none || !ends(p)) return fail(Wrong::syntax, *at_, "this is not a JSON number", "a number");
  ++at_;
  return true;
}

/// What a token means: itself, or unescaped in the workspace (until the next call).
bool Encoder::decoded(const Token& raw, std::string_view& text) {
  text = raw.view();
  if (text.find('\\') == text.npos) return true;
  work_.text_.resize(raw.size);
  const char* bad = nullptr;
  const char* const end = unescape(raw.view(), work_.text_.data(), bad);
  if (!end) return fail(Wrong::escape, static_cast<std::size_t>(raw.begin - 1 - text_), "a string holds a bad escape");
  text = {work_.text_.data(), static_cast<std::size_t>(end - work_.text_.data())};
  return true;
}

char* Encoder::escaped_string_at(char* to, const Token& raw) {
  std::string_view text;
  if (!decoded(raw, text)) return nullptr;
  to = thrift::Sink::put_varint(to, text.size());
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

bool Encoder::string(const thrift::Checks* checks) {
  const std::size_t at = *at_;
  out_.reserve(at_[1] - *at_ + 64);
  const std::size_t before = out_.size();
  char* const end = string_at(out_.cursor());
  if (!end) return false;
  out_.seek(end);
  if (!checks) return true;
  const char* p = out_.at(before);
  while (static_cast<signed char>(*p++) < 0) {  // over the size
  }
  return passed(checks->text({p, static_cast<std::size_t>(end - p)}), at);
}

bool Encoder::binary(const thrift::Checks* checks) {
  const std::size_t at = *at_;
  Token raw{};
  std::string_view text;
  if (!token(raw, "a base64 string") || !decoded(raw, text)) return false;
  std::string bytes(base64_decoded_bound(text.size()), '\0');
  const char* const end = decode_base64(text, bytes.data());
  if (!end) return fail(Wrong::format, at, "the string is not base64", "base64, standard or URL-safe");
  bytes.resize(static_cast<std::size_t>(end - bytes.data()));
  out_.string(bytes);
  return !checks || passed(checks->text(bytes), at);
}

bool Encoder::uuid(const thrift::Checks* checks) {
  const std::size_t at = *at_;
  Token raw{};
  std::string_view text;
  if (!token(raw, "a UUID string") || !decoded(raw, text)) return false;
  out_.reserve(16);
  if (!parse_uuid(text, out_.cursor())) {
    return fail(Wrong::format, at, "the string is not a UUID", "123e4567-e89b-12d3-a456-426614174000");
  }
  const std::string* const rule = checks ? checks->text({out_.cursor(), 16}) : nullptr;
  out_.advance(16);
  return passed(rule, at);
}

bool Encoder::enumeration(const EnumPlan& plan, std::int64_t& value) {
  if (peek() != '"') {
    if (peek() != '-' && (peek() < '0' || peek() > '9')) return wrong_type("a name of " + plan.name);
    return integer(value, Kind::i32);
  }
  const std::size_t at = *at_;
  Token raw{};
  std::string_view name;
  if (!token(raw, plan.name) || !decoded(raw, name)) return false;
  const std::uint32_t index = plan.names.find(name);
  if (index != Names::none) {
    value = plan.values[index];
    return true;
  }
  std::string known;
  for (const std::string& quoted : plan.quoted) known += (known.empty() ? "" : ", ") + quoted;
  return fail(Wrong::format, at, "there is no such name in " + plan.name, "one of " + known);
}

}  // namespace bascule::transcode
