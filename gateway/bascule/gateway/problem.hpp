// Problem: why a request was not answered as its contract says, and its RFC 9457 document.
//
// What: `type` is urn:bascule:problem:<code>, `title` the status's phrase, `detail` a sentence that says what
// to do. What is wrong with the input stands in `errors`: a JSON pointer as a URI fragment
// ("#/lines/0/quantity") for the body, or the parameter and where it is. `trace_id` finds the request in
// every log. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "bascule/loop/error.hpp"
#include "bascule/transcode/problem.hpp"

namespace bascule::gateway {

inline constexpr std::string_view problem_type = "application/problem+json";

struct Problem {
  int status = 500;
  std::string code;                                     ///< "route_not_found": stable, for clients and metrics
  std::string detail;                                   ///< a sentence
  transcode::Source source = transcode::Source::reply;  ///< reply: nothing of the input is named
  std::string where;                                    ///< the body's JSON pointer, or the parameter's name
};

/// The status of a platform failure (docs/protocol.md, `bascule-error`).
int status_of(Errc code) noexcept;
/// From a failed call. `service` is named in the sentence.
Problem from_failure(Errc code, std::string_view message, std::string_view service);
/// From input that does not fit the contract: 400, or 413 for size.
Problem from_input(const transcode::Problem& problem);

/// Appends the document.
void write(std::string& out, const Problem& problem, std::string_view trace_id);
/// Appends the document of a declared exception: its fields (`json`, an object) as members, or inside
/// "exception" when one of them has the name of a member of RFC 9457. `message` is the exception's own
/// sentence or empty.
void write_exception(std::string& out, int status, std::string_view type_name, std::string_view json, bool nested,
                     std::string_view trace_id);

}  // namespace bascule::gateway
