#include "bascule/transcode/encoder.hpp"

#include <algorithm>

#include "bascule/transcode/locate.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::transcode {

using thrift::Kind;

bool Encoder::open(std::string_view json) {
  if (json.size() > 0xffffffff) return fail(Wrong::size, 0, "the JSON is over 4 GiB");
  Scanner& scanner = work_.scanner_;
  work_.spans_.clear();
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
  problem_ = {Wrong::size, Source::body,
              {},          "the message would be over " + std::to_string(options_.message) + " bytes",
              {},          0};
  return false;
}

bool Encoder::structure(const StructPlan& plan, const Overlay* overlay, bool json) {
  const std::uint32_t object_at = json ? *at_ : 0;
  if (json && peek() != '{') return wrong_type("an object");
  if (!out_.struct_begin()) return fail(Wrong::depth, object_at, "structs are nested too deep");
  Seen seen(plan.fields.size());
  if (overlay && !overlaid(plan, *overlay, seen)) return false;
  if (json && !members(plan, overlay, seen)) return false;
  if (overlay && !overlaid_structs(plan, *overlay, seen)) return false;
  if ((seen.first & plan.expected_mask) != plan.expected_mask || plan.fields.size() > 64) [[unlikely]] {
    if (!complete(plan, overlay, seen, object_at)) return false;
  }
  if (plan.is_union && seen.count != 1) [[unlikely]] {
    return fail(Wrong::one_of, object_at, "a union has exactly one member",
                "an object with one key of " + plan.name);
  }
  out_.struct_end();
  return true;
}

bool Encoder::members(const StructPlan& plan, const Overlay* overlay, Seen& seen) {
  if (!enter()) return false;
  ++at_;
  if (peek() == '}') {
    ++at_;
    --depth_;
    return true;
  }
  std::uint32_t hint = 0;
  while (true) {
    if (!member(plan, overlay, seen, hint)) return false;
    const char c = peek();
    if (c == ',') [[likely]] {
      ++at_;
    } else if (c == '}') {
      ++at_;
      --depth_;
      return true;
    } else {
      return expected_token("a comma or }");
    }
  }
}

inline bool Encoder::member(const StructPlan& plan, const Overlay* overlay, Seen& seen, std::uint32_t& hint) {
  if (peek() != '"') [[unlikely]]
    return expected_token("a key");
  const char* const key = text_ + *at_ + 1;
  std::uint32_t index = hint;
  if (hint >= plan.fields.size() || !plan.fields[hint].name.matches(key)) index = find_field(plan, key);
  if (text_[at_[1]] != ':') [[unlikely]] {
    ++at_;
    return expected_token("a colon");
  }
  if (index == Names::none) [[unlikely]]
    return unknown_member(plan, key);
  if (seen.test(index)) [[unlikely]] {
    return fail(Wrong::duplicate, *at_, "\"" + plan.fields[index].name.text + "\" is given twice");
  }
  seen.set(index);
  at_ += 2;
  hint = index + 1;
  const FieldPlan& field = plan.fields[index];
  const Overlay* inner = nullptr;
  if (overlay) [[unlikely]] {
    for (const Overlay::Item& item : overlay->items) {
      if (item.field == index) inner = item.inner.get();
    }
  }
  if (peek() == 'n' && field.optional && text_[*at_ + 1] == 'u' && !plan.is_union) {
    if (std::memcmp(text_ + *at_, "null", 4) != 0 || !ends(text_ + *at_ + 4))
      return wrong_type(field.type->name);
    if (field.not_nil) return missing(*(at_ - 2), {});
    ++at_;
    return true;
  }
  ++seen.count;
  return this->field(field, inner);
}

/// The closing quote is behind the key: the next token is the colon, and only white space may lie between.
std::uint32_t Encoder::find_field(const StructPlan& plan, const char* key) {
  const char* end = text_ + at_[1];
  while (end > key && *--end != '"') {
  }
  const std::string_view raw(key, static_cast<std::size_t>(end - key));
  if (raw.find('\\') == raw.npos) return plan.names.find(raw);
  work_.text_.clear();
  return unescape(raw, work_.text_) ? plan.names.find(work_.text_) : Names::none;
}

bool Encoder::unknown_member(const StructPlan& plan, const char* key) {
  Token raw{};
  std::string_view name;
  if (!token(raw, "a key") || !decoded(raw, name)) return false;
  if (!options_.ignore_unknown) {
    std::string known;
    for (const FieldPlan& field : plan.fields) known += (known.empty() ? "" : ", ") + field.name.text;
    return fail(Wrong::unknown, static_cast<std::size_t>(key - 1 - text_),
                "there is no such field in " + plan.name,
                plan.fields.empty() ? "no field" : "one of " + known);
  }
  ++at_;  // the colon
  return skip_value();
}

bool Encoder::field(const FieldPlan& plan, const Overlay* overlay) {
  if (plan.type->kind == Kind::boolean) {
    bool value = false;
    const std::size_t at = *at_;
    if (!boolean(value)) return false;
    out_.bool_field(plan.id, value);
    return !plan.checks || passed(plan.checks->boolean(value), at);
  }
  out_.field_begin(plan.type->wire, plan.id);
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
    case Kind::string:
      return string(checks);
    case Kind::binary:
      return binary(checks);
    case Kind::uuid:
      return uuid();
    case Kind::list:
    case Kind::set:
      return sequence(type, checks);
    case Kind::map:
      return map(type, checks);
    default:
      return structure(*type.structure, overlay);
  }
}

bool Encoder::complete(const StructPlan& plan, const Overlay* overlay, const Seen& seen,
                       std::uint32_t object_at) {
  for (const std::uint32_t index : plan.expected) {
    if (seen.test(index)) continue;
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

bool Encoder::ends(const char* p) const noexcept {
  switch (*p) {
    case ',':
    case '}':
    case ']':
    case ' ':
    case '\n':
    case '\r':
    case '\t':
      return true;
    case '\0':
      return p == text_ + work_.scanner_.size();
    default:
      return false;
  }
}

bool Encoder::fail(Wrong wrong, std::size_t at, std::string what, std::string expected) {
  problem_ = {wrong, Source::body, {}, std::move(what), std::move(expected), at};
  if (text_) problem_.pointer = pointer_at({text_, work_.scanner_.size()}, at);
  return false;
}

bool Encoder::wrong_type(std::string_view expected) {
  return fail(*at_ == work_.scanner_.size() ? Wrong::syntax : Wrong::type, *at_,
              "expected " + std::string(expected) + ", found " + std::string(kind_at(peek())),
              std::string(expected));
}

bool Encoder::expected_token(std::string_view what) {
  return fail(Wrong::syntax, *at_,
              "expected " + std::string(what) + ", found " + std::string(kind_at(peek())), std::string(what));
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
  return fail(Wrong::depth, *at_,
              "JSON is nested deeper than " + std::to_string(options_.json_depth) + " levels");
}

}  // namespace bascule::transcode
