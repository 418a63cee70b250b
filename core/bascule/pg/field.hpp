// Field: one value of one row, and how it becomes a C++ value. Text and binary format, by the column's type.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/pg/sql.hpp"

namespace bascule::pg {

/// Type OIDs of pg_type, the ones that have a C++ type here.
enum class TypeOid : std::uint32_t {
  boolean = 16,
  bytea = 17,
  name = 19,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  oid = 26,
  json = 114,
  float4 = 700,
  float8 = 701,
  bpchar = 1042,
  varchar = 1043,
  timestamp = 1114,
  timestamptz = 1184,
  uuid = 2950,
  jsonb = 3802,
  xid8 = 5069,
};

struct Field;

/// Reads a non-null field. Throws Error(internal) that names the column when it does not fit.
template <class T>
T decode(const Field& field) = delete;
template <>
bool decode<bool>(const Field& field);
template <>
std::int16_t decode<std::int16_t>(const Field& field);
template <>
std::int32_t decode<std::int32_t>(const Field& field);
template <>
std::int64_t decode<std::int64_t>(const Field& field);
template <>
std::uint64_t decode<std::uint64_t>(const Field& field);
template <>
double decode<double>(const Field& field);
template <>
std::string decode<std::string>(const Field& field);
template <>
std::string_view decode<std::string_view>(const Field& field);
template <>
Bytes decode<Bytes>(const Field& field);
template <>
Timestamp decode<Timestamp>(const Field& field);
/// text[] and the like: one dimension, no NULL in it, text format.
template <>
std::vector<std::string> decode<std::vector<std::string>>(const Field& field);

namespace detail {
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T, class... List>
inline constexpr bool one_of = (std::same_as<T, List> || ...);
template <class T>
inline constexpr bool scalar = one_of<T, bool, std::int16_t, std::int32_t, std::int64_t, std::uint64_t, double,
                                      std::string, std::string_view, Bytes, Timestamp, std::vector<std::string>>;
template <class T>
inline constexpr bool scalar<std::optional<T>> = scalar<T>;
}  // namespace detail

/// What a single field can be read as.
template <class T>
concept Readable = detail::scalar<T>;

/// A view of one value. Valid while its Result lives.
struct Field {
  std::string_view bytes;
  std::string_view column;  ///< its name, for messages
  std::uint32_t type = 0;   ///< OID of its type
  bool null = false;
  bool binary = false;

  template <Readable T>
  T get() const {
    if constexpr (detail::is_optional<T>) {
      if (null) return std::nullopt;
      return decode<typename T::value_type>(*this);
    } else {
      if (null) refuse_null();
      return decode<T>(*this);
    }
  }

 private:
  [[noreturn]] void refuse_null() const;
};

}  // namespace bascule::pg
