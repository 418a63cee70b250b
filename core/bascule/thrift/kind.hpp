// What a contract says a type is, and a field's requiredness: of descriptors (descriptor.hpp) and of the plans that are made of
// them (the gateway's transcoder, Python's codec).
#pragma once

#include <cstdint>

namespace bascule::thrift {

enum class Kind : std::uint8_t {
  boolean,
  i8,
  i16,
  i32,
  i64,
  dbl,
  string,
  binary,
  uuid,
  enumeration,
  structure,
  union_,
  exception,
  list,
  set,
  map,
};

/// The numbers are those that Python's bascule.contract gives to _native.Plan.
enum class Requiredness : std::uint8_t { standard = 0, required = 1, optional = 2 };

}  // namespace bascule::thrift
