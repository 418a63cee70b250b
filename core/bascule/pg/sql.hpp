// Sql, Param, Statement: what is sent to PostgreSQL. A text and its parameters, never a text with values
// pasted in.
//
// Sql is made from a string literal only (checked by the compiler), so a value from a request cannot become
// SQL. Text that the program builds itself (a table name from its own configuration) says so:
// Sql::trusted(text). Parameters travel beside the text, as PostgreSQL's text format (bytea: binary), and the
// server infers their types. Thread safety: values.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::pg {

/// A point in time with PostgreSQL's precision, UTC: timestamptz.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// A bytea value: raw bytes, told apart from text by its type.
struct Bytes {
  std::string data;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

class Sql {
 public:
  /// From a literal. Anything that is not a constant does not compile.
  template <std::size_t N>
  consteval Sql(const char (&literal)[N]) : text_(literal, N - 1), literal_(true) {}  // NOLINT(*-explicit-*)
  /// From text that the program itself made. Never pass anything that came from outside.
  static Sql trusted(std::string_view text) { return Sql(text); }

  constexpr std::string_view text() const noexcept { return text_; }
  constexpr bool is_literal() const noexcept { return literal_; }

 private:
  explicit constexpr Sql(std::string_view text) : text_(text), literal_(false) {}
  std::string_view text_;
  bool literal_;
};

/// One parameter. Constructed implicitly from what C++ has; throws Error(invalid_argument) for text with a
/// NUL byte, which PostgreSQL cannot store.
class Param {
 public:
  Param(std::nullopt_t) noexcept {}  // NOLINT(*-explicit-*): parameters are written as plain values
  Param(std::nullptr_t) noexcept {}
  Param(std::string text) : value_(checked(std::move(text))) {}
  Param(std::string_view text) : Param(std::string(text)) {}
  Param(const char* text) : Param(std::string(text)) {}
  Param(Bytes bytes) : value_(std::move(bytes.data)), binary_(true) {}
  Param(std::span<const std::byte> bytes)
      : value_(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size())), binary_(true) {}
  Param(Timestamp at);
  template <std::same_as<bool> B>
  Param(B value) : value_(value ? "t" : "f") {}
  template <std::integral I>
    requires(!std::same_as<I, bool> && !std::same_as<I, char>)
  Param(I value) : value_(integer(value)) {}
  template <std::floating_point F>
  Param(F value) : value_(real(static_cast<double>(value))) {}
  template <class D>
    requires(!std::same_as<D, std::chrono::microseconds>)
  Param(std::chrono::sys_time<D> at) : Param(std::chrono::floor<std::chrono::microseconds>(at)) {}
  template <class T>
  Param(std::optional<T> value) {
    if (value) *this = Param(*std::move(value));
  }
  /// An array: `where id = any($1)`.
  template <class T>
    requires(!std::same_as<T, std::byte>)
  Param(const std::vector<T>& values) {
    std::string text;
    for (const auto& value : values) append_element(text, Param(value));
    value_ = close_array(std::move(text));
  }

  bool is_null() const noexcept { return !value_; }
  bool is_binary() const noexcept { return binary_; }
  /// The bytes to send. Not for null.
  const std::string& bytes() const noexcept { return *value_; }

 private:
  static std::string checked(std::string text);
  static std::string integer(long long value) { return std::to_string(value); }
  static std::string integer(unsigned long long value) { return std::to_string(value); }
  template <std::integral I>
  static std::string integer(I value) {
    if constexpr (std::unsigned_integral<I>) return integer(static_cast<unsigned long long>(value));
    return integer(static_cast<long long>(value));
  }
  static std::string real(double value);
  static void append_element(std::string& array, const Param& element);
  static std::string close_array(std::string elements);

  std::optional<std::string> value_;
  bool binary_ = false;
};

/// How the server writes the results: text suits every type; binary is cheaper for large bytea and many
/// numbers.
enum class Format { text, binary };

/// One statement with its parameters.
class Statement {
 public:
  template <class... Params>
  explicit Statement(Sql sql, Params&&... params) : text_(sql.text()) {
    if (!sql.is_literal()) own();
    params_.reserve(sizeof...(params));
    (params_.emplace_back(std::forward<Params>(params)), ...);
  }
  /// For parameters whose number is known at run time only.
  static Statement with(Sql sql, std::vector<Param> params, Format format = Format::text) {
    Statement made(sql);
    made.params_ = std::move(params);
    made.format_ = format;
    return made;
  }
  Statement binary() && {
    format_ = Format::binary;
    return std::move(*this);
  }

  std::string_view text() const noexcept { return text_; }
  const std::vector<Param>& params() const noexcept { return params_; }
  Format format() const noexcept { return format_; }

 private:
  void own() {
    owned_ = std::make_shared<const std::string>(text_);
    text_ = *owned_;
  }
  std::string_view text_;
  std::shared_ptr<const std::string> owned_;  ///< of a text that is not a literal
  std::vector<Param> params_;
  Format format_ = Format::text;
};

}  // namespace bascule::pg
