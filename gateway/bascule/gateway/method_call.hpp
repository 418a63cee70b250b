// MethodCall: from a matched route and where its parameters are to an outgoing call, and from the reply to
// JSON.
//
// Pure. The pipeline uses it for a request, a composition for each of its parts.
// Thread safety: pure functions; the workspace belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bascule/gateway/problem.hpp"
#include "bascule/gateway/routes.hpp"
#include "bascule/http/request.hpp"
#include "bascule/routing/query.hpp"
#include "bascule/rpc/call.hpp"

namespace bascule::gateway {

/// Where parameters come from. `request` is null for a part of an aggregate: it has no headers and no
/// cookies.
struct ParameterSources {
  const std::vector<std::string_view>& path_values;
  const routing::Query& query;
  const http::Request* request = nullptr;
};

/// Finds the route's parameters. A query parameter that the route does not have is refused unless
/// `ignore_unknown`.
std::optional<Problem> bind(const Route& route, const ParameterSources& from, bool ignore_unknown,
                            std::vector<transcode::Parameter>& to);

/// Writes the call. False: `problem` says why.
bool encode(const Route& route, std::string_view json, const std::vector<transcode::Parameter>& parameters,
            transcode::Workspace& workspace, rpc::OutgoingCall& call, Problem& problem);

/// Whether an exception's fields stand inside "exception" in its problem: one has the name of a member of RFC
/// 9457.
bool is_nested(const thrift::NamedType& exception);

/// What came of a call, as HTTP.
struct Outcome {
  int status = 200;
  bool json = false;               ///< the body holds the result's JSON
  bool exception = false;          ///< the body is the problem document of a declared exception
  std::optional<Problem> problem;  ///< otherwise, when it failed
};
/// Appends the result's JSON or the declared exception's document to `body`.
Outcome decode(const Route& route, const rpc::Reply& reply, std::string_view trace_id, std::string& body);

}  // namespace bascule::gateway
