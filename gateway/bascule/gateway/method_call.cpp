#include "bascule/gateway/method_call.hpp"

#include <algorithm>

#include "bascule/http/syntax.hpp"
#include "bascule/routing/percent.hpp"

namespace bascule::gateway {
namespace {

using In = thrift::Binding::In;

// The value of a cookie (RFC 6265, 4.2): pairs separated by "; ".
std::optional<std::string_view> cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = http::syntax::trim(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

Problem bad_parameter(std::string code, std::string detail, transcode::Source source, std::string_view name) {
  return {400, std::move(code), std::move(detail), source, std::string(name)};
}

bool knows_query(const Route& route, std::string_view name) {
  return std::any_of(route.bindings.begin(), route.bindings.end(),
                     [name](const BindingSource& source) { return source.in == In::query && source.name == name; });
}

std::optional<Problem> unknown_query(const Route& route, const routing::Query& query) {
  for (const routing::QueryPair& pair : query.pairs) {
    if (knows_query(route, pair.name)) continue;
    std::string known;
    for (const BindingSource& source : route.bindings) {
      if (source.in == In::query) known += (known.empty() ? "" : ", ") + source.name;
    }
    return bad_parameter("unknown_parameter",
                         "there is no such query parameter; " + (known.empty() ? "none is known" : "known: " + known),
                         transcode::Source::query, pair.name);
  }
  return std::nullopt;
}

int status_of_exception(const thrift::Throw& thrown) { return thrown.http_code.value_or(500); }

Problem broken_reply(const Route& route, std::string_view why) {
  return {502,
          "broken_reply",
          route.service + " answered " + route.method->name +
              " with a reply that its contract does not allow: " + std::string(why),
          transcode::Source::reply,
          {}};
}

Problem application_failure(const Route& route, const thrift::ApplicationException& exception) {
  using Kind = thrift::ApplicationException;
  Errc code = Errc::internal;
  if (exception.kind == Kind::unknown_method) code = Errc::unimplemented;
  if (exception.kind == Kind::protocol_error) code = Errc::invalid_argument;
  return from_failure(code, exception.message, route.service);
}

}  // namespace

bool is_nested(const thrift::NamedType& exception) {
  for (const thrift::FieldType& field : exception.fields) {
    for (const std::string_view taken : {"type", "title", "status", "detail", "instance", "trace_id"}) {
      if (field.name == taken) return true;
    }
  }
  return false;
}

std::optional<Problem> bind(const Route& route, const ParameterSources& from, bool ignore_unknown,
                            std::vector<transcode::Parameter>& to) {
  to.clear();
  for (std::size_t i = 0; i < route.bindings.size(); ++i) {
    const BindingSource& source = route.bindings[i];
    const auto binding = static_cast<std::uint16_t>(i);
    if (source.in == In::path) {
      to.push_back({binding, from.path_values[source.variable]});
    } else if (source.in == In::query) {
      for (const routing::QueryPair& pair : from.query.pairs) {
        if (pair.name == source.name) to.push_back({binding, pair.value});
      }
    } else if (source.in != In::body && from.request != nullptr) {
      const bool header = source.in == In::header;
      const std::string_view* field = from.request->find(header ? std::string_view(source.name) : "cookie");
      const auto value = field == nullptr ? std::nullopt : header ? std::optional(*field) : cookie(*field, source.name);
      if (!value) continue;
      if (!routing::is_clean_utf8(*value)) {
        return bad_parameter("utf8", "it is not UTF-8 without control characters",
                             header ? transcode::Source::header : transcode::Source::cookie, source.name);
      }
      to.push_back({binding, *value});
    }
  }
  return ignore_unknown ? std::nullopt : unknown_query(route, from.query);
}

bool encode(const Route& route, std::string_view json, const std::vector<transcode::Parameter>& parameters,
            transcode::Workspace& workspace, rpc::OutgoingCall& call, Problem& problem) {
  transcode::Problem input;
  call.body.clear();
  call.body.reserve(json.size() + 128);
  if (!route.plan->encode({json, parameters}, workspace, call.body, input)) {
    problem = from_input(input);
    return false;
  }
  call.address = route.address;
  call.method = route.method->name;
  call.encoding = rpc::Encoding::compact;
  call.oneway = route.method->oneway;
  call.options.idempotent = route.method->idempotent;
  return true;
}

Outcome decode(const Route& route, const rpc::Reply& reply, std::string_view trace_id, std::string& body) {
  Outcome outcome;
  if (reply.error != Errc::ok) {
    outcome.problem = from_failure(reply.error, reply.message, route.service);
    outcome.status = outcome.problem->status;
    return outcome;
  }
  outcome.status = route.http->status;
  if (route.method->oneway) {
    if (outcome.status == 200) outcome.status = 202;
    return outcome;
  }
  const std::size_t start = body.size();
  transcode::Reply decoded;
  if (reply.encoding == rpc::Encoding::compact) {
    decoded = route.plan->decode(reply.body, body);
  } else {
    decoded.problem.what = "it is not in the compact protocol";
  }
  switch (decoded.outcome) {
    case transcode::Reply::Outcome::success:
      outcome.json = body.size() != start;
      if (!outcome.json && outcome.status == 200) outcome.status = 204;  // void
      return outcome;
    case transcode::Reply::Outcome::declared: {
      const thrift::Throw& thrown = *decoded.thrown;
      const std::string json = body.substr(start);
      body.resize(start);
      outcome.status = status_of_exception(thrown);
      outcome.exception = true;
      write_exception(body, outcome.status, thrown.type->named->name, json, is_nested(*thrown.type->named), trace_id);
      return outcome;
    }
    case transcode::Reply::Outcome::application:
      outcome.problem = application_failure(route, decoded.application);
      break;
    case transcode::Reply::Outcome::broken: outcome.problem = broken_reply(route, decoded.problem.what); break;
  }
  body.resize(start);
  outcome.status = outcome.problem->status;
  return outcome;
}

}  // namespace bascule::gateway
