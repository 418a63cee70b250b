#include "bascule/http/response.hpp"

#include <charconv>
#include <utility>

#include "bascule/http/syntax.hpp"

namespace bascule::http {
namespace {

constexpr std::pair<int, std::string_view> reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

std::string_view reason(int status) noexcept {
  for (const auto& [code, text] : reasons) {
    if (code == status) return text;
  }
  return "Unknown";
}

bool Response::add(std::string_view name, std::string_view value) {
  if (name.empty() || !syntax::all_in(syntax::token, name) || !syntax::is_field_value(value)) return false;
  fields.append(name).append(": ").append(value).append("\r\n");
  return true;
}

void Response::clear() noexcept {
  status = 200;
  content_type = {};
  fields.clear();
  body.clear();
  close = false;
}

void write(std::string& out, const Response& response, const Framing& framing) {
  out.append("HTTP/1.1 ");
  if (response.status == 200) {
    out.append("200 OK\r\n");
  } else {
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ").append(reason(response.status)).append("\r\n");
  }
  out.append(framing.date_line);
  if (!response.content_type.empty()) out.append("content-type: ").append(response.content_type).append("\r\n");
  if (response.status != 204 && response.status != 304) {
    out.append("content-length: ");
    append_number(out, response.body.size());
    out.append("\r\n");
  }
  out.append(response.fields);
  if (!framing.keep_alive) {
    out.append("connection: close\r\n");
  } else if (framing.http_1_0) {
    out.append("connection: keep-alive\r\n");
  }
  out.append("\r\n");
  if (!framing.head && response.status != 204 && response.status != 304) out.append(response.body);
}

}  // namespace bascule::http
