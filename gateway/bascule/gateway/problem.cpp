#include "bascule/gateway/problem.hpp"

#include "bascule/http/response.hpp"
#include "bascule/telemetry/json_line.hpp"

namespace bascule::gateway {
namespace {

using telemetry::append_number;
using telemetry::append_quoted;

// A JSON pointer as a URI fragment (RFC 6901, section 6): what a fragment cannot hold is percent-encoded.
std::string fragment(std::string_view pointer) {
  constexpr std::string_view allowed = "-._~!$&'()*+,;=:@/?";
  std::string text = "#";
  for (const char c : pointer) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alphanumeric || allowed.find(c) != std::string_view::npos) {
      text += c;
    } else {
      text += '%';
      text += "0123456789ABCDEF"[byte >> 4];
      text += "0123456789ABCDEF"[byte & 15];
    }
  }
  return text;
}

void write_errors(std::string& out, const Problem& problem) {
  out += ",\"errors\":[{\"detail\":";
  append_quoted(out, problem.detail);
  if (problem.source == transcode::Source::body) {
    out += ",\"pointer\":";
    append_quoted(out, fragment(problem.where));
  } else {
    out += ",\"in\":";
    append_quoted(out, to_string(problem.source));
    out += ",\"parameter\":";
    append_quoted(out, problem.where);
  }
  out += "}]";
}

void write_head(std::string& out, std::string_view type, std::string_view title, int status) {
  out += "{\"type\":";
  append_quoted(out, type);
  out += ",\"title\":";
  append_quoted(out, title);
  out += ",\"status\":";
  append_number(out, static_cast<std::int64_t>(status));
}

void write_tail(std::string& out, std::string_view trace_id) {
  if (!trace_id.empty()) {
    out += ",\"trace_id\":";
    append_quoted(out, trace_id);
  }
  out += '}';
}

}  // namespace

int status_of(Errc code) noexcept {
  switch (code) {
    case Errc::ok: return 200;
    case Errc::deadline_exceeded: return 504;
    case Errc::unavailable: return 503;
    case Errc::resource_exhausted: return 429;
    case Errc::unauthenticated: return 401;
    case Errc::permission_denied: return 403;
    case Errc::invalid_argument: return 400;
    case Errc::unimplemented: return 501;
    case Errc::internal: return 500;
    case Errc::cancelled: return 499;
  }
  return 500;
}

Problem from_failure(Errc code, std::string_view message, std::string_view service) {
  Problem problem;
  problem.status = status_of(code);
  problem.code = to_string(code);
  problem.detail =
      std::string(service) + ": " + (message.empty() ? std::string(to_string(code)) : std::string(message));
  // What went wrong inside a service is for its log; a stranger is told only where to look.
  if (code == Errc::internal)
    problem.detail = std::string(service) + " failed; its log has the reason under the trace id";
  return problem;
}

Problem from_input(const transcode::Problem& problem) {
  Problem result;
  result.status = problem.wrong == transcode::Wrong::size ? 413 : 400;
  result.code = to_string(problem.wrong);
  result.detail = problem.what;
  if (!problem.expected.empty() && problem.what.find(problem.expected) == std::string::npos) {
    result.detail += "; expected " + problem.expected;
  }
  result.source = problem.source;
  result.where = problem.pointer;
  return result;
}

void write(std::string& out, const Problem& problem, std::string_view trace_id) {
  write_head(out, "urn:bascule:problem:" + problem.code, http::reason(problem.status), problem.status);
  out += ",\"detail\":";
  append_quoted(out, problem.detail);
  if (problem.source != transcode::Source::reply) write_errors(out, problem);
  write_tail(out, trace_id);
}

void write_exception(std::string& out, int status, std::string_view type_name, std::string_view json, bool nested,
                     std::string_view trace_id) {
  const std::size_t dot = type_name.rfind('.');
  const std::string_view title = dot == std::string_view::npos ? type_name : type_name.substr(dot + 1);
  write_head(out, "urn:thrift:" + std::string(type_name), title, status);
  if (nested) {
    out.append(",\"exception\":").append(json);
  } else if (json.size() > 2) {  // more than {}
    out.append(",").append(json.substr(1, json.size() - 2));
  }
  write_tail(out, trace_id);
}

}  // namespace bascule::gateway
