// A descriptor's types, compiled for transcoding: names ready to compare, wire codes, checks, defaults as
// bytes.
//
// Schema::make compiles every type of the descriptor once; plans and transcoders hold the Schema by
// shared_ptr. Immutable once made: read from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bascule/thrift/checks.hpp"
#include "bascule/thrift/descriptor.hpp"
#include "bascule/thrift/types.hpp"
#include "bascule/transcode/names.hpp"

namespace bascule::transcode {

struct StructPlan;
struct EnumPlan;

struct IntegerRange {
  std::int64_t low, high;
  bool holds(std::int64_t value) const noexcept { return value >= low && value <= high; }
};
/// Of i8, i16, i32 and i64; an enumeration's is i32's.
constexpr IntegerRange integer_range(thrift::Kind kind) noexcept {
  using limits = std::numeric_limits<std::int64_t>;
  switch (kind) {
    case thrift::Kind::i8: return {-128, 127};
    case thrift::Kind::i16: return {-32768, 32767};
    case thrift::Kind::i64: return {limits::min(), limits::max()};
    default: return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
  }
}

/// How a type is written in JSON and in Thrift.
struct TypePlan {
  thrift::Kind kind = thrift::Kind::boolean;
  thrift::Type wire = thrift::Type::boolean;
  bool canonical = true;                  ///< equal values have equal bytes: no struct, set or map inside
  const StructPlan* structure = nullptr;  ///< of a structure, union or exception
  const EnumPlan* enumeration = nullptr;
  const TypePlan* key = nullptr;      ///< of a map
  const TypePlan* element = nullptr;  ///< of a list or set; of a map: its value
  std::string name;                   ///< as in the contract, for errors

  /// A map whose keys are JSON object keys; other maps are arrays of pairs.
  bool object_keys() const noexcept;
};

/// `,"name":` of a field, ready to be written in blocks.
struct JsonKey {
  std::array<char, 32> head{};  ///< its first bytes
  std::uint32_t size = 0;
  std::string text;  ///< the whole of it
};

struct FieldPlan {
  explicit FieldPlan(std::string_view field_name) : name(field_name) {}

  /// Fields that the encoder writes in one go when their JSON is plain: i32 and i64, string; without checks.
  enum class Shortcut : std::uint8_t { none, number, text };

  Name name;
  Shortcut shortcut = Shortcut::none;
  thrift::Kind kind = thrift::Kind::boolean;  ///< the type's
  std::uint8_t code = 0;                      ///< the compact protocol's, of the type
  std::int16_t id = 0;
  bool required = false;  ///< the contract says required
  bool not_nil = false;   ///< vt.not_nil: must be in the JSON
  bool optional = false;  ///< null means unset
  const TypePlan* type = nullptr;
  std::shared_ptr<const thrift::Checks> checks;  ///< null: none
  std::string default_bytes;                     ///< the compact value written when absent; empty: none
  JsonKey json_key;

  /// Must be in the JSON, unless a default takes its place.
  bool needed() const noexcept { return required || not_nil; }
};

struct StructPlan {
  std::string name;
  bool is_union = false;
  std::vector<FieldPlan> fields;
  Names names;
  std::vector<std::uint32_t> by_id;  ///< index of the field with id low_id + i, or Names::none
  std::int32_t low_id = 0;
  std::vector<std::uint32_t> expected;  ///< fields that are required, or have a default to write
  std::uint64_t expected_mask = 0;      ///< the same as bits, of the first 64 fields
  std::uint64_t required_mask = 0;      ///< required ones alone

  std::uint32_t find_id(std::int16_t id) const noexcept {
    const auto at = static_cast<std::uint32_t>(id - low_id);
    return at < by_id.size() ? by_id[at] : Names::none;
  }
};

struct EnumPlan {
  std::string name;
  std::vector<std::string> quoted;  ///< `"PENDING"`
  std::vector<std::int32_t> values;
  Names names;
  std::unordered_map<std::int32_t, std::uint32_t> by_value;
};

class Schema {
 public:
  /// Throws thrift::DescriptorError when a check or a default does not fit its field.
  static std::shared_ptr<const Schema> make(std::shared_ptr<const thrift::Descriptor> descriptor);

  const thrift::Descriptor& descriptor() const noexcept { return *descriptor_; }
  /// The plan of a type that the descriptor holds.
  const TypePlan& type(const thrift::TypeRef& ref) const { return *types_.at(&ref); }
  /// By qualified name; null when there is none.
  const TypePlan* type(std::string_view qualified) const noexcept;
  /// The arguments of a method, as a struct.
  const StructPlan& arguments(const thrift::Method& method) const { return *arguments_.at(&method); }

 private:
  friend class SchemaCompiler;
  Schema() = default;

  std::shared_ptr<const thrift::Descriptor> descriptor_;
  std::deque<TypePlan> type_plans_;
  std::deque<StructPlan> struct_plans_;
  std::deque<EnumPlan> enum_plans_;
  std::unordered_map<const thrift::TypeRef*, const TypePlan*> types_;
  std::unordered_map<const thrift::Method*, const StructPlan*> arguments_;
};

}  // namespace bascule::transcode
