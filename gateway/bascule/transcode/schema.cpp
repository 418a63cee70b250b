#include "bascule/transcode/schema.hpp"

#include <algorithm>
#include <limits>

#include "bascule/thrift/compact.hpp"
#include "bascule/transcode/value.hpp"

namespace bascule::transcode {
namespace {

using thrift::Kind;

thrift::Type wire_type(Kind kind) {
  switch (kind) {
    case Kind::boolean: return thrift::Type::boolean;
    case Kind::i8: return thrift::Type::i8;
    case Kind::i16: return thrift::Type::i16;
    case Kind::i32:
    case Kind::enumeration: return thrift::Type::i32;
    case Kind::i64: return thrift::Type::i64;
    case Kind::dbl: return thrift::Type::dbl;
    case Kind::string:
    case Kind::binary: return thrift::Type::string;
    case Kind::uuid: return thrift::Type::uuid;
    case Kind::list: return thrift::Type::list;
    case Kind::set: return thrift::Type::set;
    case Kind::map: return thrift::Type::map;
    default: return thrift::Type::structure;
  }
}

/// Names in contracts are identifiers, but a descriptor may come from anywhere: no quote may break the JSON.
std::string json_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return quoted + '"';
}

JsonKey json_key(std::string_view name) {
  JsonKey key;
  key.text = "," + json_quoted(name) + ":";
  key.size = static_cast<std::uint32_t>(key.text.size());
  std::copy_n(key.text.begin(), std::min(key.text.size(), key.head.size()), key.head.begin());
  return key;
}

}  // namespace

bool TypePlan::object_keys() const noexcept {
  switch (key->kind) {
    case Kind::string:
    case Kind::enumeration:
    case Kind::boolean:
    case Kind::i8:
    case Kind::i16:
    case Kind::i32:
    case Kind::i64: return true;
    default: return false;
  }
}

class SchemaCompiler {
 public:
  SchemaCompiler(Schema& schema, const thrift::Descriptor& descriptor) : schema_(schema), descriptor_(descriptor) {}

  void compile() {
    for (const thrift::NamedType& type : descriptor_.types()) declare(type);
    for (const thrift::NamedType& type : descriptor_.types()) this->type(*descriptor_.ref(type.name));
    for (const thrift::NamedType& type : descriptor_.types()) {
      if (type.kind != Kind::enumeration) fill(*structs_.at(&type), type.fields, "/types/" + type.name + "/fields");
    }
    for (const thrift::ServiceType& service : descriptor_.services()) {
      for (const thrift::Method& method : service.methods) compile(service, method);
    }
    for (const auto& [field, plan] : defaults_) set_default(*field, *plan);
  }

 private:
  void declare(const thrift::NamedType& type) {
    if (type.kind == Kind::enumeration) {
      fill(*enums_.emplace(&type, &schema_.enum_plans_.emplace_back()).first->second, type);
      return;
    }
    StructPlan& plan = *structs_.emplace(&type, &schema_.struct_plans_.emplace_back()).first->second;
    plan.name = type.name;
    plan.is_union = type.kind == Kind::union_;
  }

  static void fill(EnumPlan& plan, const thrift::NamedType& type) {
    plan.name = type.name;
    std::vector<std::string_view> names;
    for (const thrift::EnumValue& value : type.values) {
      names.push_back(value.name);
      plan.by_value.emplace(value.value, static_cast<std::uint32_t>(plan.values.size()));
      plan.quoted.push_back(json_quoted(value.name));
      plan.values.push_back(value.value);
    }
    plan.names.build(names);
  }

  const TypePlan* type(const thrift::TypeRef& ref) {
    if (const auto found = schema_.types_.find(&ref); found != schema_.types_.end()) return found->second;
    TypePlan& plan = schema_.type_plans_.emplace_back();
    schema_.types_.emplace(&ref, &plan);
    plan.kind = ref.kind;
    plan.wire = wire_type(ref.kind);
    plan.name = thrift::to_string(ref);
    if (ref.named && ref.kind == Kind::enumeration) plan.enumeration = enums_.at(ref.named);
    if (ref.named && ref.kind != Kind::enumeration) plan.structure = structs_.at(ref.named);
    if (ref.key) plan.key = type(*ref.key);
    if (ref.element) plan.element = type(*ref.element);
    plan.canonical = !plan.structure && plan.kind != Kind::set && plan.kind != Kind::map && plan.kind != Kind::dbl &&
                     (!plan.element || plan.element->canonical);
    return &plan;
  }

