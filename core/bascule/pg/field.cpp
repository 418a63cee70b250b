#include "bascule/pg/field.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "bascule/loop/error.hpp"

namespace bascule::pg {
namespace {

[[noreturn]] void mismatch(const Field& field, const char* wanted) {
  std::string text = "column \"" + std::string(field.column) + "\" (type OID " + std::to_string(field.type);
  if (!field.binary) text += ", value '" + std::string(field.bytes.substr(0, 40)) + "'";
  throw Error(Errc::internal, text + ") cannot be read as " + wanted + ": read another type, or cast it in the SQL");
}

bool is(const Field& field, TypeOid type) { return field.type == static_cast<std::uint32_t>(type); }

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

/// A signed integer of 2, 4 or 8 bytes; the length was checked by the server, the type is checked here.
std::optional<std::int64_t> binary_integer(const Field& field) {
  const auto raw = big_endian(field.bytes);
  if (is(field, TypeOid::int2) && field.bytes.size() == 2) return static_cast<std::int16_t>(raw);
  if (is(field, TypeOid::int4) && field.bytes.size() == 4) return static_cast<std::int32_t>(raw);
  if (is(field, TypeOid::oid) && field.bytes.size() == 4) return static_cast<std::int64_t>(raw);
  if ((is(field, TypeOid::int8) || is(field, TypeOid::xid8)) && field.bytes.size() == 8)
    return static_cast<std::int64_t>(raw);
  return std::nullopt;
}

template <class T>
T from_text(const Field& field, const char* wanted) {
  T value{};
  const auto* const end = field.bytes.data() + field.bytes.size();
  const auto [stop, error] = std::from_chars(field.bytes.data(), end, value);
  if (error != std::errc() || stop != end) mismatch(field, wanted);
  return value;
}

template <class T>
T number(const Field& field, const char* wanted) {
  if (!field.binary) return from_text<T>(field, wanted);
  const auto value = binary_integer(field);
  if (!value || !std::in_range<T>(*value)) mismatch(field, wanted);
  return static_cast<T>(*value);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// Digits from `text` at `at`; advances. PostgreSQL's ISO output has fixed widths except for the year.
int digits(const Field& field, std::size_t& at) {
  int value = 0;
  const auto* const begin = field.bytes.data() + at;
  const auto [stop, error] = std::from_chars(begin, field.bytes.data() + field.bytes.size(), value);
  if (error != std::errc()) mismatch(field, "a timestamp");
  at += static_cast<std::size_t>(stop - begin);
  return value;
}

void expect(const Field& field, std::size_t& at, char c) {
  if (at >= field.bytes.size() || field.bytes[at] != c) mismatch(field, "a timestamp");
  ++at;
}

std::chrono::microseconds fraction(const Field& field, std::size_t& at) {
  std::int64_t micros = 0;
  if (at >= field.bytes.size() || field.bytes[at] != '.') return std::chrono::microseconds(0);
  ++at;
  for (std::int64_t unit = 100'000; unit > 0 && at < field.bytes.size() && std::isdigit(field.bytes[at]) != 0;
       unit /= 10)
    micros += (field.bytes[at++] - '0') * unit;
  return std::chrono::microseconds(micros);
}

/// "2026-11-23 04:19:19.123456+00"; the session's zone is UTC and its DateStyle is ISO (connection start-up).
Timestamp text_timestamp(const Field& field) {
  using namespace std::chrono;
  std::size_t at = 0;
  int y = digits(field, at);
  expect(field, at, '-');
  const int m = digits(field, at);
  expect(field, at, '-');
  const int d = digits(field, at);
  expect(field, at, ' ');
  const int hour = digits(field, at);
  expect(field, at, ':');
  const int minute = digits(field, at);
  expect(field, at, ':');
  const int second = digits(field, at);
  const auto micros = fraction(field, at);
  if (field.bytes.ends_with(" BC")) y = 1 - y;
  const year_month_day date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  if (!date.ok()) mismatch(field, "a timestamp");
  const auto rest = field.bytes.substr(at);
  if (!rest.empty() && !rest.starts_with("+00") && rest != " BC") mismatch(field, "a timestamp in UTC");
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + micros;
}

/// Binary: microseconds since 2000-01-01.
Timestamp binary_timestamp(const Field& field) {
  constexpr Timestamp epoch = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
  const auto micros = static_cast<std::int64_t>(big_endian(field.bytes));
  constexpr auto limit = std::numeric_limits<std::int64_t>::max();
  if (micros == limit || micros == std::numeric_limits<std::int64_t>::min()) mismatch(field, "a finite timestamp");
  return epoch + std::chrono::microseconds(micros);
}

/// One element of an array's text from `at`, which is left behind it: bare, or quoted with backslashes.
std::string array_element(const Field& field, std::size_t& at) {
  const auto text = field.bytes;
  std::string element;
  const bool quoted = at < text.size() && text[at] == '"';
  if (quoted) ++at;
  while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ',' && text[at] != '}')) {
    if (!quoted && (text[at] == '{' || text[at] == '"')) mismatch(field, "an array of one dimension");
    if (text[at] == '\\' && ++at == text.size()) break;
    element += text[at++];
  }
  if (quoted && at++ >= text.size()) mismatch(field, "an array");
  if (!quoted && (element.empty() || element == "NULL")) mismatch(field, "an array without NULL");
  return element;
}

bool is_textual(const Field& field) {
  return is(field, TypeOid::text) || is(field, TypeOid::varchar) || is(field, TypeOid::bpchar) ||
         is(field, TypeOid::name) || is(field, TypeOid::json);
}

}  // namespace

