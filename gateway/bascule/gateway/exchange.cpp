#include "bascule/gateway/exchange.hpp"

#include "bascule/gateway/composition.hpp"
#include "bascule/gateway/pipeline.hpp"

namespace bascule::gateway {

Exchange::Exchange(Context& context, http::Responder& responder) : context_(context), responder_(responder) {}
Exchange::~Exchange() = default;

void Exchange::begin(http::Request& request, http::Response& response) {
  reset();
  request_ = &request;
  response_ = &response;
  context_.active->add(1);
  run();
}

void Exchange::reset() {
  ++generation_;
  stage_ = 0;
  calls_.clear();
  trace = {};
  trace_id.clear();
  request_id.clear();
  deadline = {};
  query.pairs.clear();
  routes.reset();
  route = nullptr;
  service = {};
  thrift = false;
  parameters.clear();
  outgoing.reset();
  reply = {};
  composition.reset();
  flags = {};
  service_seconds = 0;
  problem_code_.clear();
  problem_detail_.clear();
}

void Exchange::run() {
  for (; stage_ < pipeline.size(); ++stage_) {
    const Step step = pipeline[stage_].run(*this);
    if (step == Step::wait) return;
    if (step == Step::answered) return finish();
  }
  fail({500, "no_answer", "no stage answered the request", transcode::Source::reply, {}}, "");
  finish();
}

void Exchange::resume() {
  ++stage_;
  run();
}

Step Exchange::answer(int status, std::string_view content_type) {
  response_->status = status;
  response_->content_type = content_type;
  return Step::answered;
}

Step Exchange::fail(Problem problem, std::string_view why) {
  flags = why;
  response_->body.clear();
  write(response_->body, problem, trace_id);
  problem_code_ = std::move(problem.code);
  problem_detail_ = std::move(problem.detail);
  return answer(problem.status, problem_type);
}

void Exchange::call(rpc::OutgoingCall call, UniqueFunction<void(rpc::Reply&&)> done) {
  // The generation outlives the exchange's reuse: a late reply of an abandoned request must not reach the
  // next one.
  const std::size_t slot = calls_.size();
  calls_.push_back({0, std::move(done)});
  const auto id = context_.upstream.start(
      std::move(call), [weak = weak_from_this(), generation = generation_, slot](rpc::Reply&& arrived) {
        const auto self = weak.lock();
        if (self == nullptr || self->generation_ != generation) return;
        auto handler = std::move(self->calls_[slot].done);
        self->calls_[slot].open = false;
        handler(std::move(arrived));
      });
  calls_[slot].id = id;
}

void Exchange::cancel_calls() {
  ++generation_;
  for (const Call& each : calls_) {
    if (each.open) context_.upstream.cancel(each.id);
  }
  calls_.clear();
}

void Exchange::finish() {
  if (!request_id.empty()) response_->add("x-request-id", request_id);
  context_.active->add(-1);
  record();
  cancel_calls();  // an aggregate may end before all of its parts did
  responder_.respond();
}

void Exchange::record() {
  const double seconds = std::chrono::duration<double>(Clock::now() - request_->arrived).count();
  const auto& series = route != nullptr && route->series ? route->series : context_.unrouted;
  series->observe(response_->status, seconds);
  if (route != nullptr && service_seconds > 0) series->observe_service(service_seconds);
  if (context_.log == nullptr) return;
  AccessRecord record;
  record.method = request_->method;
  record.path = request_->path();
  record.route = route == nullptr ? std::string_view{} : route->path;
  record.service = service;
  record.client = responder_.peer();
  record.user_agent = request_->value("user-agent");
  record.request_id = request_id;
  record.trace_id = trace_id;
  record.flags = flags;
  record.code = problem_code_;
  record.detail = problem_detail_;
  record.status = response_->status;
  record.bytes_in = request_->bytes;
  record.bytes_out = response_->body.size();
  record.seconds = seconds;
  record.service_seconds = service_seconds;
  context_.log->add(record);
}

void Exchange::refuse(const http::Rejection& rejection, http::Response& response) {
  reset();
  response_ = &response;
  trace_id = request_id = telemetry::TraceContext::make().trace_id();  // nothing that was sent can be believed
  response.add("x-request-id", request_id);
  fail({rejection.status, std::string(rejection.rule), std::string(rejection.sentence), transcode::Source::reply, {}},
       "DPE");
  context_.metrics
      .counter("bascule_gateway_refused_total", "Messages that are not HTTP that is served, by rule.", {"rule"})
      .with({std::string(rejection.rule)})
      .add();
  if (context_.log == nullptr) return;
  AccessRecord record;
  record.client = responder_.peer();
  record.trace_id = record.request_id = trace_id;
  record.flags = flags;
  record.code = rejection.rule;
  record.detail = rejection.sentence;
  record.status = rejection.status;
  record.bytes_out = response.body.size();
  context_.log->add(record);
}

void Exchange::abandon() {
  cancel_calls();
  context_.active->add(-1);
  flags = "DC";
  response_->status = 499;
  response_->body.clear();
  record();
}

}  // namespace bascule::gateway
