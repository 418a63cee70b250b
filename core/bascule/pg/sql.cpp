#include "bascule/pg/sql.hpp"

#include <array>
#include <charconv>
#include <cstdio>

#include "bascule/loop/error.hpp"

namespace bascule::pg {

Param::Param(Timestamp at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(at - day);
  const int year = static_cast<int>(date.year());
  std::array<char, 64> text{};
  // PostgreSQL has no year 0: 1 BC is the year before 1.
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d.%06d+00%s",
                                   year > 0 ? year : 1 - year, static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                                   static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
                                   static_cast<int>(time.subseconds().count()), year > 0 ? "" : " BC");
  value_ = std::string(text.data(), static_cast<std::size_t>(length));
}

std::string Param::checked(std::string text) {
  if (text.find('\0') != std::string::npos) {
    throw Error(Errc::invalid_argument,
                "a text parameter holds a NUL byte, which PostgreSQL cannot store: send it as pg::Bytes to a bytea");
  }
  return text;
}

std::string Param::real(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};  // PostgreSQL reads "inf" and "nan" as such
}

void Param::append_element(std::string& array, const Param& element) {
  if (!array.empty()) array += ',';
  if (element.is_null()) {
    array += "NULL";
    return;
  }
  if (element.is_binary()) {
    throw Error(Errc::invalid_argument, "an array of bytea is not supported as a parameter: send one row a value");
  }
  array += '"';
  for (const char c : element.bytes()) {
    if (c == '"' || c == '\\') array += '\\';
    array += c;
  }
  array += '"';
}

std::string Param::close_array(std::string elements) { return "{" + std::move(elements) + "}"; }

}  // namespace bascule::pg
