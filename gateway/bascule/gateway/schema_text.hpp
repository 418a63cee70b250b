// Schemas: JSON Schema (2020-12) of contract types in the HTTP/JSON mapping: what OpenAPI and AsyncAPI share.
//
// Mirrors idl/compiler/basculec/emit/json_schema.py; a test holds the two together.
// Lifetime: the descriptors that types come from must outlive it. Thread safety: none of its own.
#pragma once

#include <map>
#include <string>

#include "bascule/telemetry/json_text.hpp"
#include "bascule/thrift/descriptor.hpp"

namespace bascule::gateway {

using telemetry::JsonText;

class Schemas {
 public:
  /// Writes the schema of a type, with the checks of `prefix` ("vt.", "vt.elem.") among the annotations.
  void type(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations* annotations = nullptr,
            const std::string& prefix = "vt.");
  /// Of a field or argument: its checks, doc and default too. `description`: false where the doc stands
  /// elsewhere.
  void field(JsonText& out, const thrift::FieldType& field, bool description = true);
  /// The object schema of a struct, union or exception; fields in `leave_out` (comma-separated, ",a,b,") are
  /// bound elsewhere.
  void structure(JsonText& out, const thrift::NamedType& type, const std::string& leave_out = "");
  /// Every named type that was referred to, and what those refer to: the members of components.schemas.
  void components(JsonText& out);

 private:
  void base(JsonText& out, const thrift::TypeRef& type);
  void map(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations* annotations,
           const std::string& prefix);
  void key_names(JsonText& out, const thrift::TypeRef& key, const thrift::Annotations* annotations,
                 const std::string& prefix);
  void checks(JsonText& out, const thrift::TypeRef& type, const thrift::Annotations& annotations,
              const std::string& prefix);
  void enumeration(JsonText& out, const thrift::NamedType& type);

  std::map<std::string, const thrift::NamedType*> named_;
};

/// White space taken off both ends, as a contract's docs are shown.
std::string_view trimmed(std::string_view doc);

}  // namespace bascule::gateway
