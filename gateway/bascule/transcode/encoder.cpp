#include "bascule/transcode/encoder.hpp"

#include <algorithm>

#include "bascule/transcode/encoder_inline.hpp"
#include "bascule/transcode/locate.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

using thrift::Kind;

bool Encoder::open(std::string_view json) {
  if (json.size() > 0xffffffff) return fail(Wrong::size, 0, "the JSON is over 4 GiB");
  Scanner& scanner = work_.scanner_;
  work_.spans_.clear();
  work_.words_.clear();
  const bool scanned = scanner.scan(json);
  text_ = scanner.text();
  at_ = scanner.index();
  return scanned || fail(scanner.wrong(), scanner.wrong_at(), scanner.wrong_what());
}

bool Encoder::close() {
  if (*at_ == work_.scanner_.size()) return true;
  return fail(Wrong::syntax, *at_, "nothing may follow the JSON value", "the end");
}

bool Encoder::small_enough(std::size_t start) {
  if (out_.size() - start <= options_.message) return true;
  problem_ = {
      Wrong::size, Source::body, {}, "the message would be over " + std::to_string(options_.message) + " bytes", {}, 0};
  return false;
}

bool Encoder::structure(const StructPlan& plan, const Overlay* overlay, bool json) {
  const std::uint32_t object_at = json ? *at_ : 0;
  if (json && peek() != '{') [[unlikely]]
    return wrong_type("an object");
  if (!out_.struct_begin()) [[unlikely]]
    return fail(Wrong::depth, object_at, "structs are nested too deep");
  Seen seen;
  if (plan.fields.size() > 64) [[unlikely]] {
    seen.more = work_.words_.size();
    work_.words_.resize(seen.more + plan.fields.size() / 64);
  }
  if (overlay && !overlaid(plan, *overlay, seen)) [[unlikely]]
    return false;
  if (json && !members(plan, overlay, seen)) return false;
  if (overlay && !overlaid_structs(plan, *overlay, seen)) [[unlikely]]
    return false;
  if ((seen.first & plan.expected_mask) != plan.expected_mask || plan.fields.size() > 64) [[unlikely]] {
    if (!complete(plan, overlay, seen, object_at)) return false;
    if (plan.fields.size() > 64) work_.words_.resize(seen.more);
  }
  if (plan.is_union && seen.count != 1) [[unlikely]]
    return wrong_union(plan, object_at);
  out_.struct_end();
  return true;
}

bool Encoder::test(const Seen& seen, std::uint32_t field) const noexcept {
  return ((field < 64 ? seen.first : work_.words_[seen.more + field / 64 - 1]) >> (field & 63) & 1) != 0;
}

/// The plain case of a shortcut field: an integer of at most 7 digits, or a string without escapes, and no
/// white space behind it. Returns the end of header and value in the output, or null with nothing done.
inline char* Encoder::plain_field(const FieldPlan& plan, const std::uint32_t* at) {
  const char* p = text_ + at[0];
  if (plan.shortcut == FieldPlan::Shortcut::number) {
    const bool negative = *p == '-';
    p += negative;
    const Digits digits = leading_digits(p);
    if (digits.count - 1 >= 7 || (*p == '0' && digits.count != 1) || !ending(p[digits.count])) return nullptr;
    const auto value = static_cast<std::int64_t>(digits.value);
    out_.reserve(32);
    return thrift::Sink::put_varint(out_.put_header(out_.cursor(), plan.code, plan.id),
                                    thrift::Sink::zigzag(negative ? -value : value));
  }
  const char* const end = text_ + at[1] - 1;
  if (plan.shortcut != FieldPlan::Shortcut::text || *p != '"' || *end != '"' || end == p) return nullptr;
  const auto size = static_cast<std::size_t>(end - ++p);
  out_.reserve(size + 64);
  const std::int16_t last_id = out_.last_id();
  char* const start = thrift::Sink::put_varint(out_.put_header(out_.cursor(), plan.code, plan.id), size);
  if (copy_plain(p, size, start)) [[likely]]
    return start + size;
  out_.last_id(last_id);
  return nullptr;
}

