#include "bascule/gateway/schema_text.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "bascule/telemetry/json_line.hpp"
#include "bascule/transcode/text.hpp"

namespace bascule::gateway {
namespace {

using thrift::Kind;

bool is_object_key(Kind kind) {
  switch (kind) {
    case Kind::boolean:
    case Kind::i8:
    case Kind::i16:
    case Kind::i32:
    case Kind::i64:
    case Kind::string:
    case Kind::enumeration: return true;
    default: return false;
  }
}

using Clause = std::pair<std::string_view, std::string>;

// A text as a regular expression that matches it.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

bool is_number(Kind kind) {
  return kind == Kind::i8 || kind == Kind::i16 || kind == Kind::i32 || kind == Kind::i64 || kind == Kind::dbl;
}

// A value of a check as JSON: numbers as JSON writes them, enums by name, binary as base64, everything else as text.
void value(JsonText& out, Kind kind, std::string_view text) {
  if (kind == Kind::boolean) {
    out.raw(text);
  } else if (kind == Kind::dbl) {
    std::string number;
    telemetry::append_number(number, std::strtod(std::string(text).c_str(), nullptr));
    out.raw(number);
  } else if (is_number(kind)) {
    out.number(std::strtoll(std::string(text).c_str(), nullptr, 0));
  } else if (kind == Kind::binary) {
    std::string encoded(transcode::base64_size(text.size()), '\0');
    transcode::encode_base64(text, encoded.data());
    out.text(encoded);
  } else {
    out.text(kind == Kind::enumeration ? text.substr(text.rfind('.') + 1) : text);
  }
}

std::string_view bound_word(std::string_view rule) {
  if (rule == "gt") return "exclusiveMinimum";
  if (rule == "ge") return "minimum";
  if (rule == "lt") return "exclusiveMaximum";
  if (rule == "le") return "maximum";
  return {};
}

std::string_view size_word(const thrift::TypeRef& type, bool least) {
  if (type.kind == Kind::string || type.kind == Kind::binary) return least ? "minLength" : "maxLength";
  if (type.kind == Kind::map && is_object_key(type.key->kind)) return least ? "minProperties" : "maxProperties";
  return least ? "minItems" : "maxItems";
}

void list(JsonText& out, Kind kind, std::string_view items) {
  out.open('[');
  while (!items.empty()) {
    const std::size_t comma = items.find(',');
    value(out, kind, trimmed(items.substr(0, comma)));
    items.remove_prefix(comma == std::string_view::npos ? items.size() : comma + 1);
  }
  out.close(']');
}

// The keyword of a schema and its value for a check of text.
Clause pattern(std::string_view rule, std::string_view text) {
  JsonText out;
  if (rule == "pattern") out.text(text);
  if (rule == "prefix") out.text("^" + escaped(text));
  if (rule == "suffix") out.text(escaped(text) + "$");
  if (rule == "contains") out.text(escaped(text));
  if (rule != "not_contains") return {"pattern", out.take()};
  out.open('{').member("pattern", escaped(text)).close('}');
  return {"not", out.take()};
}

Clause members(bool in, Kind kind, std::string_view items) {
  JsonText out;
  if (!in) out.open('{').key("enum");
  list(out, kind, items);
  if (!in) out.close('}');
  return {in ? "enum" : "not", out.take()};
}

bool is_pattern(std::string_view rule) {
  return rule == "pattern" || rule == "prefix" || rule == "suffix" || rule == "contains" || rule == "not_contains";
}

std::vector<const thrift::EnumValue*> by_value(const thrift::NamedType& type) {
  std::vector<const thrift::EnumValue*> values;
  for (const thrift::EnumValue& each : type.values) values.push_back(&each);
  std::ranges::stable_sort(values, {}, &thrift::EnumValue::value);
  return values;
}

void names_by_value(JsonText& out, const thrift::NamedType& type) {
  out.open('[');
  for (const thrift::EnumValue* each : by_value(type)) out.text(each->name);
  out.close(']');
}

}  // namespace

std::string_view trimmed(std::string_view doc) {
  const std::size_t first = doc.find_first_not_of(" \t\r\n"), last = doc.find_last_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : doc.substr(first, last - first + 1);
}

void Schemas::type(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations* annotations,
                   const std::string& prefix) {
  out.open('{');
  if (type.named != nullptr) {
    named_[type.named->name] = type.named;
    out.member("$ref", "#/components/schemas/" + type.named->name);
  } else if (type.kind == Kind::list || type.kind == Kind::set) {
    out.member("type", "array").key("items");
    this->type(out, *type.element, annotations, prefix + "elem.");
    if (type.kind == Kind::set) out.key("uniqueItems").boolean(true);
  } else if (type.kind == Kind::map) {
    map(out, type, annotations, prefix);
  } else {
    base(out, type);
  }
  if (annotations != nullptr) checks(out, type, *annotations, prefix);
  out.close('}');
}

void Schemas::base(JsonText& out, const thrift::TypeRef& type) {
  switch (type.kind) {
    case Kind::boolean: out.member("type", "boolean"); break;
    case Kind::i8: out.member("type", "integer").key("minimum").number(-128).key("maximum").number(127); break;
    case Kind::i16: out.member("type", "integer").key("minimum").number(-32768).key("maximum").number(32767); break;
    case Kind::i32: out.member("type", "integer").member("format", "int32"); break;
    case Kind::i64: out.member("type", "integer").member("format", "int64"); break;
    case Kind::dbl: out.member("type", "number").member("format", "double"); break;
    case Kind::binary: out.member("type", "string").member("contentEncoding", "base64"); break;
    case Kind::uuid: out.member("type", "string").member("format", "uuid"); break;
    default: out.member("type", "string"); break;
  }
}

void Schemas::map(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations* annotations,
                  const std::string& prefix) {
  if (is_object_key(type.key->kind)) {
    out.member("type", "object").key("additionalProperties");
    this->type(out, *type.element, annotations, prefix + "value.");
    key_names(out, *type.key, annotations, prefix + "key.");
    return;
  }
  out.member("type", "array").key("items").open('{').member("type", "array").key("prefixItems").open('[');
  this->type(out, *type.key, annotations, prefix + "key.");
  this->type(out, *type.element, annotations, prefix + "value.");
  out.close(']').key("minItems").number(2).key("maxItems").number(2).close('}');
}

void Schemas::key_names(JsonText& out, const thrift::TypeRef& key, const thrift::Annotations* annotations,
                        const std::string& prefix) {
  switch (key.kind) {
    case Kind::enumeration:
      out.key("propertyNames").open('{').key("enum");
      names_by_value(out, *key.named);
      out.close('}');
      return;
    case Kind::boolean: out.key("propertyNames").raw(R"({"enum":["true","false"]})"); return;
    case Kind::string: {
      JsonText rules;
      rules.open('{');
      if (annotations != nullptr) checks(rules, key, *annotations, prefix);
      if (const std::string text = rules.close('}').take(); text.size() > 2) out.key("propertyNames").raw(text);
      return;
    }
    default: out.key("propertyNames").raw(R"({"pattern":"^-?[0-9]+$"})");
  }
}

void Schemas::checks(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations& annotations,
                     const std::string& prefix) {
  const std::string* skip = annotations.find("vt.skip");
  if (skip != nullptr && *skip == "true") return;
  std::vector<Clause> clauses;
  for (const auto& [key, text] : annotations.all()) {
    if (!key.starts_with(prefix)) continue;
    const std::string_view rule = std::string_view(key).substr(prefix.size());
    const Kind kind = type.kind;
    if (const std::string_view word = bound_word(rule); !word.empty()) {
      value(out.key(word), kind, text);
    } else if ((rule == "min_size" || rule == "max_size") && type.named == nullptr) {
      // Base64 writes 4 characters for each 3 bytes begun.
      const long size = std::stol(text);
      out.key(size_word(type, rule == "min_size")).number(kind == Kind::binary ? (size + 2) / 3 * 4 : size);
    } else if (rule == "const") {
      value(out.key("const"), kind, text);
    } else if (rule == "in" || rule == "not_in") {
      clauses.push_back(members(rule == "in", kind, text));
    } else if (is_pattern(rule) && kind != Kind::binary) {  // a binary's text is base64
      clauses.push_back(pattern(rule, text));
    }
  }
  // A schema has each keyword once; what more there is to hold stands in allOf.
  std::set<std::string_view> there;
  JsonText rest;
  for (const auto& [word, clause] : clauses) {
    if (there.insert(word).second) {
      out.key(word).raw(clause);
    } else {
      rest.open('{').key(word).raw(clause).close('}');
    }
  }
  if (const std::string all = rest.take(); !all.empty()) out.key("allOf").raw("[" + all + "]");
}

void Schemas::field(JsonText& out, const thrift::FieldType& field, bool description) {
  JsonText schema;
  type(schema, *field.type, &field.annotations);
  std::string text = schema.take();
  text.pop_back();  // goes on inside the object
  JsonText more;
  more.open('{');
  if (description && !trimmed(field.doc).empty()) more.member("description", trimmed(field.doc));
  if (field.default_json) more.key("default").raw(*field.default_json);
  const std::string extra = more.close('}').take();
  if (extra.size() > 2) text.append(text.size() > 1 ? "," : "").append(extra, 1, extra.size() - 2);
  out.raw(text + "}");
}

void Schemas::structure(JsonText& out, const thrift::NamedType& type, const std::string& leave_out) {
  const auto left_out = [&leave_out](const std::string& name) {
    return leave_out.find("," + name + ",") != std::string::npos;
  };
  out.open('{').member("type", "object");
  if (!trimmed(type.doc).empty()) out.member("description", trimmed(type.doc));
  out.key("properties").open('{');
  for (const thrift::FieldType& each : type.fields) {
    if (!left_out(each.name)) field(out.key(each.name), each);
  }
  out.close('}');
  if (type.kind == Kind::union_) {
    out.key("minProperties").number(1).key("maxProperties").number(1);
  } else {
    JsonText required;
    required.open('[');
    for (const thrift::FieldType& each : type.fields) {
      if (each.requiredness == thrift::Requiredness::required && !left_out(each.name)) required.text(each.name);
    }
    const std::string names = required.close(']').take();
    if (names.size() > 2) out.key("required").raw(names);
  }
  out.key("additionalProperties").boolean(false).close('}');
}

void Schemas::enumeration(JsonText& out, const thrift::NamedType& type) {
  out.open('{').member("type", "string").key("enum");
  names_by_value(out, type);
  std::string doc(trimmed(type.doc)), each_doc;
  for (const thrift::EnumValue* each : by_value(type)) {
    if (trimmed(each->doc).empty()) continue;
    each_doc.append(each_doc.empty() ? "" : "\n").append("- `").append(each->name).append("`: ");
    each_doc.append(trimmed(each->doc));
  }
  if (!doc.empty() && !each_doc.empty()) doc += "\n\n";
  doc += each_doc;
  if (!doc.empty()) out.member("description", doc);
  out.close('}');
}

void Schemas::components(JsonText& out) {
  // Writing one may refer to more: round and round until all are written.
  std::map<std::string, std::string> written;
  while (written.size() < named_.size()) {
    const auto now = named_;
    for (const auto& [name, type] : now) {
      if (written.contains(name)) continue;
      JsonText schema;
      type->kind == Kind::enumeration ? enumeration(schema, *type) : structure(schema, *type);
      written[name] = schema.take();
    }
  }
  for (const auto& [name, schema] : written) out.key(name).raw(schema);
}

}  // namespace bascule::gateway
