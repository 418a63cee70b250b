#include "bascule/transcode/decoder.hpp"

#include "bascule/transcode/canonical.hpp"
#include "bascule/transcode/locate.hpp"

namespace bascule::transcode {

using thrift::Kind;
using thrift::Type;

bool Decoder::structure(const StructPlan& plan) {
  if (!in_.struct_begin()) return unsound();
  if (!enter() || !small_enough()) return false;
  out_.byte('{');
  std::uint64_t seen = 0;
  std::vector<std::uint64_t> more;
  if (plan.fields.size() > 64) [[unlikely]]
    more.assign(plan.fields.size() / 64, 0);
  std::uint32_t hint = 0;
  unsigned count = 0;
  for (thrift::Field field = in_.field_begin(); field.type != Type::stop; field = in_.field_begin()) {
    std::uint32_t index = hint;
    if (hint >= plan.fields.size() || plan.fields[hint].id != field.id) index = plan.find_id(field.id);
    if (index == Names::none || plan.fields[index].type->wire != field.type) [[unlikely]] {
      in_.skip(field.type);  // a newer service's field, or one whose type changed: as generated code does
      continue;
    }
    std::uint64_t& word = index < 64 ? seen : more[index / 64 - 1];
    const std::uint64_t bit = std::uint64_t{1} << (index & 63);
    const FieldPlan& found = plan.fields[index];
    if (word & bit) [[unlikely]]
      return fail(Wrong::duplicate, "field " + found.name.text + " is there twice");
    word |= bit;
    const bool first = count++ == 0;
    out_.key(found.json_key, first);
    if (!value(*found.type)) return false;
    hint = index + 1;
  }
  in_.struct_end();
  if (!in_.ok()) [[unlikely]]
    return unsound();
  if ((seen & plan.required_mask) != plan.required_mask || plan.fields.size() > 64 || plan.is_union) [[unlikely]] {
    if (!complete(plan, seen, more, count)) return false;
  }
  out_.byte('}');
  --depth_;
  return true;
}

bool Decoder::complete(const StructPlan& plan, std::uint64_t seen, const std::vector<std::uint64_t>& more,
                       unsigned count) {
  if (plan.is_union && count != 1) return fail(Wrong::one_of, plan.name + " does not hold exactly one member");
  for (std::size_t i = 0; i < plan.fields.size(); ++i) {
    const std::uint64_t word = i < 64 ? seen : more[i / 64 - 1];
    if (plan.fields[i].required && (word >> (i & 63) & 1) == 0) {
      return fail(Wrong::missing,
                  "the required field " + plan.fields[i].name.text + " of " + plan.name + " is missing");
    }
  }
  return true;
}

bool Decoder::value(const TypePlan& type) {
  switch (type.kind) {
    case Kind::boolean: out_.boolean(in_.boolean()); return true;
    case Kind::i8: out_.integer(in_.i8()); return true;
    case Kind::i16: out_.integer(in_.i16()); return true;
    case Kind::i32: out_.integer(in_.i32()); return true;
    case Kind::i64: out_.integer(in_.i64()); return true;
    case Kind::dbl: out_.real(in_.dbl()); return true;
    case Kind::string: return string();
    case Kind::binary: out_.base64(in_.binary()); return true;
    case Kind::uuid: {
      const std::string_view bytes = in_.uuid();
      if (!sound()) return false;
      out_.uuid(bytes);
      return true;
    }
    case Kind::enumeration: enumeration(*type.enumeration, in_.i32()); return true;
    case Kind::list:
    case Kind::set: return sequence(type);
    case Kind::map: return map(type);
    default: return structure(*type.structure);
  }
}

void Decoder::enumeration(const EnumPlan& plan, std::int32_t value) {
  const auto found = plan.by_value.find(value);
  if (found == plan.by_value.end()) return out_.integer(value);  // a newer contract's value
  const std::string& quoted = plan.quoted[found->second];
  out_.append(quoted.data(), quoted.size());
}

bool Decoder::sequence(const TypePlan& type) {
  if (!enter()) return false;
  const thrift::ListHeader list = in_.list_begin();
  if (list.size != 0 && list.element != type.element->wire) {
    return fail(Wrong::thrift, "elements are not of type " + type.element->name);
  }
  const bool set = type.kind == Kind::set;
  const std::size_t first_span = spans_.size();
  out_.byte('[');
  for (std::uint32_t i = 0; i < list.size; ++i) {
    if (i != 0) out_.byte(',');
    const char* const from = in_.position();
    const std::size_t begin = out_.size();
    if (!value(*type.element) || !sound() || !small_enough()) return false;
    if (set) spans_.push_back({{from, in_.position()}, begin, out_.size()});
  }
  if (set && !unique(*type.element, first_span, "an element of a set is there twice")) return false;
  out_.byte(']');
  --depth_;
  return sound();
}

bool Decoder::map(const TypePlan& type) {
  if (!enter()) return false;
  const bool object = type.object_keys();
  const thrift::MapHeader map = in_.map_begin();
  if (map.size != 0 && (map.key != type.key->wire || map.value != type.element->wire)) {
    return fail(Wrong::thrift, "entries are not of " + type.name);
  }
  if (!object && !enter()) return false;
  const std::size_t first_span = spans_.size();
  out_.byte(object ? '{' : '[');
  for (std::uint32_t i = 0; i < map.size; ++i) {
    if (i != 0) out_.byte(',');
    if (!object) out_.byte('[');
    const char* const from = in_.position();
    const std::size_t begin = out_.size();
    if (!(object ? object_key(*type.key) : value(*type.key)) || !sound()) return false;
    spans_.push_back({{from, in_.position()}, begin, out_.size()});
    out_.byte(object ? ':' : ',');
    if (!value(*type.element) || !sound() || !small_enough()) return false;
    if (!object) out_.byte(']');
  }
  if (!unique(*type.key, first_span, "a key of a map is there twice")) return false;
  out_.byte(object ? '}' : ']');
  depth_ -= object ? 1 : 2;
  return sound();
}

/// Equal scalars have equal JSON, even when hostile bytes spell a number in two ways; other values are
/// compared in their canonical form.
bool Decoder::unique(const TypePlan& type, std::size_t first_span, const char* what) {
  const Span* const spans = spans_.data() + first_span;
  const std::size_t count = spans_.size() - first_span;
  const std::size_t duplicate = find_duplicate(type, count, [&](std::size_t i) {
    if (!type.canonical) return spans[i].bytes;
    return std::string_view(out_.at(spans[i].begin), spans[i].end - spans[i].begin);
  });
  spans_.resize(first_span);
  return duplicate == count || fail(Wrong::duplicate, what);
}

bool Decoder::object_key(const TypePlan& key) {
  switch (key.kind) {
    case Kind::string: {
      const std::string_view text = in_.binary();
      if (text.find('\0') != text.npos) return fail(Wrong::format, "a key may not hold NUL");
      return out_.string(text, text.size() + in_.remaining()) || fail(Wrong::utf8, "a key is not UTF-8");
    }
    case Kind::enumeration: {
      const std::int32_t value = in_.i32();
      const bool known = key.enumeration->by_value.contains(value);
      if (!known) out_.byte('"');
      enumeration(*key.enumeration, value);
      if (!known) out_.byte('"');
      return true;
    }
    default:
      out_.byte('"');
      if (!value(key)) return false;
      out_.byte('"');
      return true;
  }
}

bool Decoder::close() {
  if (!sound()) return false;
  return in_.remaining() == 0 || fail(Wrong::thrift, "bytes follow the value");
}

bool Decoder::fail(Wrong wrong, std::string what, std::string expected) {
  problem_ = {wrong, Source::reply, {}, std::move(what), std::move(expected), in_.offset()};
  const std::string_view written(out_.at(start_), out_.size() - start_);
  problem_.pointer = pointer_at(written, written.size());
  return false;
}

bool Decoder::unsound() {
  return fail(in_.fault() == thrift::Fault::utf8 ? Wrong::utf8 : Wrong::thrift, std::string(to_string(in_.fault())));
}

}  // namespace bascule::transcode
