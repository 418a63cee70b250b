#include "bascule/http/field_rules.hpp"

#include <array>
#include <charconv>

#include "bascule/http/syntax.hpp"

namespace bascule::http {
namespace {

using syntax::iequals;

// Repeating one of these gives two readers two answers: whose token, whose body type, whose key?
constexpr std::array<std::string_view, 9> singletons{
    "authorization",   "proxy-authorization", "x-api-key",    "content-type", "cookie",
    "idempotency-key", "traceparent",         "x-request-id", "expect"};

constexpr std::array<std::string_view, 10> never_in_trailers{
    "content-length", "transfer-encoding", "host",       "authorization", "cookie",
    "content-type",   "content-encoding",  "connection", "trailer",       "te"};

constexpr Rejection bad_length{400, "content_length",
                               "Content-Length must be one decimal number without sign or leading zero"};
constexpr Rejection bad_host{400, "host", "Host must be one host name or address, with an optional port"};

bool is_host(std::string_view value) {
  if (value.empty() || !syntax::all_in(syntax::authority, value)) return false;
  if (value.front() == '[') return value.find(']') != std::string_view::npos;
  const std::size_t colon = value.find(':');
  if (value.find_first_of("[]") != std::string_view::npos) return false;
  if (colon == std::string_view::npos) return true;
  const std::string_view port = value.substr(colon + 1);
  return colon != 0 && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos;
}

bool same_authority(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (syntax::lower(a[i]) != syntax::lower(b[i])) return false;
  }
  return true;
}

bool takes_no_body(std::string_view method) { return method == "GET" || method == "HEAD" || method == "OPTIONS"; }

}  // namespace

std::optional<Rejection> FieldRules::take(std::string_view name, std::string_view value) {
  if (name.find('_') != std::string_view::npos) {
    return Rejection{400, "underscore_in_name", "field names must not hold '_': it can be taken for '-'; use '-'"};
  }
  for (std::size_t i = 0; i < singletons.size(); ++i) {
    if (!iequals(name, singletons[i])) continue;
    if ((singletons_ >> i & 1u) != 0)
      return Rejection{400, "field_repeated", "a field that must be single is repeated"};
    singletons_ |= 1u << i;
  }
  if (iequals(name, "content-length")) return take_content_length(value);
  if (iequals(name, "transfer-encoding")) return take_transfer_encoding(value);
  if (iequals(name, "host")) return take_host(value);
  if (iequals(name, "expect")) return take_expect(value);
  return std::nullopt;
}

std::optional<Rejection> FieldRules::take_content_length(std::string_view value) {
  if (content_length_) return Rejection{400, "content_length_repeated", "Content-Length must come once"};
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool leading_zero = value.size() > 1 && value.front() == '0';
  if (error != std::errc() || end != value.data() + value.size() || leading_zero) return bad_length;
  content_length_ = length;
  return std::nullopt;
}

std::optional<Rejection> FieldRules::take_transfer_encoding(std::string_view value) {
  if (chunked_ || !iequals(value, "chunked")) {
    return Rejection{400, "transfer_encoding", "Transfer-Encoding must come once and be exactly 'chunked'"};
  }
  chunked_ = true;
  return std::nullopt;
}

std::optional<Rejection> FieldRules::take_host(std::string_view value) {
  if (has_host_ || !is_host(value)) return bad_host;
  has_host_ = true;
  return std::nullopt;
}

std::optional<Rejection> FieldRules::take_expect(std::string_view value) {
  if (!iequals(value, "100-continue")) return Rejection{417, "expect", "the only expectation known is 100-continue"};
  expects_continue_ = true;
  return std::nullopt;
}

std::optional<Rejection> FieldRules::finish(std::string_view method, int minor, std::string_view authority,
                                            std::string_view host) const {
  if (chunked_ && has_content_length()) {
    return Rejection{400, "length_and_chunked", "Content-Length and Transfer-Encoding must not come together"};
  }
  if (chunked_ && minor == 0) return Rejection{400, "chunked_http_1_0", "HTTP/1.0 has no Transfer-Encoding"};
  if (minor == 1 && !has_host_) return bad_host;
  if (!authority.empty() && has_host_ && !same_authority(authority, host)) {
    return Rejection{400, "host_mismatch", "the target's authority and Host differ"};
  }
  if (takes_no_body(method) && (chunked_ || content_length() > 0)) {
    return Rejection{400, "unexpected_body", "GET, HEAD and OPTIONS take no body"};
  }
  return std::nullopt;
}

bool forbidden_in_trailers(std::string_view name) {
  for (const std::string_view forbidden : never_in_trailers) {
    if (iequals(name, forbidden)) return true;
  }
  return false;
}

}  // namespace bascule::http