  void compile(const thrift::ServiceType& service, const thrift::Method& method) {
    StructPlan& plan = schema_.struct_plans_.emplace_back();
    plan.name = service.name + "." + method.name;
    fill(plan, method.args, "/services/" + service.name + "/methods/" + method.name + "/args");
    schema_.arguments_.emplace(&method, &plan);
    if (method.returns) type(*method.returns);
    for (const thrift::Throw& thrown : method.throws) type(*thrown.type);
  }

  void fill(StructPlan& plan, const std::vector<thrift::FieldType>& fields, const std::string& where) {
    plan.fields.reserve(fields.size());  // defaults_ keeps addresses
    std::vector<std::string_view> names;
    for (const thrift::FieldType& field : fields) {
      names.push_back(field.name);
      add_field(plan, field, where);
    }
    plan.names.build(names);
    index_ids(plan);
    for (std::uint32_t i = 0; i < fields.size(); ++i) {
      if (i < 64 && plan.fields[i].required) plan.required_mask |= std::uint64_t{1} << i;
      if (plan.is_union || (!plan.fields[i].needed() && !fields[i].default_json)) continue;
      plan.expected.push_back(i);
      if (i < 64) plan.expected_mask |= std::uint64_t{1} << i;
    }
  }

  void add_field(StructPlan& plan, const thrift::FieldType& field, const std::string& where) {
    FieldPlan& made = plan.fields.emplace_back(field.name);
    made.id = field.id;
    made.type = type(*field.type);
    made.kind = made.type->kind;
    made.code = thrift::compact::code(made.type->wire);
    made.optional = plan.is_union || field.requiredness == thrift::Requiredness::optional;
    made.required = !plan.is_union && field.requiredness == thrift::Requiredness::required;
    made.json_key = json_key(field.name);
    try {
      made.checks = thrift::Checks::compile(field);
    } catch (const thrift::DescriptorError& error) {
      throw thrift::DescriptorError(where + error.pointer() + "/annotations", error.what());
    }
    made.not_nil = made.checks && made.checks->not_nil();
    if (!made.checks && (made.kind == Kind::i32 || made.kind == Kind::i64)) made.shortcut = FieldPlan::Shortcut::number;
    if (!made.checks && made.kind == Kind::string) made.shortcut = FieldPlan::Shortcut::text;
    if (field.default_json && !made.optional) defaults_.emplace_back(&field, &made);
  }

  static void index_ids(StructPlan& plan) {
    if (plan.fields.empty()) return;
    plan.low_id = plan.fields.front().id;
    std::int32_t top = plan.low_id;
    for (const FieldPlan& field : plan.fields) {
      plan.low_id = std::min<std::int32_t>(plan.low_id, field.id);
      top = std::max<std::int32_t>(top, field.id);
    }
    plan.by_id.assign(static_cast<std::size_t>(top - plan.low_id) + 1, Names::none);
    for (std::uint32_t i = 0; i < plan.fields.size(); ++i) {
      plan.by_id[static_cast<std::size_t>(plan.fields[i].id - plan.low_id)] = i;
    }
  }

  /// Defaults are JSON in the descriptor: they go through the transcoder itself, once everything else is
  /// ready.
  static void set_default(const thrift::FieldType& field, FieldPlan& plan) {
    Problem problem;
    Workspace workspace;
    if (!json_to_value(*plan.type, *field.default_json, workspace, plan.default_bytes, problem)) {
      throw thrift::DescriptorError("/" + field.name + "/default" + problem.pointer, problem.what);
    }
  }

  Schema& schema_;
  const thrift::Descriptor& descriptor_;
  std::unordered_map<const thrift::NamedType*, StructPlan*> structs_;
  std::unordered_map<const thrift::NamedType*, EnumPlan*> enums_;
  std::vector<std::pair<const thrift::FieldType*, FieldPlan*>> defaults_;
};

std::shared_ptr<const Schema> Schema::make(std::shared_ptr<const thrift::Descriptor> descriptor) {
  std::shared_ptr<Schema> schema(new Schema());
  schema->descriptor_ = std::move(descriptor);
  SchemaCompiler(*schema, *schema->descriptor_).compile();
  return schema;
}

const TypePlan* Schema::type(std::string_view qualified) const noexcept {
  const thrift::TypeRef* ref = descriptor_->ref(qualified);
  return ref ? types_.at(ref) : nullptr;
}

}  // namespace bascule::transcode
