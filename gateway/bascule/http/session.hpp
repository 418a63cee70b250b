// Session: the application's side of a connection, and Responder, the connection's side that it answers to.
//
// What: a session sees one request at a time. Between begin() and the one respond() that must follow, now or
// later, the request's views are valid. Protocol errors come to refuse(), so that they are answered and
// logged like all others. Lifetime: the connection owns its session and outlives it. Thread safety: the
// loop's thread only.
#pragma once

#include <functional>
#include <memory>

#include "bascule/http/rejection.hpp"
#include "bascule/http/request.hpp"
#include "bascule/http/response.hpp"

namespace bascule::http {

class Responder {
 public:
  /// The response that was handed to begin() is complete. May be called inside begin().
  virtual void respond() = 0;
  virtual const std::string& peer() const noexcept = 0;

 protected:
  ~Responder() = default;
};

class Session {
 public:
  virtual ~Session() = default;
  /// A whole request. Fill in `response`, then call Responder::respond() exactly once.
  virtual void begin(Request& request, Response& response) = 0;
  /// The bytes were not a request that can be served: fill in `response` at once. The connection is closed
  /// behind it.
  virtual void refuse(const Rejection& rejection, Response& response) = 0;
  /// The client is gone while a request is open: stop the work behind it; respond() must not be called any
  /// more.
  virtual void abandon() = 0;
};

using SessionFactory = std::function<std::shared_ptr<Session>(Responder&)>;

}  // namespace bascule::http
