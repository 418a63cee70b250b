// Framing: which request heads are taken at all on the admin listener. Stricter than RFC 9112 allows, because nobody who
// means well needs more, and two readers of one byte stream must never disagree (request smuggling).
// Thread safety: pure functions.
#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "bascule/daemon/admin_api.hpp"

namespace bascule {

struct FramingError {
  int status = 400;
  std::string why;
};

using AdminRequestHead = boost::beast::http::header<true, boost::beast::http::fields>;

/// What is wrong with the head; none: nothing. `length`: the Content-Length as parsed.
std::optional<FramingError> framing_error(const AdminRequestHead& head, std::optional<std::uint64_t> length,
                                          std::uint64_t max_body);
/// The fields that an API looks at.
AdminHead head_of(const AdminRequestHead& head, std::optional<std::uint64_t> length);

}  // namespace bascule
