// Result, Row: what a statement returned, typed on reading.
//
//   for (auto row : result) total += row.get<std::int64_t>("amount");
//   auto products = result.as<Product>();                       // an aggregate, fields in column order
//   auto [id, name] = result.one<std::tuple<std::int64_t, std::string>>();
//
// Types: bool, std::int16_t, std::int32_t, std::int64_t, std::uint64_t (xid8), double, std::string,
// std::string_view (valid while the Result lives), Bytes (bytea), Timestamp (timestamptz, timestamp), and
// std::optional of each for NULL. Errors: reading NULL into a plain type, an unknown column, a value of
// another type: Error(internal) that names the column; one() on another number of rows than one:
// Error(internal). Thread safety: values; a Result is cheap to copy (shared, immutable).
#pragma once

#include <boost/pfr/core.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "bascule/pg/field.hpp"

struct pg_result;

namespace bascule::pg {

class Row;

class Result {
 public:
  Result() = default;
  /// Takes a libpq result over.
  explicit Result(::pg_result* taken);

  std::size_t size() const noexcept { return rows_; }
  bool empty() const noexcept { return rows_ == 0; }
  std::size_t columns() const noexcept { return columns_; }
  std::string_view column_name(std::size_t column) const;
  /// The type's OID (pg_type): for callers that map types themselves.
  std::uint32_t column_type(std::size_t column) const;
  /// The position of a column; throws when there is none.
  std::size_t column(std::string_view name) const;
  /// Rows that an INSERT, UPDATE, DELETE or SELECT touched.
  std::uint64_t affected() const noexcept;

  Row operator[](std::size_t row) const;
  Field field(std::size_t row, std::size_t column) const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  /// Every row as a T: a scalar (first column), a std::tuple, or an aggregate whose fields are in column
  /// order.
  template <class T>
  std::vector<T> as() const;
  /// The only row; throws unless there is exactly one.
  template <class T>
  T one() const;
  /// The only row, or nothing; throws when there are several.
  template <class T>
  std::optional<T> maybe() const;

 private:
  void expect_rows(std::size_t least, std::size_t most) const;
  std::shared_ptr<const ::pg_result> handle_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

/// One row of a Result. Holds the result alive.
class Row {
 public:
  Row(Result result, std::size_t index) : result_(std::move(result)), index_(index) {}
  template <class T>
  T get(std::string_view column) const {
    return result_.field(index_, result_.column(column)).get<T>();
  }
  template <class T>
  T get(std::size_t column) const {
    return result_.field(index_, column).get<T>();
  }
  template <class T>
  T as() const;

 private:
  template <class Tuple, std::size_t... I>
  Tuple tuple(std::index_sequence<I...>) const {
    return Tuple(get<std::tuple_element_t<I, Tuple>>(I)...);
  }
  template <class T>
  T aggregate() const;
  Result result_;
  std::size_t index_;
};

class Result::Iterator {
 public:
  using value_type = Row;
  using difference_type = std::ptrdiff_t;
  Iterator() = default;
  Iterator(const Result* result, std::size_t row) : result_(result), row_(row) {}
  Row operator*() const { return (*result_)[row_]; }
  Iterator& operator++() {
    ++row_;
    return *this;
  }
  Iterator operator++(int) { return Iterator(result_, row_++); }
  friend bool operator==(const Iterator&, const Iterator&) = default;

 private:
  const Result* result_ = nullptr;
  std::size_t row_ = 0;
};

inline Result::Iterator Result::begin() const { return {this, 0}; }
inline Result::Iterator Result::end() const { return {this, rows_}; }

namespace detail {

template <class T>
inline constexpr bool is_tuple = false;
template <class... T>
inline constexpr bool is_tuple<std::tuple<T...>> = true;

}  // namespace detail

template <class T>
T Row::aggregate() const {
  T value{};
  boost::pfr::for_each_field(value, [this](auto& field, std::size_t column) {
    field = get<std::remove_reference_t<decltype(field)>>(column);
  });
  return value;
}

template <class T>
T Row::as() const {
  if constexpr (Readable<T>)
    return get<T>(std::size_t{0});
  else if constexpr (detail::is_tuple<T>)
    return tuple<T>(std::make_index_sequence<std::tuple_size_v<T>>{});
  else {
    static_assert(std::is_aggregate_v<T>, "a row is read as a scalar, a std::tuple or an aggregate of such fields");
    return aggregate<T>();
  }
}

template <class T>
std::vector<T> Result::as() const {
  std::vector<T> all;
  all.reserve(size());
  for (const auto& row : *this) all.push_back(row.template as<T>());
  return all;
}

template <class T>
T Result::one() const {
  expect_rows(1, 1);
  return (*this)[0].template as<T>();
}

template <class T>
std::optional<T> Result::maybe() const {
  expect_rows(0, 1);
  if (empty()) return std::nullopt;
  return (*this)[0].template as<T>();
}

}  // namespace bascule::pg
