// Response: what a request is answered with, and its bytes.
// Thread safety: none of its own.
#pragma once

#include <string>
#include <string_view>

namespace bascule::http {

struct Response {
  int status = 200;
  std::string_view content_type;  ///< static text; empty: the response has no content
  std::string fields;             ///< further field lines, each with CR LF; use add()
  std::string body;
  bool close = false;  ///< the connection ends behind this response

  /// Adds a field. False, and nothing is added, when name or value could break out of its line: a value that
  /// came from a service must never forge a field.
  bool add(std::string_view name, std::string_view value);
  void clear() noexcept;
};

/// The reason phrase of RFC 9110, or "Unknown".
std::string_view reason(int status) noexcept;

/// How a response is framed: decided by the connection.
struct Framing {
  std::string_view date_line;  ///< with CR LF
  bool keep_alive = true;
  bool http_1_0 = false;
  bool head = false;  ///< the answer to HEAD: the fields of GET, no content
};

/// Appends status line, fields and body.
void write(std::string& out, const Response& response, const Framing& framing);

}  // namespace bascule::http
