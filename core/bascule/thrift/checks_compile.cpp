// From vt.* annotations to rules; every annotation that does not fit its field is an error at start, never
// ignored.
#include <algorithm>
#include <charconv>
#include <limits>
#include <stdexcept>
#include <utility>

#include "bascule/thrift/checks_rules.hpp"

namespace bascule::thrift {
namespace {

using Entries = std::vector<Annotations::Entry>;

/// The annotations under one prefix, without it: "elem." of {"elem.gt": "0"} is {"gt": "0"}.
Entries under(const Entries& entries, std::string_view prefix) {
  Entries result;
  for (const auto& [key, value] : entries) {
    if (key.starts_with(prefix)) result.emplace_back(key.substr(prefix.size()), value);
  }
  return result;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = list.find(',');
    std::string_view part = list.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
    if (comma == list.npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

/// As the compiler reads them: a sign and a hexadecimal prefix are allowed in integers.
bool integer(std::string_view text, std::int64_t& value) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, hex ? 16 : 10);
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error != std::errc{} || end != text.data() + text.size() || size > top + negative) return false;
  value = static_cast<std::int64_t>(negative ? 0 - size : size);
  return true;
}

/// The 16 bytes that a UUID's text stands for; empty when it is none.
std::string uuid_bytes(std::string_view text) {
  std::string bytes;
  std::string digits;
  for (const char c : text) {
    if (c != '-') digits += c;
  }
  for (std::size_t i = 0; text.size() == 36 && i + 1 < digits.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != digits.data() + i + 2) return {};
    bytes += static_cast<char>(byte);
  }
  return bytes.size() == 16 ? bytes : std::string();
}

