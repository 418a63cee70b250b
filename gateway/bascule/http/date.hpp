// DateCache: the value of the Date field, made once a second.
// Thread safety: none of its own; one a loop.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace bascule::http {

/// IMF-fixdate of RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string imf_fixdate(std::time_t seconds);

class DateCache {
 public:
  /// "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"; valid until the next call.
  std::string_view line(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string line_;
};

}  // namespace bascule::http
