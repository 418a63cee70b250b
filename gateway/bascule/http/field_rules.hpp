// FieldRules: what the fields of one request say about its framing, checked one by one as they come.
//
// What: strict where RFC 9112 leaves room that two parsers could fill differently (request smuggling): one
// Content-Length of digits only, Transfer-Encoding exactly `chunked`, never both, one Host, no repeated
// credentials, no
// '_' in names (it reads as '-' in CGI-like environments).
// Thread safety: none of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bascule/http/rejection.hpp"

namespace bascule::http {

class FieldRules {
 public:
  /// One field line, already split; `value` is trimmed. An answer is a refusal.
  std::optional<Rejection> take(std::string_view name, std::string_view value);
  /// What only all fields together show. `minor` is 0 or 1 of HTTP/1.x; `authority` is that of an
  /// absolute-form target, or empty; `host` is the value of Host.
  std::optional<Rejection> finish(std::string_view method, int minor, std::string_view authority,
                                  std::string_view host) const;

  bool chunked() const noexcept { return chunked_; }
  std::uint64_t content_length() const noexcept { return content_length_.value_or(0); }
  bool has_content_length() const noexcept { return content_length_.has_value(); }
  bool expects_continue() const noexcept { return expects_continue_; }

 private:
  std::optional<Rejection> take_content_length(std::string_view value);
  std::optional<Rejection> take_transfer_encoding(std::string_view value);
  std::optional<Rejection> take_host(std::string_view value);
  std::optional<Rejection> take_expect(std::string_view value);

  std::optional<std::uint64_t> content_length_;
  bool has_host_ = false, chunked_ = false, expects_continue_ = false;
  unsigned singletons_ = 0;  ///< bit i: the i-th of the fields that must not be repeated was seen
};

/// Whether a trailer field of this name is refused: those that frame, route or authorise must never come
/// late.
bool forbidden_in_trailers(std::string_view name);

}  // namespace bascule::http
