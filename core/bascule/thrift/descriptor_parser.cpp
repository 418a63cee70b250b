// From descriptor JSON to the model: two passes, so that a type may refer to one that comes later or to
// itself.
#include <simdjson.h>

#include <limits>
#include <set>

#include "bascule/thrift/descriptor.hpp"

namespace bascule::thrift {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr unsigned max_type_nesting = 32;

/// Where the parser is: the JSON pointer of each error.
class At {
 public:
  At() = default;
  At operator/(std::string_view key) const {
    At inner{*this};
    inner.path_ += '/';
    for (const char c : key) {
      if (c == '~') {
        inner.path_ += "~0";
      } else if (c == '/') {
        inner.path_ += "~1";
      } else {
        inner.path_ += c;
      }
    }
    return inner;
  }
  At operator/(std::size_t index) const { return *this / std::to_string(index); }
  [[noreturn]] void fail(const std::string& what) const { throw DescriptorError(path_, what); }

 private:
  std::string path_;
};

object as_object(element value, const At& at) {
  object result;
  if (value.get_object().get(result) != simdjson::SUCCESS) at.fail("expected an object");
  return result;
}

std::string as_string(element value, const At& at) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) at.fail("expected a string");
  return std::string(text);
}

std::int64_t as_int(element value, const At& at, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS) at.fail("expected an integer");
  if (number < low || number > high) {
    at.fail("expected an integer from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

bool find(object from, std::string_view key, element& value) {
  return from.at_key(key).get(value) == simdjson::SUCCESS && !value.is_null();
}

element need(object from, std::string_view key, const At& at) {
  element value;
  if (!find(from, key, value)) at.fail("\"" + std::string(key) + "\" is missing");
  return value;
}

std::string text_or(object from, std::string_view key, const At& at, std::string fallback = {}) {
  element value;
  return find(from, key, value) ? as_string(value, at / key) : std::move(fallback);
}

bool flag(object from, std::string_view key, const At& at) {
  element value;
  if (!find(from, key, value)) return false;
  bool result = false;
  if (value.get_bool().get(result) != simdjson::SUCCESS) (at / key).fail("expected true or false");
  return result;
}

/// Calls each(element, at) for the items of an array that may be absent.
template <class Each>
void each_item(object from, std::string_view key, const At& at, Each each) {
  element value;
  if (!find(from, key, value)) return;
  array items;
  if (value.get_array().get(items) != simdjson::SUCCESS) (at / key).fail("expected an array");
  std::size_t index = 0;
  for (element item : items) each(item, at / key / index++);
}

/// Calls each(key, element, at) for the members of an object that may be absent.
template <class Each>
void each_member(object from, std::string_view key, const At& at, Each each) {
  element value;
  if (!find(from, key, value)) return;
  for (auto [name, member] : as_object(value, at / key)) each(name, member, at / key / name);
}

Annotations annotations(object from, const At& at) {
  Annotations result;
  each_member(from, "annotations", at, [&](std::string_view key, element value, const At& here) {
    result.add(std::string(key), as_string(value, here));
  });
  return result;
}

constexpr std::pair<std::string_view, Kind> base_types[] = {
    {"bool", Kind::boolean},  {"i8", Kind::i8},         {"i16", Kind::i16},
    {"i32", Kind::i32},       {"i64", Kind::i64},       {"double", Kind::dbl},
    {"string", Kind::string}, {"binary", Kind::binary}, {"uuid", Kind::uuid}};

}  // namespace

class DescriptorParser {
 public:
  explicit DescriptorParser(Descriptor& out) : out_(out) {}

  void parse(element document) {
    const At root;
    const object top = as_object(document, root);
    as_int(need(top, "bascule", root), root / "bascule", 1, 1);
    out_.name = text_or(top, "name", root);
    out_.ns = text_or(top, "namespace", root);
    out_.digest = text_or(top, "digest", root);
    each_member(top, "types", root, [&](auto name, element value, const At& at) { declare(name, value, at); });
    each_member(top, "types", root, [&](auto name, element value, const At& at) { define(name, value, at); });
    each_member(top, "constants", root, [&](auto name, element value, const At& at) { constant(name, value, at); });
    each_member(top, "services", root, [&](auto name, element value, const At& at) { service(name, value, at); });
    each_member(top, "events", root, [&](auto name, element value, const At& at) { event(name, value, at); });
  }

  const TypeRef* type(element value, const At& at, unsigned nesting = 0) {
    if (nesting > max_type_nesting) at.fail("types are nested too deep");
    std::string_view name;
    if (value.get_string().get(name) == simdjson::SUCCESS) return base(name, at);
    const object composed = as_object(value, at);
    element inner;
    if (find(composed, "ref", inner)) return named(as_string(inner, at / "ref"), at / "ref");
    TypeRef made;
    if (find(composed, "list", inner)) {
      made = {Kind::list, nullptr, nullptr, type(inner, at / "list", nesting + 1)};
    } else if (find(composed, "set", inner)) {
      made = {Kind::set, nullptr, nullptr, type(inner, at / "set", nesting + 1)};
    } else if (find(composed, "map", inner)) {
      array pair;
      if (inner.get_array().get(pair) != simdjson::SUCCESS || pair.size() != 2) {
        (at / "map").fail("expected an array of the key's and the value's type");
      }
      made.kind = Kind::map;
      made.key = type(pair.at(0).value_unsafe(), at / "map" / std::size_t{0}, nesting + 1);
      made.element = type(pair.at(1).value_unsafe(), at / "map" / std::size_t{1}, nesting + 1);
    } else {
      at.fail(R"(expected a base type's name, {"ref"}, {"list"}, {"set"} or {"map"})");
    }
    return &out_.refs_.emplace_back(made);
  }

 private:
  const TypeRef* base(std::string_view name, const At& at) {
    for (const auto& [base_name, kind] : base_types) {
      if (base_name == name) return &out_.refs_.emplace_back(TypeRef{kind});
    }
    at.fail("there is no base type \"" + std::string(name) + "\"");
  }

  const TypeRef* named(const std::string& name, const At& at) {
    const TypeRef* found = out_.ref(name);
    if (!found) at.fail("there is no type \"" + name + "\" in this descriptor");
    return found;
  }

  void declare(std::string_view name, element value, const At& at) {
    const std::string kind = as_string(need(as_object(value, at), "kind", at), at / "kind");
    NamedType& type = out_.types_.emplace_back();
    type.name = name;
    if (kind == "struct") {
      type.kind = Kind::structure;
    } else if (kind == "union") {
      type.kind = Kind::union_;
    } else if (kind == "exception") {
      type.kind = Kind::exception;
    } else if (kind == "enum") {
      type.kind = Kind::enumeration;
    } else {
      (at / "kind").fail("expected struct, union, exception or enum");
    }
    const TypeRef& ref = out_.refs_.emplace_back(TypeRef{type.kind, &type});
    if (!out_.by_name_.emplace(type.name, &ref).second) at.fail("this type is there twice");
  }

  void define(std::string_view name, element value, const At& at) {
    auto& type = const_cast<NamedType&>(*out_.ref(name)->named);  // ours: declared above
    const object from = as_object(value, at);
    type.doc = text_or(from, "doc", at);
    type.annotations = annotations(from, at);
    if (type.kind != Kind::enumeration) {
      type.fields = fields(from, "fields", at);
      return;
    }
    each_member(from, "values", at, [&](std::string_view value_name, element number, const At& here) {
      constexpr auto limits = std::numeric_limits<std::int32_t>{};
      type.values.push_back(
          {std::string(value_name), static_cast<std::int32_t>(as_int(number, here, limits.min(), limits.max()))});
    });
    each_member(from, "value_docs", at, [&](std::string_view value_name, element doc, const At& here) {
      const auto found = std::ranges::find(type.values, value_name, &EnumValue::name);
      if (found == type.values.end()) here.fail("there is no such value");
      found->doc = as_string(doc, here);
    });
  }

  std::vector<FieldType> fields(object from, std::string_view key, const At& at) {
    std::vector<FieldType> result;
    std::set<std::string> names;
    std::set<std::int16_t> ids;
    each_item(from, key, at, [&](element item, const At& here) {
      FieldType field = this->field(as_object(item, here), here);
      if (!names.insert(field.name).second) (here / "name").fail("this name is there twice");
      if (!ids.insert(field.id).second) (here / "id").fail("this id is there twice");
      result.push_back(std::move(field));
    });
    return result;
  }

  FieldType field(object from, const At& at) {
    FieldType field;
    field.id = id(from, at);
    field.name = as_string(need(from, "name", at), at / "name");
    field.type = type(need(from, "type", at), at / "type");
    const std::string requiredness = text_or(from, "requiredness", at, "default");
    if (requiredness == "required") {
      field.requiredness = Requiredness::required;
    } else if (requiredness == "optional") {
      field.requiredness = Requiredness::optional;
    } else if (requiredness != "default") {
      (at / "requiredness").fail("expected required, optional or default");
    }
    element value;
    if (find(from, "default", value)) field.default_json = simdjson::to_string(value);
    field.annotations = annotations(from, at);
    field.doc = text_or(from, "doc", at);
    return field;
  }

  static std::int16_t id(object from, const At& at) {
    return static_cast<std::int16_t>(as_int(need(from, "id", at), at / "id", -32768, 32767));
  }

  void constant(std::string_view name, element value, const At& at) {
    const object from = as_object(value, at);
    out_.constants_.push_back(
        {std::string(name), type(need(from, "type", at), at / "type"), simdjson::to_string(need(from, "value", at))});
  }

  void service(std::string_view name, element value, const At& at) {
    const object from = as_object(value, at);
    ServiceType& service = out_.services_.emplace_back();
    service.name = name;
    service.extends = text_or(from, "extends", at);
    service.doc = text_or(from, "doc", at);
    service.address = text_or(from, "address", at, "rpc." + service.name);
    service.annotations = annotations(from, at);
    each_item(from, "methods", at, [&](element item, const At& here) {
      Method method = this->method(as_object(item, here), here);
      if (service.method(method.name)) (here / "name").fail("this method is there twice");
      service.methods.push_back(std::move(method));
    });
  }

  Method method(object from, const At& at) {
    Method method;
    method.name = as_string(need(from, "name", at), at / "name");
    method.doc = text_or(from, "doc", at);
    method.oneway = flag(from, "oneway", at);
    method.idempotent = flag(from, "idempotent", at);
    element value;
    if (find(from, "timeout_ms", value)) {
      method.timeout_ms = static_cast<int>(as_int(value, at / "timeout_ms", 0, std::numeric_limits<int>::max()));
    }
    method.annotations = annotations(from, at);
    method.args = fields(from, "args", at);
    if (find(from, "returns", value)) method.returns = type(value, at / "returns");
    each_item(from, "throws", at,
              [&](element item, const At& here) { method.throws.push_back(thrown(as_object(item, here), here)); });
    method.auth = text_or(from, "auth", at);
    each_item(from, "scopes", at,
              [&](element item, const At& here) { method.scopes.push_back(as_string(item, here)); });
    each_item(from, "http", at,
              [&](element item, const At& here) { method.http.push_back(route(as_object(item, here), method, here)); });
    return method;
  }

  Throw thrown(object from, const At& at) {
    Throw result;
    result.id = id(from, at);
    result.name = as_string(need(from, "name", at), at / "name");
    result.type = type(need(from, "type", at), at / "type");
    if (result.type->kind != Kind::exception) (at / "type").fail("only exceptions are thrown");
    element code;
    if (find(from, "http_code", code)) result.http_code = static_cast<int>(as_int(code, at / "http_code", 300, 599));
    return result;
  }

  static Route route(object from, const Method& method, const At& at) {
    Route route;
    route.verb = as_string(need(from, "verb", at), at / "verb");
    route.path = as_string(need(from, "path", at), at / "path");
    element value;
    if (find(from, "status", value)) route.status = static_cast<int>(as_int(value, at / "status", 100, 599));
    if (find(from, "body", value)) route.body = as_string(value, at / "body");
    if (route.body && *route.body != "*" && !argument(method, *route.body)) (at / "body").fail("no such argument");
    each_item(from, "bindings", at, [&](element item, const At& here) {
      route.bindings.push_back(binding(as_object(item, here), method, here));
    });
    return route;
  }

  static const FieldType* argument(const Method& method, std::string_view name) {
    for (const FieldType& arg : method.args) {
      if (arg.name == name) return &arg;
    }
    return nullptr;
  }

  static Binding binding(object from, const Method& method, const At& at) {
    constexpr std::pair<std::string_view, Binding::In> places[] = {{"path", Binding::In::path},
                                                                   {"query", Binding::In::query},
                                                                   {"header", Binding::In::header},
                                                                   {"cookie", Binding::In::cookie},
                                                                   {"body", Binding::In::body}};
    Binding binding;
    binding.arg = as_string(need(from, "arg", at), at / "arg");
    const FieldType* target = argument(method, binding.arg);
    if (!target) (at / "arg").fail("no such argument");
    binding.field = text_or(from, "field", at);
    if (!reaches(*target->type, binding.field)) (at / "field").fail("the argument has no such field");
    binding.name = as_string(need(from, "name", at), at / "name");
    const std::string in = as_string(need(from, "in", at), at / "in");
    for (const auto& [place, value] : places) {
      if (place == in) {
        binding.in = value;
        return binding;
      }
    }
    (at / "in").fail("expected path, query, header, cookie or body");
  }

  static bool reaches(const TypeRef& type, std::string_view path) {
    if (path.empty()) return true;
    if (!type.named) return false;
    const std::size_t dot = path.find('.');
    const FieldType* field = type.named->field(path.substr(0, dot));
    return field && (dot == std::string_view::npos || reaches(*field->type, path.substr(dot + 1)));
  }

  void event(std::string_view name, element value, const At& at) {
    const object from = as_object(value, at);
    EventType event;
    event.type = out_.type(name);
    if (!event.type) at.fail("there is no such struct");
    event.topic = text_or(from, "topic", at, "events." + std::string(name));
    event.key = text_or(from, "key", at);
    if (!event.key.empty() && !event.type->field(event.key)) (at / "key").fail("the struct has no such field");
    out_.events_.push_back(std::move(event));
  }

  Descriptor& out_;
};

namespace {

element read_json(simdjson::dom::parser& parser, std::string_view json) {
  element document;
  if (const auto error = parser.parse(json.data(), json.size()).get(document); error != simdjson::SUCCESS) {
    throw DescriptorError("", std::string("not JSON: ") + simdjson::error_message(error));
  }
  return document;
}

}  // namespace

Descriptor Descriptor::parse(std::string_view json) {
  simdjson::dom::parser parser;
  Descriptor descriptor;
  DescriptorParser(descriptor).parse(read_json(parser, json));
  return descriptor;
}

const TypeRef* Descriptor::intern(std::string_view type_json) {
  simdjson::dom::parser parser;
  return DescriptorParser(*this).type(read_json(parser, type_json), At{});
}

}  // namespace bascule::thrift
