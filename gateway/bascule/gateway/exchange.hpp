// Exchange: one request and its response on their way through the pipeline (pipeline.hpp).
//
// What: a connection has one and reuses it. Stages read the request, note what they found out in the members
// below, and end the exchange with answer() or refuse(). It holds no socket and no clock of its own but the
// time of arrival. Cancellation: when the client goes, open calls are cancelled and their replies, should
// they come, find another generation and are dropped. Thread safety: the loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bascule/gateway/context.hpp"
#include "bascule/gateway/problem.hpp"
#include "bascule/http/session.hpp"
#include "bascule/routing/query.hpp"

namespace bascule::gateway {

class Composition;

/// What a stage says when it is done.
enum class Step {
  next,      ///< on to the next stage
  answered,  ///< the response is complete
  wait,      ///< the stage goes on later and calls Exchange::resume() or one of the ends itself
};

class Exchange final : public http::Session, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Context& context, http::Responder& responder);
  ~Exchange() override;

  // http::Session
  void begin(http::Request& request, http::Response& response) override;
  void refuse(const http::Rejection& rejection, http::Response& response) override;
  void abandon() override;

  // For stages.
  Context& context() noexcept { return context_; }
  const http::Request& request() const noexcept { return *request_; }
  http::Response& response() noexcept { return *response_; }
  /// A reply came: continues behind the stage that waits.
  void resume();
  /// The response is filled in.
  Step answer(int status, std::string_view content_type);
  /// Answers with a problem document; `flags` for the access log.
  Step fail(Problem problem, std::string_view flags);
  /// Starts a call whose reply comes to `done`, unless the exchange has ended by then.
  void call(rpc::OutgoingCall call, UniqueFunction<void(rpc::Reply&&)> done);
  /// Ends an exchange that waits (a stage that said `wait` is over).
  void finish();

  // What stages found out, in the order of the pipeline.
  telemetry::TraceContext trace;                 ///< identify: of the calls made for this request
  std::string trace_id, request_id;              ///< identify
  Deadline deadline;                             ///< route
  routing::Path path;                            ///< normalise
  routing::Match match;                          ///< route
  routing::Query query;                          ///< bind
  std::shared_ptr<const Routes> routes;          ///< route: the table this exchange started with
  const Route* route = nullptr;                  ///< route: null for the gateway's own pages and for Thrift
  std::string_view service;                      ///< route, envelope: for the log
  bool thrift = false;                           ///< envelope: the body is a Thrift message, passed through
  std::vector<transcode::Parameter> parameters;  ///< bind
  std::optional<rpc::OutgoingCall> outgoing;     ///< encode, envelope
  rpc::Reply reply;                              ///< call
  std::unique_ptr<Composition> composition;      ///< compose
  std::string_view flags;                        ///< for the log
  double service_seconds = 0;                    ///< call

 private:
  void reset();
  void run();
  void record();
  void cancel_calls();

  struct Call {
    Upstream::CallId id = 0;
    UniqueFunction<void(rpc::Reply&&)> done;
    bool open = true;
  };

  Context& context_;
  http::Responder& responder_;
  http::Request* request_ = nullptr;
  http::Response* response_ = nullptr;
  std::vector<Call> calls_;
  std::size_t stage_ = 0;
  std::uint64_t generation_ = 0;
  std::string problem_code_, problem_detail_;
};

}  // namespace bascule::gateway