bool Encoder::members(const StructPlan& plan, const Overlay* overlay, Seen& seen) {
  const FieldPlan* const fields = plan.fields.data();
  const FieldPlan* const end = fields + plan.fields.size();
  const FieldPlan* hint = fields;  // clients mostly send fields in the contract's order
  if (!enter()) return false;
  const std::uint32_t* at = at_ + 1;
  at_ = at;
  if (text_[*at] == '}') ++at_;
  for (bool more = text_[*at] != '}'; more;) {
    const char* const text = text_;
    const char* const key = text + *at + 1;
    if (key[-1] != '"') [[unlikely]]
      return expected_token("a key");
    const FieldPlan* found = hint;
    if (hint == end || !hint->name.matches(key)) found = find_field(plan, key);
    if (text[at[1]] != ':') [[unlikely]]
      return ++at_, expected_token("a colon");
    if (!found) [[unlikely]] {
      if (!unknown_member(plan, key)) return false;
    } else {
      const auto index = static_cast<std::uint32_t>(found - fields);
      if (!meet(seen, index)) [[unlikely]]
        return given_twice(*found);
      hint = found + 1;
      ++seen.count;
      at_ = at + 2;
      if (char* const written = plain_field(*found, at + 2)) {
        out_.seek(written);
        ++at_;
      } else if (text[at[2]] == 'n' && found->optional && !plan.is_union) [[unlikely]] {
        if (!null_field(*found)) return false;
      } else if (!field(*found, overlay ? inside(*overlay, index) : nullptr)) {
        return false;
      }
    }
    at = at_;
    const char c = text[*at];
    more = c == ',';
    if (!more && c != '}') [[unlikely]]
      return expected_token("a comma or }");
    at_ = ++at;
  }
  --depth_;
  return true;
}

const Overlay* Encoder::inside(const Overlay& overlay, std::uint32_t field) noexcept {
  for (const Overlay::Item& item : overlay.items) {
    if (item.field == field) return item.inner.get();
  }
  return nullptr;
}

/// null for an optional field: unset.
bool Encoder::null_field(const FieldPlan& plan) {
  const char* const p = text_ + *at_;
  if (std::memcmp(p, "null", 4) != 0 || !ends(p + 4)) return wrong_type(plan.type->name);
  if (plan.not_nil) return missing(*(at_ - 2), {});
  ++at_;
  return true;
}

/// The closing quote is behind the key: the next token is the colon, and only white space may lie between.
const FieldPlan* Encoder::find_field(const StructPlan& plan, const char* key) {
  const char* end = text_ + at_[1];
  while (end > key && *--end != '"') {
  }
  std::string_view name(key, static_cast<std::size_t>(end - key));
  if (name.find('\\') != name.npos) {
    work_.text_.clear();
    if (!unescape(name, work_.text_)) return nullptr;
    name = work_.text_;
  }
  const std::uint32_t index = plan.names.find(name);
  return index == Names::none ? nullptr : plan.fields.data() + index;
}

bool Encoder::unknown_member(const StructPlan& plan, const char* key) {
  Token raw{};
  std::string_view name;
  if (!token(raw, "a key") || !decoded(raw, name)) return false;
  if (!options_.ignore_unknown) {
    std::string known;
    for (const FieldPlan& field : plan.fields) known += (known.empty() ? "" : ", ") + field.name.text;
    return fail(Wrong::unknown, static_cast<std::size_t>(key - 1 - text_), "there is no such field in " + plan.name,
                plan.fields.empty() ? "no field" : "one of " + known);
  }
  ++at_;  // the colon
  return skip_value();
}

/// Header and value in one go: most fields are numbers and strings, which need room reserved only once.
bool Encoder::field(const FieldPlan& plan, const Overlay* overlay) {
  switch (plan.kind) {
    case Kind::i16:
    case Kind::i32:
    case Kind::i64: {
      const std::size_t at = *at_;
      std::int64_t value = 0;
      if (!integer(value, plan.kind)) return false;
      out_.reserve(32);
      out_.seek(
          thrift::Sink::put_varint(out_.put_header(out_.cursor(), plan.code, plan.id), thrift::Sink::zigzag(value)));
      return !plan.checks || passed(plan.checks->integer(value), at);
    }
    case Kind::string: {
      if (plan.checks) break;
      out_.reserve(at_[1] - *at_ + 64);
      char* const end = string_at(out_.put_header(out_.cursor(), plan.code, plan.id));
      if (!end) return false;
      out_.seek(end);
      return true;
    }
    case Kind::boolean: {
      const std::size_t at = *at_;
      bool value = false;
      if (!boolean(value)) return false;
      out_.bool_field(plan.id, value);
      return !plan.checks || passed(plan.checks->boolean(value), at);
    }
    default: break;
  }
  out_.reserve(32);
  out_.seek(out_.put_header(out_.cursor(), plan.code, plan.id));
  return value(*plan.type, plan.checks.get(), overlay);
}

