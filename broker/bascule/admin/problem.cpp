#include "bascule/admin/problem.hpp"

#include <boost/beast/http/status.hpp>

#include "bascule/telemetry/json_text.hpp"

namespace bascule::admin {

namespace http = boost::beast::http;
using telemetry::JsonText;

std::string_view code_of(int status) noexcept {
  switch (status) {
    case 400: return "invalid_request";
    case 401: return "unauthenticated";
    case 403: return "forbidden";
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 408: return "request_timeout";
    case 409: return "conflict";
    case 411: return "length_required";
    case 413: return "content_too_large";
    case 415: return "unsupported_media_type";
    case 417: return "expectation_failed";
    case 421: return "misdirected_request";
    case 429: return "too_many_failures";
    case 431: return "header_fields_too_large";
    case 503: return "busy";
    case 504: return "timeout";
    default: return "internal";
  }
}

AdminResponse response_of(const Problem& problem) {
  const auto title = http::obsolete_reason(static_cast<http::status>(problem.status));
  JsonText json;
  json.open('{').member("type", "urn:bascule:problem:" + problem.code);
  json.member("title", {title.data(), title.size()}).key("status").number(problem.status);
  json.member("detail", problem.detail);
  if (problem.in_body || !problem.parameter.empty()) {
    json.key("errors").open('[').open('{').member("detail", problem.detail);
    if (problem.in_body) {
      json.member("pointer", "#" + problem.pointer);
    } else {
      json.member("in", "query").member("parameter", problem.parameter);
    }
    json.close('}').close(']');
  }
  return {problem.status, json.close('}').take() + "\n", "application/problem+json"};
}

AdminResponse problem_response(int status, std::string detail) {
  return response_of({status, std::string(code_of(status)), std::move(detail)});
}

std::string pointer_part(std::string_view name) {
  constexpr std::string_view allowed = "-._!$&'()*+,;=:@?";
  std::string text = "/";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '~' || c == '/') {
      text += c == '~' ? "~0" : "~1";
    } else if (alphanumeric || allowed.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return text;
}

}  // namespace bascule::admin