void Field::refuse_null() const {
  throw Error(Errc::internal,
              "column \"" + std::string(column) + "\" is NULL: read it as std::optional, or coalesce it in the SQL");
}

template <>
bool decode<bool>(const Field& field) {
  if (!is(field, TypeOid::boolean) || field.bytes.size() != 1) mismatch(field, "bool");
  return field.binary ? field.bytes[0] != 0 : field.bytes[0] == 't';
}
template <>
std::int16_t decode<std::int16_t>(const Field& field) {
  return number<std::int16_t>(field, "std::int16_t");
}
template <>
std::int32_t decode<std::int32_t>(const Field& field) {
  return number<std::int32_t>(field, "std::int32_t");
}
template <>
std::int64_t decode<std::int64_t>(const Field& field) {
  return number<std::int64_t>(field, "std::int64_t");
}
template <>
std::uint64_t decode<std::uint64_t>(const Field& field) {
  return number<std::uint64_t>(field, "std::uint64_t");
}

template <>
double decode<double>(const Field& field) {
  if (!field.binary) return from_text<double>(field, "double");
  if (is(field, TypeOid::float8) && field.bytes.size() == 8) return std::bit_cast<double>(big_endian(field.bytes));
  if (is(field, TypeOid::float4) && field.bytes.size() == 4)
    return std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(field.bytes)));
  mismatch(field, "double");
}

template <>
std::string_view decode<std::string_view>(const Field& field) {
  if (!field.binary || is_textual(field)) return field.bytes;
  if (is(field, TypeOid::jsonb) && !field.bytes.empty()) return field.bytes.substr(1);  // version byte
  mismatch(field, "text in binary format");
}
template <>
std::string decode<std::string>(const Field& field) {
  return std::string(decode<std::string_view>(field));
}

template <>
Bytes decode<Bytes>(const Field& field) {
  if (!is(field, TypeOid::bytea)) mismatch(field, "Bytes");
  if (field.binary) return Bytes{std::string(field.bytes)};
  if (!field.bytes.starts_with("\\x") || field.bytes.size() % 2 != 0) mismatch(field, "Bytes");
  Bytes out;
  out.data.reserve(field.bytes.size() / 2 - 1);
  for (std::size_t i = 2; i < field.bytes.size(); i += 2) {
    const int high = hex_digit(field.bytes[i]);
    const int low = hex_digit(field.bytes[i + 1]);
    if (high < 0 || low < 0) mismatch(field, "Bytes");
    out.data += static_cast<char>(high << 4 | low);
  }
  return out;
}

template <>
Timestamp decode<Timestamp>(const Field& field) {
  if (!is(field, TypeOid::timestamptz) && !is(field, TypeOid::timestamp)) mismatch(field, "Timestamp");
  return field.binary ? binary_timestamp(field) : text_timestamp(field);
}

template <>
std::vector<std::string> decode<std::vector<std::string>>(const Field& field) {
  const auto text = field.bytes;
  if (field.binary || text.size() < 2 || text.front() != '{' || text.back() != '}') mismatch(field, "an array");
  std::vector<std::string> elements;
  std::size_t at = 1;
  if (text == "{}") return elements;
  for (;;) {
    elements.push_back(array_element(field, at));
    if (at >= text.size() || (text[at] != ',' && text[at] != '}')) mismatch(field, "an array");
    if (text[at++] == '}') break;
  }
  if (at != text.size()) mismatch(field, "an array");
  return elements;
}

}  // namespace bascule::pg
