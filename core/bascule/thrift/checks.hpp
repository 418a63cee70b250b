// The vt.* checks of one field, compiled once and evaluated on plain values: at the gateway while JSON is
// read, in services while Thrift is read (validator.hpp), in both languages.
//
// On numbers: vt.const, gt, ge, lt, le, in, not_in. On strings and binary: const, in, not_in, pattern (RE2:
// linear time, searched, not anchored), prefix, suffix, contains, not_contains, min_size, max_size
// (characters of a string, bytes of a binary). On bool and uuid (as its 16 bytes): const. On enums: const,
// in, not_in, defined_only. On containers: min_size, max_size, elem.* for their elements, key.* and value.*
// for maps. On any optional field: not_nil. Lists in in and not_in are comma-separated. vt.skip = "true"
// turns a field's checks off.
//
// Immutable once compiled: evaluated from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/thrift/descriptor.hpp"

namespace bascule::thrift {

class Checks {
 public:
  /// Null when the field has none. Throws DescriptorError when an annotation does not fit its field or is
  /// unknown.
  static std::unique_ptr<const Checks> compile(const FieldType& field);
  ~Checks();
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  // Each returns null when the value passes, otherwise the rule it breaks, for a person: "at least 1".
  const std::string* integer(std::int64_t value) const;
  const std::string* real(double value) const;
  const std::string* text(std::string_view value) const;
  const std::string* boolean(bool value) const;
  const std::string* count(std::size_t size) const;

  /// vt.not_nil: an optional field that must be there.
  bool not_nil() const noexcept;
  /// Of the elements of a list or set, or the values of a map; null when there are none.
  const Checks* element() const noexcept;
  /// Of the keys of a map; null when there are none.
  const Checks* key() const noexcept;

 private:
  struct Rules;
  explicit Checks(std::unique_ptr<Rules> rules);
  friend class CheckCompiler;
  std::unique_ptr<Rules> rules_;
};

}  // namespace bascule::thrift