bool Encoder::value(const TypePlan& type, const thrift::Checks* checks, const Overlay* overlay) {
  const std::size_t at = *at_;
  switch (type.kind) {
    case Kind::boolean: {
      bool value = false;
      if (!boolean(value)) return false;
      out_.boolean(value);
      return !checks || passed(checks->boolean(value), at);
    }
    case Kind::i8:
    case Kind::i16:
    case Kind::i32:
    case Kind::i64: {
      std::int64_t value = 0;
      if (!integer(value, type.kind)) return false;
      if (type.kind == Kind::i8) {
        out_.i8(static_cast<std::int8_t>(value));
      } else {
        out_.i64(value);  // one varint for all widths
      }
      return !checks || passed(checks->integer(value), at);
    }
    case Kind::enumeration: {
      std::int64_t value = 0;
      if (!enumeration(*type.enumeration, value)) return false;
      out_.i64(value);
      return !checks || passed(checks->integer(value), at);
    }
    case Kind::dbl: {
      double value = 0;
      if (!real(value)) return false;
      out_.dbl(value);
      return !checks || passed(checks->real(value), at);
    }
    case Kind::string: return string(checks);
    case Kind::binary: return binary(checks);
    case Kind::uuid: return uuid(checks);
    case Kind::list:
    case Kind::set: return sequence(type, checks);
    case Kind::map: return map(type, checks);
    default: return structure(*type.structure, overlay);
  }
}

bool Encoder::complete(const StructPlan& plan, const Overlay* overlay, const Seen& seen, std::uint32_t object_at) {
  for (const std::uint32_t index : plan.expected) {
    if (test(seen, index)) continue;
    const FieldPlan& field = plan.fields[index];
    if (!field.default_bytes.empty()) {
      write_default(field);
      continue;
    }
    if (!field.needed()) continue;
    if (overlay) {
      for (const Overlay::Item& item : overlay->items) {
        if (item.field == index && !item.inner && !item.body)
          return wrong_parameter(item, Wrong::missing, "this parameter is required");
      }
    }
    return missing(object_at, field.name.text);
  }
  return true;
}

void Encoder::write_default(const FieldPlan& plan) {
  if (plan.type->kind == Kind::boolean) {
    out_.bool_field(plan.id, plan.default_bytes[0] == thrift::compact::yes);
    return;
  }
  out_.field_begin(plan.type->wire, plan.id);
  out_.append(plan.default_bytes.data(), plan.default_bytes.size());
}

bool Encoder::fail(Wrong wrong, std::size_t at, std::string_view what, std::string_view expected) {
  problem_ = {wrong, Source::body, {}, std::string(what), std::string(expected), at};
  if (text_) problem_.pointer = pointer_at({text_, work_.scanner_.size()}, at);
  return false;
}

bool Encoder::given_twice(const FieldPlan& plan) {
  return fail(Wrong::duplicate, *at_, "\"" + plan.name.text + "\" is given twice");
}

bool Encoder::wrong_union(const StructPlan& plan, std::size_t at) {
  return fail(Wrong::one_of, at, "a union has exactly one member", "an object with one key of " + plan.name);
}

bool Encoder::wrong_type(std::string_view expected) {
  return fail(*at_ == work_.scanner_.size() ? Wrong::syntax : Wrong::type, *at_,
              "expected " + std::string(expected) + ", found " + std::string(kind_at(peek())), std::string(expected));
}

bool Encoder::expected_token(std::string_view what) {
  return fail(Wrong::syntax, *at_, "expected " + std::string(what) + ", found " + std::string(kind_at(peek())),
              std::string(what));
}

bool Encoder::broken(std::size_t at, const std::string& rule) {
  return fail(Wrong::check, at, "the value must be " + rule, rule);
}

bool Encoder::missing(std::size_t object_at, std::string_view field_name) {
  fail(Wrong::missing, object_at, "this field is required");
  if (!field_name.empty()) append_step(problem_.pointer, field_name);
  return false;
}

bool Encoder::too_deep() {
  return fail(Wrong::depth, *at_, "JSON is nested deeper than " + std::to_string(options_.json_depth) + " levels");
}

}  // namespace bascule::transcode
