// The platform's errors: what a call may fail with besides the exceptions its contract declares.
//
// The names are those of the wire (application property `bascule-error`, docs/protocol.md) and, for the gateway, the
// left column of the HTTP status table. Error is thrown by awaitables of the public API; the data path carries the
// enum and a string instead.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace bascule {

enum class Errc {
  ok = 0,
  deadline_exceeded,   ///< the deadline passed before an answer came; the work may or may not have been done
  unavailable,         ///< nobody can serve it now (no connection, instance died, overloaded broker); retry may help
  resource_exhausted,  ///< a bound was met (queue full, credit, quota)
  unauthenticated,     ///< who is calling is not known
  permission_denied,   ///< the caller is known and may not
  invalid_argument,    ///< the request does not fit the contract
  unimplemented,       ///< no such method or service
  internal,            ///< a handler failed in a way its contract does not declare
  cancelled,           ///< the caller gave up; never sent on the wire
};

/// The wire name of an error: "unavailable". "ok" for Errc::ok.
std::string_view to_string(Errc code) noexcept;
/// From the wire name; an unknown name is Errc::internal, so that a newer peer's errors stay errors.
Errc errc_from_string(std::string_view name) noexcept;

/// A failed operation: the code, and a sentence that says what happened, where, and what to do.
class Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& message) : std::runtime_error(message), code_(code) {}
  Errc code() const noexcept { return code_; }

 private:
  Errc code_;
};

}  // namespace bascule
