#include "bascule/admin/api.hpp"

#include "bascule/admin/documents.hpp"
#include "bascule/admin/openapi.hpp"
#include "bascule/amqp/saslprep.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::admin {

using broker::Verdict;
using telemetry::JsonText;

namespace {

constexpr std::string_view management = "$management", wrong_login = "unknown user or wrong password";
constexpr std::uint64_t most_listed = 1000;

AdminResponse document(JsonText& json, int status = 200) { return {status, json.take() + "\n"}; }

AdminResponse problem_of(const Verdict& verdict) {
  AdminResponse response = problem_response(verdict.status, verdict.detail);
  if (verdict.status == 503) response.fields.emplace_back("Retry-After", "1");
  return response;
}

AdminResponse counted(const Verdict& verdict, std::string_view member, std::uint64_t count) {
  if (verdict.failed()) return problem_of(verdict);
  JsonText json;
  json.open('{').key(member).number(count).close('}');
  return document(json);
}

bool is_json(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  return type.substr(0, type.find_last_not_of(' ') + 1) == "application/json";
}

std::string host_of(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

bool changes(Action action) {
  using enum Action;
  return action == declare || action == remove || action == purge || action == cancel || action == move ||
         action == redrive || action == cancel_job;
}

// What an administrator did, for whoever asks later.
void log_change(const Route& route, const Caller& caller, const std::string& peer, int status) {
  telemetry::info("management", {{"operation", to_string(route.action)},
                                 {"name", route.name},
                                 {"user", caller.name},
                                 {"peer", peer},
                                 {"status", status}});
}

}  // namespace

Api::Api(broker::Broker& broker) : broker_(broker), operations_(broker.operations()) {}

void Api::register_metrics(telemetry::Registry& registry) const {
  registry.on_collect([this, &registry] {
    auto& requests =
        registry.counter("bascule_broker_admin_requests_total", "Requests to the management API.", {"status"});
    for (const auto& [status, count] : requests_) requests.with({status}).set_total(count);
    auto& refused =
        registry.counter("bascule_broker_admin_refused_total", "Those that were refused at the door.", {"reason"});
    for (const auto& [reason, count] : refused_) refused.with({reason}).set_total(count);
    const auto& jobs = operations_.jobs();
    const auto total = [&registry](const char* what, std::uint64_t value) {
      registry.counter("bascule_broker_jobs_total", "Moves and redrives that go on by themselves.", {"event"})
          .with({what})
          .set_total(value);
    };
    total("started", jobs.counters().started);
    total("done", jobs.counters().done);
    total("cancelled", jobs.counters().cancelled);
    total("failed", jobs.counters().failed);
    registry.counter("bascule_broker_jobs_moved_total", "Messages that they moved.")
        .one()
        .set_total(jobs.counters().moved);
    registry.gauge("bascule_broker_jobs", "Those that run.").one().set(static_cast<double>(jobs.running()));
    registry.gauge("bascule_broker_management_waiting", "Management operations in line.")
        .one()
        .set(static_cast<double>(operations_.waiting()));
  });
}

bool Api::has(std::string_view target) const { return target.starts_with("/api/") || target == "/api"; }

AdminResponse Api::refusal(int status, const std::string& why) {
  ++refused_["http"];
  ++requests_[std::to_string(status)];
  return problem_response(status, why);
}

AdminResponse Api::unauthenticated(std::string why) const {
  AdminResponse response = problem_response(401, std::move(why));
  const auto& security = broker_.shared().security;
  if (!security.admin_token().empty()) {
    response.fields.emplace_back("WWW-Authenticate", "Bearer realm=\"bascule broker\"");
  }
  if (security.logins()) {
    response.fields.emplace_back("WWW-Authenticate", "Basic realm=\"bascule broker\", charset=\"UTF-8\"");
  }
  return response;
}

AdminResponse Api::throttled() {
  ++refused_["throttled"];
  AdminResponse response = problem_response(429, "this address has failed too often; come back later");
  response.fields.emplace_back("Retry-After", "3");
  return response;
}

void Api::admit(std::shared_ptr<const AdminHead> head, Decide decide) {
  const auto done = [this](Decide& to, std::variant<AdminResponse, Serve> made) {
    if (const auto* response = std::get_if<AdminResponse>(&made)) ++requests_[std::to_string(response->status)];
    to(std::move(made));
  };
  if (const auto problem = refused_by_guard(*head, broker_.shared().options.admin_hosts)) {
    ++refused_["guard"];
    return done(decide, response_of(*problem));
  }
  if (const auto routed = route(head->method, head->target);
      std::holds_alternative<Route>(routed) && std::get<Route>(routed).action == Action::document) {
    return done(decide, AdminResponse{200, std::string(openapi_text)});
  }
  const AdminHead& known = *head;
  identify(known, [this, head = std::move(head), decide = std::move(decide),
                   done](std::variant<Caller, AdminResponse> who) mutable {
    if (auto* const refused = std::get_if<AdminResponse>(&who)) return done(decide, std::move(*refused));
    done(decide, decide_on(head, std::move(std::get<Caller>(who))));
  });
}

void Api::identify(const AdminHead& head, Known known) {
  auto& security = broker_.security();
  const bool users = security.logins() != nullptr, token = !security.admin_token().empty();
  if (!users && !token) {
    ++refused_["not_configured"];
    return known(problem_response(403,
                                  "nobody may manage this broker over HTTP: set broker.admin_token_file (a file with a "
                                  "secret, for Authorization: "
                                  "Bearer) or broker.users (for HTTP Basic)"));
  }
  auto credentials = read_credentials(head.authorization);
  if (auto* const basic = std::get_if<Basic>(&credentials); basic != nullptr && users) {
    return log_in(head, std::move(*basic), std::move(known));
  }
  if (const auto* const bearer = std::get_if<Bearer>(&credentials); bearer != nullptr && token) {
    const auto host = host_of(head.peer);
    if (!security.token_failures().admits(host, operations_.now())) return known(throttled());
    if (same_token(bearer->token, security.admin_token())) return known(Caller{.name = "(admin token)"});
    security.token_failures().failed(host, operations_.now());
    telemetry::warn("login refused", {{"peer", head.peer}, {"mechanism", "bearer"}});
    ++refused_["wrong"];
    return known(unauthenticated("this is not the broker's admin token"));
  }
  ++refused_["unauthenticated"];
  std::string how = "say who you are:";
  if (token) how += " Authorization: Bearer with the secret of broker.admin_token_file";
  if (users) how += std::string(token ? " or" : "") + " HTTP Basic with a name and password of broker.users";
  known(unauthenticated(std::move(how)));
}

void Api::log_in(const AdminHead& head, Basic basic, Known known) {
  auto authenticator = broker_.security().logins()->authenticator(head.peer);
  if (!authenticator->admits()) return known(throttled());
  using Login = amqp::Authenticator::Verdict;
  const auto prepared = amqp::saslprep(basic.user, amqp::Prepared::query);
  auto password = amqp::saslprep(basic.password, amqp::Prepared::query);
  amqp::wipe(basic.password);
  if (!prepared || !password) {
    authenticator->tried(basic.user, amqp::Mechanism::plain, false);
    ++refused_["wrong"];
    return known(unauthenticated(std::string(wrong_login)));
  }
  const std::string& user = *prepared;
  auto* const asks = authenticator.get();
  asks->check(user, std::move(*password),
              [this, authenticator = std::move(authenticator), user, known = std::move(known)](Login verdict) mutable {
                if (verdict == Login::busy) {
                  ++refused_["busy"];
                  return known(problem_of({503, "too many passwords are being checked; try again in a moment"}));
                }
                authenticator->tried(user, amqp::Mechanism::plain, verdict == Login::right);
                if (verdict == Login::right) {
                  const amqp::Identity identity{user, amqp::Mechanism::plain};
                  return known(Caller{user, broker_.security().grants(identity)});
                }
                ++refused_["wrong"];
                known(unauthenticated(std::string(wrong_login)));
              });
}

std::optional<AdminResponse> Api::forbidden(const Request& request, std::string_view address) {
  if (request.caller.may(address)) return std::nullopt;
  ++refused_["access"];
  return problem_response(403, "'" + request.caller.name.substr(0, 128) + "' may not manage '" +
                                   std::string(address.substr(0, 200)) +
                                   "'; the broker's access file would have to allow it");
}

std::variant<AdminResponse, AdminApi::Serve> Api::decide_on(const std::shared_ptr<const AdminHead>& head,
                                                            Caller caller) {
  auto routed = route(head->method, head->target);
  if (auto* const none = std::get_if<NotRouted>(&routed)) {
    AdminResponse response = response_of(none->problem);
    if (!none->allow.empty()) response.fields.emplace_back("Allow", none->allow);
    return response;
  }
  const auto request =
      std::make_shared<Request>(Request{std::move(std::get<Route>(routed)), std::move(caller), head->peer});
  const bool names_address = request->route.action != Action::job && request->route.action != Action::cancel_job;
  if (auto refused = forbidden(*request, management)) return *refused;
  if (names_address && !request->route.name.empty()) {
    if (auto refused = forbidden(*request, request->route.name)) return *refused;
  }
  if (head->has_body && !takes_body(request->route.action)) return problem_response(400, "this request takes no body");
  if (head->has_body && !is_json(head->content_type)) {
    return problem_response(415, "the body must be JSON, with Content-Type: application/json");
  }
  return Serve([this, request](const std::string& body, Answer answer) { serve(request, body, std::move(answer)); });
}

void Api::serve(const std::shared_ptr<Request>& request, const std::string& text, Answer to) {
  Answer answer = [this, request, to = std::move(to)](AdminResponse response) mutable {
    ++requests_[std::to_string(response.status)];
    if (changes(request->route.action)) {
      log_change(request->route, request->caller, request->peer, response.status);
    }
    to(std::move(response));
  };
  Body body(text);
  switch (request->route.action) {
    case Action::document: break;  // answered before
    case Action::list: return list(*request, answer);
    case Action::show: return show(*request, answer);
    case Action::declare: return declare(*request, body, answer);
    case Action::remove: return remove(*request, answer);
    case Action::peek: return peek(*request, answer);
    case Action::purge: return purge(*request, answer);
    case Action::cancel: return cancel(*request, body, answer);
    case Action::move:
    case Action::redrive: return start_job(*request, body, answer);
    case Action::jobs: return jobs(*request, answer);
    case Action::job:
    case Action::cancel_job: return job(*request, answer);
  }
}

void Api::list(const Request& request, Answer& answer) {
  std::optional<Problem> problem;
  const auto most = request.route.count("limit", 1, most_listed, problem).value_or(most_listed);
  if (problem) return answer(response_of(*problem));
  const auto prefix = request.route.text("prefix"), after = request.route.text("after");
  JsonText json;
  json.open('{').key("queues").open('[');
  std::uint64_t listed = 0;
  std::string last, next;
  for (const auto& node : operations_.list()) {
    if (!node.address.starts_with(prefix) || (!after.empty() && node.address <= after)) continue;
    if (listed == most) {
      next = "/api/v1/queues?limit=" + std::to_string(most) + "&after=" + encode_segment(last) +
             (prefix.empty() ? "" : "&prefix=" + encode_segment(prefix));
      break;
    }
    write(json, node);
    last = node.address;
    ++listed;
  }
  json.close(']');
  if (!next.empty()) json.member("next", next);
  json.close('}');
  answer(document(json));
}

void Api::show(const Request& request, Answer& answer) {
  const auto node = operations_.find(request.route.name);
  if (!node) return answer(problem_of({404, "there is no queue or topic '" + request.route.name.substr(0, 200) + "'"}));
  JsonText json;
  write(json, *node);
  answer(document(json));
}

void Api::declare(const Request& request, Body& body, Answer& answer) {
  const auto kind = body.text("kind").value_or("queue");
  body.finish();
  if (body.problem()) return answer(response_of(*body.problem()));
  if (kind != "queue" && kind != "topic") {
    return answer(response_of({400, "invalid_request", "member 'kind' must be \"queue\" or \"topic\"", "/kind", true}));
  }
  const Verdict verdict = operations_.declare(request.route.name, kind == "topic");
  if (verdict.failed()) return answer(problem_of(verdict));
  JsonText json;
  write(json, operations_.find(request.route.name).value());
  AdminResponse response = document(json, verdict.status);
  if (verdict.status == 201) {
    response.fields.emplace_back("Location", "/api/v1/queues/" + encode_segment(request.route.name));
  }
  answer(std::move(response));
}

void Api::remove(const Request& request, Answer& answer) {
  const Verdict verdict = operations_.remove(request.route.name);
  answer(verdict.failed() ? problem_of(verdict) : AdminResponse{204, ""});
}

void Api::peek(const Request& request, Answer& answer) {
  std::optional<Problem> problem;
  const auto count = request.route.count("count", 1, broker::Operations::peek_most, problem);
  const bool scheduled = request.route.flag("scheduled", problem), encoded = request.route.flag("encoded", problem);
  if (problem) return answer(response_of(*problem));
  const auto to = std::make_shared<Answer>(std::move(answer));
  operations_.peek({request.route.name, count, scheduled},
                   [to, encoded](const Verdict& verdict, const std::vector<broker::Peeked>& messages) {
                     if (verdict.failed()) return (*to)(problem_of(verdict));
                     JsonText json;
                     json.open('{').key("messages").open('[');
                     for (const auto& one : messages) write(json, one, encoded);
                     json.close(']').close('}');
                     (*to)(document(json));
                   });
}

void Api::purge(const Request& request, Answer& answer) {
  const auto to = std::make_shared<Answer>(std::move(answer));
  operations_.purge(request.route.name,
                    [to](const Verdict& verdict, std::uint64_t count) { (*to)(counted(verdict, "purged", count)); });
}

void Api::cancel(const Request& request, Body& body, Answer& answer) {
  const auto position = body.count("position", 0, UINT64_MAX);
  const auto message_id = body.text("message_id");
  body.finish();
  if (body.problem()) return answer(response_of(*body.problem()));
  if (position.has_value() == message_id.has_value()) {
    return answer(
        response_of({400, "invalid_request", "one of 'position' and 'message_id' must say which message", "", true}));
  }
  const auto done = [to = std::make_shared<Answer>(std::move(answer))](const Verdict& verdict, std::uint64_t count) {
    (*to)(counted(verdict, "cancelled", count));
  };
  if (position) return operations_.cancel(request.route.name, *position, done);
  operations_.cancel(request.route.name, *message_id, done);
}

void Api::start_job(const Request& request, Body& body, Answer& answer) {
  broker::JobRequest wanted{.from = request.route.name, .user = request.caller.name};
  if (request.route.action == Action::move) {
    body.require("to");
    wanted.to = body.text("to");
  }
  wanted.limit = body.count("limit", 1, 1'000'000'000'000);
  wanted.rate = body.number("rate", 0.1, 1'000'000);
  body.finish();
  if (body.problem()) return answer(response_of(*body.problem()));
  if (wanted.to) {
    if (auto refused = forbidden(request, *wanted.to)) return answer(std::move(*refused));
  }
  wanted.may = [caller = request.caller](std::string_view address) { return caller.may(address); };
  const auto started = operations_.jobs().start(wanted);
  if (started.job == nullptr) return answer(problem_of({started.status, started.why}));
  JsonText json;
  write(json, *started.job);
  AdminResponse response = document(json, 202);
  response.fields.emplace_back("Location", path_of(*started.job));
  answer(std::move(response));
}

void Api::jobs(const Request& request, Answer& answer) {
  JsonText json;
  json.open('{').key("jobs").open('[');
  for (const broker::Job* job : operations_.jobs().all()) {
    if (request.caller.may(job->from)) write(json, *job);
  }
  json.close(']').close('}');
  answer(document(json));
}

void Api::job(const Request& request, Answer& answer) {
  auto& jobs = operations_.jobs();
  const broker::Job* job = jobs.find(request.route.name);
  if (job == nullptr) {
    return answer(problem_of({404, "there is no such job; of those that ended the last " +
                                       std::to_string(broker::Jobs::max_ended) + " are remembered"}));
  }
  if (auto refused = forbidden(request, job->from)) return answer(std::move(*refused));
  if (request.route.action == Action::cancel_job) job = jobs.cancel(request.route.name);
  JsonText json;
  write(json, *job);
  answer(document(json));
}

}  // namespace bascule::admin
