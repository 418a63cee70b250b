#include "bascule/admin/routes.hpp"

#include <simdjson.h>

#include <charconv>
#include <span>
#include <vector>

namespace bascule::admin {
namespace {

struct Known {
  Action action;
  std::string_view method;
  std::string_view path;             ///< "{}" stands for one segment
  std::string_view parameters = "";  ///< ",a,b,"
};

constexpr Known known[] = {
    {Action::document, "GET", "/api/openapi.json"},
    {Action::list, "GET", "/api/v1/queues", ",prefix,after,limit,"},
    {Action::show, "GET", "/api/v1/queues/{}"},
    {Action::declare, "PUT", "/api/v1/queues/{}"},
    {Action::remove, "DELETE", "/api/v1/queues/{}"},
    {Action::peek, "GET", "/api/v1/queues/{}/messages", ",count,scheduled,encoded,"},
    {Action::purge, "POST", "/api/v1/queues/{}/purge"},
    {Action::cancel, "POST", "/api/v1/queues/{}/cancel"},
    {Action::move, "POST", "/api/v1/queues/{}/move"},
    {Action::redrive, "POST", "/api/v1/queues/{}/redrive"},
    {Action::jobs, "GET", "/api/v1/jobs"},
    {Action::job, "GET", "/api/v1/jobs/{}"},
    {Action::cancel_job, "DELETE", "/api/v1/jobs/{}"},
};

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// None when an escape is none, or the text no UTF-8 without control characters.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    decoded += c;
  }
  return simdjson::validate_utf8(decoded) ? std::optional(decoded) : std::nullopt;
}

// The segment that "{}" stands for, encoded; none when the path is another.
std::optional<std::string_view> match(std::string_view pattern, std::string_view path) {
  const auto wanted = split(pattern, '/'), parts = split(path, '/');
  if (wanted.size() != parts.size()) return std::nullopt;
  std::string_view found;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (wanted[i] == "{}" && !parts[i].empty()) {
      found = parts[i];
    } else if (wanted[i] != parts[i]) {
      return std::nullopt;
    }
  }
  return found;
}

NotRouted refused(int status, std::string detail, std::string parameter = {}) {
  return {{status, std::string(code_of(status)), std::move(detail), "", false, std::move(parameter)}};
}

std::optional<NotRouted> read_query(std::string_view text, std::string_view parameters, Route& route) {
  for (const auto part : split(text, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const auto name = decode(part.substr(0, equals));
    const auto value = equals == std::string_view::npos ? "" : decode(part.substr(equals + 1));
    if (!name || !value) return refused(400, "the query is not percent-encoded as it should be");
    if (parameters.find("," + *name + ",") == std::string_view::npos || name->find(',') != std::string::npos) {
      return refused(400, "parameter '" + name->substr(0, 100) + "' is not known here", *name);
    }
    if (!route.query.emplace(*name, *value).second) {
      return refused(400, "parameter '" + *name + "' is there twice", *name);
    }
  }
  return std::nullopt;
}

Problem bad_parameter(const std::string& name, const std::string& must) {
  return {400, "invalid_request", "parameter '" + name + "' must be " + must, "", false, name};
}

}  // namespace

std::string_view to_string(Action action) noexcept {
  switch (action) {
    case Action::document: return "document";
    case Action::list: return "list";
    case Action::show: return "show";
    case Action::declare: return "declare";
    case Action::remove: return "delete";
    case Action::peek: return "peek";
    case Action::purge: return "purge";
    case Action::cancel: return "cancel";
    case Action::move: return "move";
    case Action::redrive: return "redrive";
    case Action::jobs: return "jobs";
    case Action::job: return "job";
    case Action::cancel_job: return "cancel-job";
  }
  return "";
}

bool takes_body(Action action) noexcept {
  return action == Action::declare || action == Action::cancel || action == Action::move || action == Action::redrive;
}

std::optional<std::uint64_t> Route::count(const std::string& parameter, std::uint64_t least, std::uint64_t most,
                                          std::optional<Problem>& problem) const {
  const auto found = query.find(parameter);
  if (found == query.end()) return std::nullopt;
  const std::string& text = found->second;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  problem = bad_parameter(parameter, "an integer from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

bool Route::flag(const std::string& parameter, std::optional<Problem>& problem) const {
  const auto found = query.find(parameter);
  if (found == query.end() || found->second == "false") return false;
  if (found->second != "true") problem = bad_parameter(parameter, "true or false");
  return found->second == "true";
}

std::string Route::text(const std::string& parameter) const {
  const auto found = query.find(parameter);
  return found == query.end() ? "" : found->second;
}

std::variant<Route, NotRouted> route(std::string_view method, std::string_view target) {
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  const auto query = question == std::string_view::npos ? "" : target.substr(question + 1);
  std::string allow;
  for (const Known& one : known) {
    const auto segment = match(one.path, path);
    if (!segment) continue;
    if (!allow.empty()) allow += ", ";
    allow += one.method;
    if (one.method == "GET") allow += ", HEAD";
    if (method != one.method && !(method == "HEAD" && one.method == "GET")) continue;
    Route found{one.action, "", {}};
    const auto name = decode(*segment);
    if (!name) return refused(400, "the address in the target is not percent-encoded UTF-8");
    found.name = *name;
    if (auto wrong = read_query(query, one.parameters, found)) return *wrong;
    return found;
  }
  if (allow.empty()) return refused(404, "there is nothing here; GET /api/openapi.json says what there is");
  NotRouted not_allowed = refused(405, "the method must be one of: " + allow);
  not_allowed.allow = allow;
  return not_allowed;
}

std::string encode_segment(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~$").find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      encoded += {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace bascule::admin
