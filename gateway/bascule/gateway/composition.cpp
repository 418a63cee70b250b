#include "bascule/gateway/composition.hpp"

#include <algorithm>

#include "bascule/gateway/json_value.hpp"
#include "bascule/telemetry/json_line.hpp"

namespace bascule::gateway {
namespace {

Problem problem(int status, std::string code, std::string detail) {
  return {status, std::move(code), std::move(detail), transcode::Source::reply, {}};
}

// All but RFC 3986's unreserved characters is escaped: a value never becomes a segment or a query of its own.
void append_encoded(std::string& path, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      path += c;
    } else {
      path += '%';
      path += "0123456789ABCDEF"[byte >> 4];
      path += "0123456789ABCDEF"[byte & 15];
    }
  }
}

}  // namespace

Composition::Composition(Exchange& exchange)
    : exchange_(exchange), aggregate_(*exchange.route->aggregate), parts_(aggregate_.parts.size()) {}

Step Composition::start() {
  if (launch_ready()) return Step::wait;
  return required_failed() ? fail_required() : merge();
}

// A part that fails at once may be what another one waits for, so it goes round until nothing changes.
bool Composition::launch_ready() {
  for (bool again = true; again && !required_failed();) {
    again = false;
    for (std::size_t i = 0; i < parts_.size() && !required_failed(); ++i) {
      if (parts_[i].phase != State::Phase::waiting) continue;
      const auto& after = aggregate_.parts[i].after;
      const auto phase_of = [this](std::size_t part) { return parts_[part].phase; };
      const bool blocked =
          std::any_of(after.begin(), after.end(), [&](std::size_t p) { return phase_of(p) == State::Phase::failed; });
      const bool ready =
          std::all_of(after.begin(), after.end(), [&](std::size_t p) { return phase_of(p) == State::Phase::ok; });
      if (!blocked && !ready) continue;
      blocked ? failed(i, problem(502, "part_missing", "a part that this one takes a value from has failed"))
              : launch(i);
      again = true;
    }
  }
  return !over();
}

void Composition::launch(std::size_t part) {
  rpc::OutgoingCall call;
  Problem why;
  if (!prepare(part, call, why)) return failed(part, why);
  parts_[part].phase = State::Phase::open;
  parts_[part].sent = Clock::now();
  exchange_.call(std::move(call), [this, part](rpc::Reply&& reply) { on_reply(part, reply); });
}

bool Composition::prepare(std::size_t part, rpc::OutgoingCall& call, Problem& why) {
  std::string target;
  if (!expand(part, target, why)) return false;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view query = std::string_view(target).substr(std::min(question + 1, target.size()));
  if (path_.normalise(std::string_view(target).substr(0, question)) != routing::PathFault::none ||
      !query_.parse(query)) {
    why = problem(500, "part_path", "its path cannot be used: " + target);
    return false;
  }
  exchange_.routes->table.find("GET", path_, match_);
  const bool found = match_.kind == routing::Match::Kind::found;
  const Route* route = found ? exchange_.routes->all[match_.route].get() : nullptr;
  if (route == nullptr || route->aggregate != nullptr) {
    why = problem(503, "service_unknown", "no service has announced a route for GET " + target);
    return false;
  }
  parts_[part].route = route;
  if (!route->up) {
    why = problem(503, "service_down", route->service + " is stopped: no instance of it is running");
    return false;
  }
  if (!route->open) {
    why = problem(401, "unauthenticated", "this route needs a valid token");
    return false;
  }
  if (auto bad = bind(*route, {match_.values, query_, nullptr}, false, parameters_)) {
    why = *std::move(bad);
    return false;
  }
  call.options.deadline = exchange_.deadline.earlier(Deadline::after(route->timeout));
  call.options.trace = exchange_.trace.child();
  return encode(*route, "", parameters_, exchange_.context().workspace, call, why);
}

bool Composition::expand(std::size_t part, std::string& path, Problem& why) const {
  for (const PathPiece& piece : aggregate_.parts[part].path) {
    if (piece.kind == PathPiece::Kind::literal) {
      path += piece.text;
    } else if (piece.kind == PathPiece::Kind::variable) {
      append_encoded(path, exchange_.match.values[piece.index]);
    } else if (const auto value = scalar_at(parts_[piece.index].json, piece.keys)) {
      append_encoded(path, *value);
    } else {
      why = problem(502, "part_value", "{" + piece.text + "} is not there, or is no text, number or boolean");
      return false;
    }
  }
  return true;
}

void Composition::on_reply(std::size_t part, const rpc::Reply& reply) {
  State& state = parts_[part];
  const double seconds = std::chrono::duration<double>(Clock::now() - state.sent).count();
  exchange_.service_seconds = std::max(exchange_.service_seconds, seconds);
  Outcome outcome = decode(*state.route, reply, exchange_.trace_id, state.json);
  state.status = outcome.status;
  if (outcome.problem) {
    failed(part, *outcome.problem);
  } else {
    state.phase = outcome.exception ? State::Phase::failed : State::Phase::ok;
    if (state.json.empty()) state.json = "null";  // void
  }
  if (launch_ready() && !required_failed()) return;
  required_failed() ? fail_required() : merge();
  exchange_.finish();
}

void Composition::failed(std::size_t part, const Problem& why) {
  State& state = parts_[part];
  state.phase = State::Phase::failed;
  state.status = why.status;
  state.json.clear();
  write(state.json, why, exchange_.trace_id);
}

bool Composition::over() const {
  return required_failed() || std::all_of(parts_.begin(), parts_.end(), [](const State& state) {
           return state.phase == State::Phase::ok || state.phase == State::Phase::failed;
         });
}

bool Composition::required_failed() const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].phase == State::Phase::failed && aggregate_.parts[i].required) return true;
  }
  return false;
}

Step Composition::fail_required() {
  exchange_.flags = "PA";
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].phase != State::Phase::failed || !aggregate_.parts[i].required) continue;
    exchange_.response().body = parts_[i].json;
    exchange_.response().add("x-gateway-failed-part", aggregate_.parts[i].name);
    if (parts_[i].status == 503) exchange_.response().add("retry-after", "1");
    return exchange_.answer(parts_[i].status, problem_type);
  }
  return Step::answered;
}

Step Composition::merge() {
  std::string& body = exchange_.response().body;
  std::string errors;
  body = "{";
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const bool ok = parts_[i].phase == State::Phase::ok;
    std::string& to = ok ? body : errors;
    if (to.size() > 1 || (!ok && !to.empty())) to += ',';
    if (ok) {
      telemetry::append_quoted(to, aggregate_.parts[i].name);
      to.append(":").append(parts_[i].json);
    } else {
      to += "{\"part\":";
      telemetry::append_quoted(to, aggregate_.parts[i].name);
      to.append(",\"status\":")
          .append(std::to_string(parts_[i].status))
          .append(",\"problem\":")
          .append(parts_[i].json)
          .append("}");
    }
  }
  if (!errors.empty()) body.append(body.size() > 1 ? "," : "").append("\"errors\":[").append(errors).append("]");
  body += '}';
  if (body.size() > max_bytes) {
    return exchange_.fail(problem(502, "too_large", "the parts together are larger than 4 MiB"), "PA");
  }
  if (!errors.empty()) {
    exchange_.flags = "PA";
    exchange_.response().add("cache-control", "no-store");
  }
  exchange_.response().add("x-gateway-completed", errors.empty() ? "true" : "false");
  return exchange_.answer(200, "application/json");
}

}  // namespace bascule::gateway
