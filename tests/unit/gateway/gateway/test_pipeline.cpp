#include "world.hpp"

namespace bascule::gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using Pipeline = World;

TEST_F(Pipeline, ACallWaitsForItsReply) {
  serve(method_json("get", "GET", "/a/{id}"));
  send("GET /a/7");
  ASSERT_EQ(upstream.calls.size(), 1u);
  EXPECT_EQ(upstream.calls[0].call.address, "rpc.t.S");
  EXPECT_EQ(upstream.calls[0].call.method, "get");
  EXPECT_EQ(responses, 0);
  upstream.answer(0, "seven");
  EXPECT_EQ(responses, 1);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "\"seven\"");
}

TEST_F(Pipeline, TheDeadlineIsFixedOnArrivalFromTheContractOrTheSettings) {
  settings.timeout = std::chrono::milliseconds(1234);
  serve(method_json("a", "GET", "/a") + "," + method_json("b", "GET", "/b", R"("timeout_ms":50,)"));
  const auto before = Clock::now();
  send("GET /a");
  send("GET /b");
  const auto took = Clock::now() - before;
  const auto left = [&](std::size_t i) { return upstream.calls.at(i).call.options.deadline.at() - before; };
  EXPECT_GE(left(0), std::chrono::milliseconds(1234));
  EXPECT_LE(left(0), std::chrono::milliseconds(1234) + took);
  EXPECT_GE(left(1), std::chrono::milliseconds(50));
  EXPECT_LE(left(1), std::chrono::milliseconds(50) + took);
}

TEST_F(Pipeline, AClientThatGoesCancelsItsCallAndALateReplyMeetsNobody) {
  serve(method_json("get", "GET", "/a"));
  send("GET /a");
  exchange->abandon();
  EXPECT_TRUE(upstream.calls[0].cancelled);
  EXPECT_EQ(responses, 0);
  send("GET /a");  // the same exchange serves the next request
  upstream.calls[0].done(rpc::Reply{});
  EXPECT_EQ(responses, 0) << "a reply to the abandoned request is not the answer to this one";
  upstream.answer(1, "x");
  EXPECT_EQ(responses, 1);
}

TEST_F(Pipeline, AnExchangeThatIsGoneIsNotCalled) {
  serve(method_json("get", "GET", "/a"));
  send("GET /a");
  exchange.reset();
  upstream.answer(0, "x");
  EXPECT_EQ(responses, 0);
}

TEST_F(Pipeline, AServiceThatIsDownIs503) {
  serve(method_json("get", "GET", "/a"), false);
  send("GET /a");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.fields, HasSubstr("retry-after: 1\r\n"));
  EXPECT_THAT(response.body, HasSubstr("t.S is stopped"));
  send("GET /b");
  EXPECT_EQ(response.status, 404);
}

TEST_F(Pipeline, NothingIsPublicByOmission) {
  serve(method_json("a", "GET", "/a", R"("auth":null,)") + "," + method_json("b", "GET", "/b", R"("auth":"token",)"));
  for (const char* line : {"GET /a", "GET /b", "HEAD /a"}) {
    send(line);
    EXPECT_EQ(response.status, 401) << line;
    EXPECT_THAT(response.fields, HasSubstr("www-authenticate: Bearer\r\n"));
  }
  EXPECT_TRUE(upstream.calls.empty());
}

TEST_F(Pipeline, TooManyOpenCallsAre503) {
  settings.max_in_flight = 10;
  serve(method_json("get", "GET", "/a"));
  upstream.busy = 10;
  send("GET /a");
  EXPECT_EQ(response.status, 503);
  upstream.busy = 9;
  send("GET /a");
  EXPECT_EQ(upstream.calls.size(), 1u);
}

TEST_F(Pipeline, EveryFailureHasItsStatusAndFlags) {
  serve(method_json("get", "GET", "/a"));
  const std::pair<Errc, int> table[] = {{Errc::deadline_exceeded, 504},  {Errc::unavailable, 503},
                                        {Errc::resource_exhausted, 429}, {Errc::unauthenticated, 401},
                                        {Errc::permission_denied, 403},  {Errc::invalid_argument, 400},
                                        {Errc::unimplemented, 501},      {Errc::internal, 500}};
  for (const auto& [code, status] : table) {
    send("GET /a");
    upstream.fail(upstream.calls.size() - 1, code);
    EXPECT_EQ(response.status, status) << to_string(code);
    EXPECT_THAT(response.body, HasSubstr("\"status\":" + std::to_string(status)));
    EXPECT_THAT(response.body, HasSubstr("urn:bascule:problem:" + std::string(to_string(code))));
    EXPECT_EQ(std::string_view(response.content_type), problem_type);
  }
}

TEST_F(Pipeline, RequestIdsAreTakenWhenTheyAreCleanAndMadeOtherwise) {
  serve(method_json("get", "GET", "/a"));
  send("GET /nowhere", "X-Request-Id: abc-1\r\n");
  EXPECT_THAT(response.fields, HasSubstr("x-request-id: abc-1\r\n"));
  for (const std::string& bad : {std::string("a b"), std::string(129, 'x'), std::string("\"quoted\"")}) {
    send("GET /nowhere", "X-Request-Id: " + bad + "\r\n");
    EXPECT_THAT(response.fields, Not(HasSubstr(bad)));
    EXPECT_THAT(response.fields, HasSubstr("x-request-id: "));
  }
}

TEST_F(Pipeline, TheTracesIdStaysAndTheSpanIsNew) {
  serve(method_json("get", "GET", "/a"));
  send("GET /a", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  const auto& trace = upstream.calls[0].call.options.trace;
  EXPECT_EQ(trace.trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(trace.span, 0xb7ad6b7169203331u);
  send("GET /a", "traceparent: nonsense\r\n");
  EXPECT_TRUE(upstream.calls[1].call.options.trace.valid());
}

TEST_F(Pipeline, ReadinessIsToldWithItsReason) {
  serve("");
  send("GET /readyz");
  EXPECT_EQ(response.status, 200);
  not_ready = "no broker";
  send("GET /readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "no broker\n");
  send("GET /livez");
  EXPECT_EQ(response.status, 200);
}

TEST_F(Pipeline, OptionsForTheServerIsAnswered) {
  serve("");
  send("OPTIONS *");
  EXPECT_EQ(response.status, 204);
}

TEST_F(Pipeline, RoutesChangeUnderARequestWithoutHarm) {
  serve(method_json("get", "GET", "/a"));
  send("GET /a");
  serve(method_json("other", "GET", "/b"));
  upstream.answer(0, "old");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "\"old\"");
}

TEST_F(Pipeline, ARefusalIsAProblemWithATrace) {
  exchange->refuse({400, "host", "Host must be one host name"}, response);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"("type":"urn:bascule:problem:host","title":"Bad Request","status":400)"));
  EXPECT_THAT(response.body, HasSubstr("\"trace_id\":\""));
  EXPECT_THAT(registry.text(), HasSubstr("bascule_gateway_refused_total{rule=\"host\"} 1"));
}

}  // namespace
}  // namespace bascule::gateway::testing