template <class T>
bool number(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

class CheckCompiler {
 public:
  CheckCompiler(const FieldType& field, const TypeRef& type) : field_(field), type_(type) {}

  std::unique_ptr<const Checks> compile(Entries entries) {
    const bool skipped = std::ranges::find(entries, Annotations::Entry{"skip", "true"}) != entries.end();
    std::erase_if(entries, [](const Annotations::Entry& entry) { return entry.first == "skip"; });
    if (entries.empty() || skipped) return nullptr;
    auto rules = std::make_unique<Checks::Rules>();
    rules->characters = type_.kind == Kind::string;
    const bool map = type_.kind == Kind::map;
    if (map || type_.kind == Kind::list || type_.kind == Kind::set) {
      rules->element = CheckCompiler(field_, *type_.element).compile(under(entries, map ? "value." : "elem."));
    }
    if (map) rules->key = CheckCompiler(field_, *type_.key).compile(under(entries, "key."));
    for (const auto& [rule, value] : entries) {
      if (!add(*rules, rule, value)) fail(rule, "does not apply to " + to_string(type_));
    }
    return std::unique_ptr<const Checks>(new Checks(std::move(rules)));
  }

 private:
  [[noreturn]] void fail(std::string_view rule, const std::string& what) const {
    throw DescriptorError("/" + field_.name, "vt." + std::string(rule) + " " + what);
  }

  bool add(Checks::Rules& rules, const std::string& rule, const std::string& value) {
    if (rule.starts_with("elem.")) return type_.kind == Kind::list || type_.kind == Kind::set;
    if (rule.starts_with("value.") || rule.starts_with("key.")) return type_.kind == Kind::map;
    if (rule == "not_nil") {
      rules.not_nil = truth(rule, value);
      return true;
    }
    if (rule == "min_size" || rule == "max_size") return size(rules, rule, value);
    switch (type_.kind) {
      case Kind::boolean: return rule == "const" && (integers(rules, rule, value), true);
      case Kind::enumeration:
        return rule == "defined_only" ? defined(rules, rule, value) : enumeration(rules, rule, value);
      case Kind::i8:
      case Kind::i16:
      case Kind::i32:
      case Kind::i64: return relation(rule) && (integers(rules, rule, value), true);
      case Kind::dbl: return relation(rule) && (reals(rules, rule, value), true);
      case Kind::string:
      case Kind::binary: return text(rules, rule, value);
      case Kind::uuid: return rule == "const" && uuid(rules, value);
      default: return false;
    }
  }

  bool uuid(Checks::Rules& rules, const std::string& value) {
    TextRule same{TextRule::Relation::in, {uuid_bytes(value)}, std::nullopt, value};
    if (same.bound[0].empty()) fail("const", "cannot read \"" + value + "\" as uuid");
    rules.texts.push_back(std::move(same));
    return true;
  }

  bool truth(std::string_view rule, std::string_view value) const {
    if (value != "true" && value != "false") fail(rule, "expects true or false");
    return value == "true";
  }

  static bool relation(std::string_view rule) {
    for (const std::string_view known : {"const", "gt", "ge", "lt", "le", "in", "not_in"}) {
      if (rule == known) return true;
    }
    return false;
  }

  static std::pair<Relation, std::string_view> words(std::string_view rule) {
    using enum Relation;
    if (rule == "gt") return {gt, "greater than "};
    if (rule == "ge" || rule == "min_size") return {ge, "at least "};
    if (rule == "lt") return {lt, "less than "};
    if (rule == "le" || rule == "max_size") return {le, "at most "};
    if (rule == "in") return {in, "one of "};
    if (rule == "not_in") return {not_in, "none of "};
    return {in, ""};  // const
  }

  static std::vector<std::string> members(std::string_view rule, const std::string& value) {
    return rule == "in" || rule == "not_in" ? split(value) : std::vector<std::string>{value};
  }

  template <class T, class Parse>
  NumberRule<T> made(std::string_view rule, const std::string& value, Parse parse) const {
    const auto [relation, phrase] = words(rule);
    NumberRule<T> result{relation, {}, std::string(phrase) + value};
    for (const std::string& member : members(rule, value)) {
      if (!parse(member, result.bound.emplace_back()))
        fail(rule, "cannot read \"" + member + "\" as " + to_string(type_));
    }
    return result;
  }

  void integers(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    rules.integers.push_back(made<std::int64_t>(rule, value, [&](std::string_view text, std::int64_t& to) {
      if (type_.kind != Kind::boolean) return integer(text, to);
      to = text == "true";
      return text == "true" || text == "false";
    }));
  }

  void reals(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    rules.reals.push_back(made<double>(rule, value, number<double>));
  }

  bool enumeration(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    if (rule != "const" && rule != "in" && rule != "not_in") return false;
    rules.integers.push_back(made<std::int64_t>(rule, value, [&](std::string_view text, std::int64_t& to) {
      const std::string_view name = text.substr(text.rfind('.') + 1);  // "Status.DONE" too
      for (const EnumValue& known : type_.named->values) {
        if (known.name == name) {
          to = known.value;
          return true;
        }
      }
      return integer(text, to);
    }));
    return true;
  }

  bool defined(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    if (!truth(rule, value)) return true;
    NumberRule<std::int64_t> known{Relation::in, {}, "one of"};
    for (const EnumValue& each : type_.named->values) {
      known.bound.push_back(each.value);
      known.phrase += (known.bound.size() == 1 ? " " : ", ") + each.name;
    }
    rules.integers.push_back(std::move(known));
    return true;
  }

  bool size(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    std::string_view unit;
    switch (type_.kind) {
      case Kind::string: unit = " characters"; break;
      case Kind::binary: unit = " bytes"; break;
      case Kind::list:
      case Kind::set: unit = " elements"; break;
      case Kind::map: unit = " entries"; break;
      default: return false;
    }
    NumberRule<std::int64_t> bound = made<std::int64_t>(rule, value, number<std::int64_t>);
    bound.phrase += unit;
    rules.sizes.push_back(std::move(bound));
    return true;
  }

  bool text(Checks::Rules& rules, std::string_view rule, const std::string& value) {
    using enum TextRule::Relation;
    static constexpr std::pair<std::string_view, std::pair<TextRule::Relation, std::string_view>> known[] = {
        {"pattern", {pattern, "text that matches "}},
        {"prefix", {prefix, "text that begins with "}},
        {"suffix", {suffix, "text that ends with "}},
        {"contains", {contains, "text that contains "}},
        {"not_contains", {not_contains, "text without "}},
        {"in", {in, "one of "}},
        {"not_in", {not_in, "none of "}},
        {"const", {in, ""}}};
    for (const auto& [name, means] : known) {
      if (name != rule) continue;
      TextRule made{means.first, members(rule, value), std::nullopt, std::string(means.second) + value};
      if (means.first == pattern) made.pattern = regex(value);
      rules.texts.push_back(std::move(made));
      return true;
    }
    return false;
  }

  Pattern regex(const std::string& expression) const {
    try {
      return Pattern(expression, type_.kind == Kind::binary ? Pattern::Of::bytes : Pattern::Of::text);
    } catch (const std::invalid_argument& wrong) {
      fail("pattern", std::string("is not a regular expression: ") + wrong.what());
    }
  }

  const FieldType& field_;
  const TypeRef& type_;
};

std::unique_ptr<const Checks> Checks::compile(const FieldType& field) {
  return CheckCompiler(field, *field.type).compile(under(field.annotations.all(), "vt."));
}

}  // namespace bascule::thrift
