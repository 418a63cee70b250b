// The descriptor in memory: what a contract says, as the gateway, Python and the CLI use it at run time.
//
// Made from the descriptor JSON (docs/architecture.md, "The descriptor"). Types are resolved: a TypeRef
// points at its named type, so recursive structs are cycles of pointers. A Descriptor owns everything that is
// reached from it; moving it keeps every address. Immutable once parsed: safe to read from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bascule/loop/error.hpp"
#include "bascule/thrift/kind.hpp"

namespace bascule::thrift {

/// The JSON is not a descriptor: invalid_argument, with the JSON pointer of what is wrong.
class DescriptorError : public Error {
 public:
  DescriptorError(std::string pointer, const std::string& what)
      : Error(Errc::invalid_argument, "descriptor at \"" + pointer + "\": " + what), pointer_(std::move(pointer)) {}
  const std::string& pointer() const noexcept { return pointer_; }

 private:
  std::string pointer_;
};

struct NamedType;

/// A use of a type.
struct TypeRef {
  Kind kind = Kind::boolean;
  const NamedType* named = nullptr;  ///< of an enumeration, structure, union or exception
  const TypeRef* key = nullptr;      ///< of a map
  const TypeRef* element = nullptr;  ///< of a list or set; of a map: its value
};

/// As in the contract: "map<string, shop.Product>".
std::string to_string(const TypeRef& type);

/// Annotation keys and values, sorted by key as in the descriptor.
class Annotations {
 public:
  using Entry = std::pair<std::string, std::string>;
  const std::string* find(std::string_view key) const noexcept;
  const std::vector<Entry>& all() const noexcept { return entries_; }
  void add(std::string key, std::string value) { entries_.emplace_back(std::move(key), std::move(value)); }

 private:
  std::vector<Entry> entries_;
};

/// A field of a struct, or an argument of a method.
struct FieldType {
  std::int16_t id = 0;
  std::string name;
  const TypeRef* type = nullptr;
  Requiredness requiredness = Requiredness::standard;
  std::optional<std::string> default_json;  ///< the default value as JSON text
  Annotations annotations;
  std::string doc;
};

struct EnumValue {
  std::string name;
  std::int32_t value = 0;
  std::string doc = {};
};

/// A struct, union, exception or enum.
struct NamedType {
  std::string name;  ///< qualified: "shop.Product"
  Kind kind = Kind::structure;
  std::vector<FieldType> fields;  ///< in the order of the contract
  std::vector<EnumValue> values;  ///< of an enum
  Annotations annotations;
  std::string doc;

  const FieldType* field(std::string_view field_name) const noexcept;
};

struct Throw {
  std::int16_t id = 0;
  std::string name;
  const TypeRef* type = nullptr;
  std::optional<int> http_code;
};

/// Where an argument, or a field of one, comes from in an HTTP request.
struct Binding {
  enum class In : std::uint8_t { path, query, header, cookie, body };
  std::string arg;
  std::string field;  ///< dotted path inside the struct argument; empty: the argument itself
  In in = In::query;
  std::string name;
};

struct Route {
  std::string verb;
  std::string path;
  int status = 200;
  std::optional<std::string>
      body;  ///< none: no body; "*": all arguments that nothing else binds; or an argument's name
  std::vector<Binding> bindings;
};

struct Method {
  std::string name;
  std::string doc;
  bool oneway = false;
  bool idempotent = false;
  int timeout_ms = 0;  ///< 0: the contract does not say
  Annotations annotations;
  std::vector<FieldType> args;
  const TypeRef* returns = nullptr;  ///< null: void
  std::vector<Throw> throws;
  std::string auth;  ///< empty: the contract does not say
  std::vector<std::string> scopes;
  std::vector<Route> http;
};

struct ServiceType {
  std::string name;  ///< qualified: "shop.Catalog"
  std::string extends;
  std::string doc;
  std::string address;
  Annotations annotations;
  std::vector<Method> methods;  ///< inherited ones too

  const Method* method(std::string_view method_name) const noexcept;
};

struct EventType {
  const NamedType* type = nullptr;
  std::string topic;
  std::string key;  ///< the field whose value orders; empty: none
};

struct Constant {
  std::string name;
  const TypeRef* type = nullptr;
  std::string json;
};

class Descriptor {
 public:
  /// Throws DescriptorError. Keys that are not known are passed over, so that a newer compiler's output is
  /// read.
  static Descriptor parse(std::string_view json);

  Descriptor() = default;
  Descriptor(Descriptor&&) = default;
  Descriptor& operator=(Descriptor&&) = default;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  std::string name;
  std::string ns;      ///< the contract's namespace
  std::string digest;  ///< "sha256:…"

  const std::deque<NamedType>& types() const noexcept { return types_; }
  const std::deque<ServiceType>& services() const noexcept { return services_; }
  const std::vector<EventType>& events() const noexcept { return events_; }
  const std::vector<Constant>& constants() const noexcept { return constants_; }

  /// By qualified name; null when there is none.
  const NamedType* type(std::string_view qualified) const noexcept;
  /// The use of a named type; null when there is none.
  const TypeRef* ref(std::string_view qualified) const noexcept;
  const ServiceType* service(std::string_view qualified) const noexcept;
  const EventType* event(std::string_view qualified) const noexcept;
  /// From the JSON form of a type: "i32", {"list": "string"}. Throws DescriptorError; pointers are inside
  /// that JSON.
  const TypeRef* intern(std::string_view type_json);

 private:
  friend class DescriptorParser;

  std::deque<NamedType> types_;
  std::deque<TypeRef> refs_;
  std::deque<ServiceType> services_;
  std::vector<EventType> events_;
  std::vector<Constant> constants_;
  std::unordered_map<std::string_view, const TypeRef*> by_name_;
};

}  // namespace bascule::thrift
