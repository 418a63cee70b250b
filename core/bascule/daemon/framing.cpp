#include "bascule/daemon/framing.hpp"

#include <boost/beast/core/string.hpp>

namespace bascule {

namespace http = boost::beast::http;

std::optional<FramingError> framing_error(const AdminRequestHead& head, std::optional<std::uint64_t> length,
                                          std::uint64_t max_body) {
  using enum http::field;
  // Of these a second one would be somebody's attempt to be read differently by another.
  for (const auto field : {host, content_length, authorization, content_type, origin, expect}) {
    if (head.count(field) > 1)
      return FramingError{400, std::string(http::to_string(field)) + " is there more than once"};
  }
  if (head.version() != 10 && head.version() != 11)
    return FramingError{400, "the version must be HTTP/1.0 or HTTP/1.1"};
  if (head.version() == 11 && head.count(host) == 0) return FramingError{400, "a request of HTTP/1.1 needs a Host"};
  if (!head.target().starts_with('/')) return FramingError{400, "the target must be a path that begins with /"};
  if (head.count(transfer_encoding) > 0) {
    return FramingError{411, "send the body with a Content-Length; Transfer-Encoding is not taken here"};
  }
  if (head.count(upgrade) > 0) return FramingError{400, "there is nothing to upgrade to"};
  const auto expected = head[expect];
  if (!expected.empty() && !boost::beast::iequals(expected, "100-continue")) {
    return FramingError{417, "the only expectation that can be met is 100-continue"};
  }
  if (length.value_or(0) > max_body) {
    return FramingError{
        413, "a body may have " + std::to_string(max_body) + " bytes, this one has " + std::to_string(*length)};
  }
  return std::nullopt;
}

AdminHead head_of(const AdminRequestHead& head, std::optional<std::uint64_t> length) {
  using enum http::field;
  AdminHead made;
  made.method = head.method_string();
  made.target = head.target();
  made.host = head[host];
  made.origin = head[origin];
  made.fetch_site = head["Sec-Fetch-Site"];
  made.authorization = head[authorization];
  made.content_type = head[content_type];
  made.has_body = length.value_or(0) > 0;
  return made;
}

}  // namespace bascule
