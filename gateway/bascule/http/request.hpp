// Request: one whole HTTP request, as views into the connection's buffer.
//
// What: fields in the order they came; names as sent (compare without case), values trimmed. The body is
// whole and decoded. Trailers are not here: they were checked and dropped. Lifetime: the views are valid
// until the response to this request was given. Thread safety: none of its own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bascule/loop/deadline.hpp"

namespace bascule::http {

struct Field {
  std::string_view name, value;
};

struct Request {
  std::string_view method;  ///< as sent: methods are case-sensitive
  std::string_view target;  ///< as sent: origin-form, absolute-form or "*"
  std::vector<Field> fields;
  std::string_view body;
  bool http_1_0 = false;
  bool keep_alive = true;
  Clock::time_point arrived;  ///< when its first byte was seen
  std::uint64_t bytes = 0;    ///< on the wire, framing included

  /// The value of the first field of this (lower case) name; null when there is none.
  const std::string_view* find(std::string_view lower_name) const noexcept;
  /// The same, or an empty view.
  std::string_view value(std::string_view lower_name) const noexcept;
  /// Path of the target, and query behind the '?', for both forms of target.
  std::string_view path() const noexcept;
  std::string_view query() const noexcept;
  /// Takes out Connection and every field it names (RFC 9110, 7.6.1): they are for this hop only, so nothing
  /// that a later stage trusts may come from them.
  void drop_hop_by_hop();
  void clear() noexcept;
};

}  // namespace bascule::http
