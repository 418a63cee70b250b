#include "bascule/http/date.hpp"

#include <array>
#include <cstdio>

namespace bascule::http {

std::string imf_fixdate(std::time_t seconds) {
  // Not strftime: the names must not follow the locale.
  constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[48];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                months.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text;
}

std::string_view DateCache::line(std::time_t now) {
  if (now != second_) {
    second_ = now;
    line_ = "date: " + imf_fixdate(now) + "\r\n";
  }
  return line_;
}

}  // namespace bascule::http
