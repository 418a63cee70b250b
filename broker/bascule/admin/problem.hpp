// Problem: why a request was not carried out, as RFC 9457 has it: `type` is urn:bascule:problem:<code>, `detail` a sentence
// that says what to do, `errors` names what is wrong with the input: a JSON pointer of the body ("#/limit"), or a parameter.
// Thread safety: values.
#pragma once

#include <string>
#include <string_view>

#include "bascule/daemon/admin_api.hpp"

namespace bascule::admin {

struct Problem {
  int status = 500;
  std::string code;
  std::string detail;
  std::string pointer = {};  ///< of the body: "" is all of it; counts only when `in_body`
  bool in_body = false;
  std::string parameter = {};  ///< of the query
};

/// A status's usual code: 404 -> "not_found".
std::string_view code_of(int status) noexcept;
AdminResponse response_of(const Problem& problem);
/// With the status's usual code.
AdminResponse problem_response(int status, std::string detail);
/// A member's name as a part of a JSON pointer in a URI fragment (RFC 6901, section 6).
std::string pointer_part(std::string_view name);

}  // namespace bascule::admin
