// The encoder's lists, sets and maps. Their sizes come first in Thrift and last in JSON: a byte is kept free
// and widened afterwards when the size needs more.
#include <cstring>
#include <span>

#include "bascule/transcode/canonical.hpp"
#include "bascule/transcode/encoder_inline.hpp"

namespace bascule::transcode {

using thrift::Kind;

bool Encoder::sequence(const TypePlan& type, const thrift::Checks* checks) {
  const std::size_t at = *at_;
  if (peek() != '[') return wrong_type("an array");
  if (!enter()) return false;
  ++at_;
  const std::size_t header = out_.size(), first_span = work_.spans_.size();
  const thrift::Checks* const element_checks = checks ? checks->element() : nullptr;
  const bool set = type.kind == Kind::set;
  out_.byte(0);
  std::size_t count = 0;
  for (bool more = peek() != ']'; more; ++count) {
    Workspace::Span span{static_cast<std::uint32_t>(out_.size()), 0, *at_};
    if (!value(*type.element, element_checks)) return false;
    if (set) {
      span.end = static_cast<std::uint32_t>(out_.size());
      work_.spans_.push_back(span);
    }
    more = peek() == ',';
    if (more) {
      ++at_;
    } else if (peek() != ']') {
      return expected_token("a comma or ]");
    }
  }
  ++at_;
  --depth_;
  if (set && !unique(*type.element, first_span, "element")) return false;
  patch_list(header, type.element->wire, count);
  return !checks || passed(checks->count(count), at);
}

bool Encoder::map(const TypePlan& type, const thrift::Checks* checks) {
  const std::size_t at = *at_;
  const bool object = type.object_keys();
  const char close = object ? '}' : ']';
  if (peek() != (object ? '{' : '[')) return wrong_type(object ? "an object" : "an array of [key, value] pairs");
  if (!enter()) return false;
  ++at_;
  const std::size_t header = out_.size(), first_span = work_.spans_.size();
  out_.append("\0\0", 2);
  std::size_t count = 0;
  for (bool more = peek() != close; more; ++count) {
    if (!(object ? object_entry(type, checks) : pair_entry(type, checks))) return false;
    more = peek() == ',';
    if (more) {
      ++at_;
    } else if (peek() != close) {
      return expected_token(object ? "a comma or }" : "a comma or ]");
    }
  }
  ++at_;
  --depth_;
  if (!unique(*type.key, first_span, "key")) return false;
  patch_map(header, type, count);
  return !checks || passed(checks->count(count), at);
}

bool Encoder::object_entry(const TypePlan& type, const thrift::Checks* checks) {
  Workspace::Span span{static_cast<std::uint32_t>(out_.size()), 0, *at_};
  if (peek() != '"') return expected_token("a key");
  if (!object_key(*type.key, checks ? checks->key() : nullptr)) return false;
  span.end = static_cast<std::uint32_t>(out_.size());
  work_.spans_.push_back(span);
  if (peek() != ':') return expected_token("a colon");
  ++at_;
  return value(*type.element, checks ? checks->element() : nullptr);
}

bool Encoder::pair_entry(const TypePlan& type, const thrift::Checks* checks) {
  if (peek() != '[') return wrong_type("a [key, value] pair");
  if (!enter()) return false;
  ++at_;
  Workspace::Span span{static_cast<std::uint32_t>(out_.size()), 0, *at_};
  if (!value(*type.key, checks ? checks->key() : nullptr)) return false;
  span.end = static_cast<std::uint32_t>(out_.size());
  work_.spans_.push_back(span);
  if (peek() != ',') return expected_token("a comma and the pair's value");
  ++at_;
  if (!value(*type.element, checks ? checks->element() : nullptr)) return false;
  if (peek() != ']') return expected_token("the end of the pair");
  ++at_;
  --depth_;
  return true;
}

/// A key of a JSON object as the Thrift value it stands for.
bool Encoder::object_key(const TypePlan& key, const thrift::Checks* checks) {
  const std::size_t at = *at_;
  Token raw{};
  std::string_view text;
  if (!token(raw, "a key") || !decoded(raw, text)) return false;
  if (text.find('\0') != text.npos) return fail(Wrong::format, at, "a key may not hold NUL");
  if (key.kind == Kind::string) {
    out_.string(text);
    return !checks || passed(checks->text(text), at);
  }
  if (key.kind == Kind::boolean) {
    if (text != "true" && text != "false")
      return fail(Wrong::format, at, "the key is not a bool", R"("true" or "false")");
    out_.boolean(text == "true");
    return !checks || passed(checks->boolean(text == "true"), at);
  }
  std::int64_t number = 0;
  const std::uint32_t index = key.enumeration ? key.enumeration->names.find(text) : Names::none;
  if (index != Names::none) {
    number = key.enumeration->values[index];
  } else {
    const std::string ended = std::string(text).append(number_padding, '\0');
    const char* p = ended.data();
    if (parse_integer(p, number) != NumberError::none || p != ended.data() + text.size() ||
        !integer_range(key.kind).holds(number)) {
      return fail(Wrong::format, at, "the key is not of type " + key.name, key.name);
    }
  }
  if (key.kind == Kind::i8) {
    out_.i8(static_cast<std::int8_t>(number));
  } else {
    out_.i64(number);
  }
  return !checks || passed(checks->integer(number), at);
}

/// No two of the spans written since first_span are equal; takes them off the stack.
bool Encoder::unique(const TypePlan& type, std::size_t first_span, std::string_view what) {
  const std::span spans(work_.spans_.data() + first_span, work_.spans_.size() - first_span);
  const std::size_t duplicate = find_duplicate(type, spans.size(), [&](std::size_t i) {
    return std::string_view(out_.at(spans[i].begin), spans[i].end - spans[i].begin);
  });
  if (duplicate != spans.size()) {
    return fail(Wrong::duplicate, spans[duplicate].json, "this " + std::string(what) + " is there twice");
  }
  work_.spans_.resize(first_span);
  return true;
}

void Encoder::patch_list(std::size_t header, thrift::Type element, std::size_t count) {
  const std::uint8_t code = thrift::compact::code(element);
  if (count < 15) [[likely]] {
    *out_.at(header) = static_cast<char>(count << 4 | code);
    return;
  }
  *out_.at(header) = static_cast<char>(0xf0 | code);
  char size[10];
  const auto wide = static_cast<std::size_t>(thrift::Sink::put_varint(size, count) - size);
  out_.insert(header + 1, size, wide);
}

void Encoder::patch_map(std::size_t header, const TypePlan& type, std::size_t count) {
  if (count == 0) return out_.truncate(header + 1);
  char size[10];
  const auto wide = static_cast<std::size_t>(thrift::Sink::put_varint(size, count) - size);
  *out_.at(header) = size[0];
  *out_.at(header + 1) =
      static_cast<char>(thrift::compact::code(type.key->wire) << 4 | thrift::compact::code(type.element->wire));
  if (wide > 1) out_.insert(header + 1, size + 1, wide - 1);
}

/// Passes over a value that the contract does not know; it must be JSON all the same.
bool Encoder::skip_value() {
  const char first = peek();
  if (first == '"') {
    Token raw{};
    std::string_view text;
    return token(raw, "a string") && decoded(raw, text);
  }
  if (first == '{' || first == '[') {
    const char close = first == '{' ? '}' : ']';
    if (!enter()) return false;
    ++at_;
    for (bool more = peek() != close; more;) {
      if (first == '{') {
        Token raw{};
        std::string_view text;
        if (!token(raw, "a key") || !decoded(raw, text)) return false;
        if (peek() != ':') return expected_token("a colon");
        ++at_;
      }
      if (!skip_value()) return false;
      more = peek() == ',';
      if (more) {
        ++at_;
      } else if (peek() != close) {
        return expected_token("a comma or the end");
      }
    }
    ++at_;
    --depth_;
    return true;
  }
  if (first == 't' || first == 'f') {
    bool value = false;
    return boolean(value);
  }
  if (first == 'n' && std::memcmp(text_ + *at_, "null", 4) == 0 && ends(text_ + *at_ + 4)) {
    ++at_;
    return true;
  }
  double value = 0;
  return real(value);
}

}  // namespace bascule::transcode
