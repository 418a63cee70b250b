// Rejection: why a request was refused before any application saw it. The connection is closed after the
// answer, because where the next message would start is no longer certain. Thread safety: a value; the views
// are static text.
#pragma once

#include <string_view>

namespace bascule::http {

struct Rejection {
  int status = 400;
  std::string_view rule;      ///< a stable word for metrics and logs: "content_length_repeated"
  std::string_view sentence;  ///< what is wrong and what to send instead
};

}  // namespace bascule::http
