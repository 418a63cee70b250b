#include "world.hpp"

namespace bascule::gateway::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string complaint(const std::string& toml) {
  try {
    Aggregate::read(config::Document::parse(toml, "a.toml"));
  } catch (const config::ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(AggregateFile, ErrorsNameTheLine) {
  const std::string head = "[[aggregate]]\npath = '/x/{id}'\n";
  const std::string part = "[[aggregate.part]]\nname = 'a'\nget = '/a/{id}'\n";
  EXPECT_EQ(complaint(head + part), "");
  EXPECT_THAT(complaint("[[aggregate]]\npath = 'x'\n" + part),
              StartsWith("a.toml:2: aggregate[0].path: route template 'x'"));
  EXPECT_THAT(complaint(head), HasSubstr("has at least one"));
  EXPECT_THAT(complaint(head + "[[aggregate.part]]\nname = 'a'\n"),
              StartsWith("a.toml:3: aggregate[0].part[0].get: is required"));
  EXPECT_THAT(complaint(head + "[[aggregate.part]]\nname = 'a'\nget = '/{no}'\n"), HasSubstr("a.toml:5"));
  EXPECT_THAT(complaint(head + "[[aggregate.part]]\nname = 'a'\nget = '/{a.x}'\n"),
              HasSubstr("stands before this one"));
  EXPECT_THAT(complaint(head + part + part), HasSubstr("'a' is there twice"));
  EXPECT_THAT(complaint(head + "[[aggregate.part]]\nname = 'errors'\nget = '/a'\n"),
              HasSubstr("cannot be a part's name"));
  EXPECT_THAT(complaint(head + part + "requird = true\n"),
              HasSubstr("a.toml:6: aggregate[0].part[0].requird: unknown key (did you mean"));
  EXPECT_THAT(complaint(head + part + head + part), HasSubstr("another aggregate has this path"));
  std::string many = head;
  for (int i = 0; i < 17; ++i) many += "[[aggregate.part]]\nname = 'p" + std::to_string(i) + "'\nget = '/a'\n";
  EXPECT_THAT(complaint(many), HasSubstr("more than 16 parts"));
}

struct Composing : World {
  void SetUp() override {
    aggregates =
        Aggregate::read(config::Document::parse("[[aggregate]]\npath='/x/{id}'\n"
                                                "[[aggregate.part]]\nname='must'\nget='/a/{id}'\nrequired=true\n"
                                                "[[aggregate.part]]\nname='may'\nget='/b'\n",
                                                "a.toml"));
    serve(method_json("a", "GET", "/a/{id}") + "," + method_json("b", "GET", "/b"));
  }
};

TEST_F(Composing, PartsAreCalledTogetherAndMergedInOrder) {
  send("GET /x/1");
  ASSERT_EQ(upstream.calls.size(), 2u);
  upstream.answer(1, "two");
  EXPECT_EQ(responses, 0);
  upstream.answer(0, "one");
  EXPECT_EQ(responses, 1);
  EXPECT_EQ(response.body, R"({"must":"one","may":"two"})");
  EXPECT_THAT(response.fields, HasSubstr("x-gateway-completed: true"));
}

TEST_F(Composing, ARequiredFailureEndsItAndCancelsTheRest) {
  send("GET /x/1");
  upstream.fail(0, Errc::unavailable);
  EXPECT_EQ(responses, 1);
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(upstream.calls[1].cancelled);
}

TEST_F(Composing, AnOptionalFailureIsTold) {
  send("GET /x/1");
  upstream.fail(1, Errc::deadline_exceeded);
  upstream.answer(0, "one");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, StartsWith(R"({"must":"one","errors":[{"part":"may","status":504,"problem":{)"));
  EXPECT_THAT(response.fields, HasSubstr("cache-control: no-store"));
  EXPECT_THAT(response.fields, HasSubstr("x-gateway-completed: false"));
}

TEST_F(Composing, AClientThatGoesCancelsEveryPart) {
  send("GET /x/1");
  exchange->abandon();
  EXPECT_TRUE(upstream.calls[0].cancelled && upstream.calls[1].cancelled);
  EXPECT_EQ(responses, 0);
}

TEST_F(Composing, APartWhoseServiceIsUnknownFailsAlone) {
  serve(method_json("a", "GET", "/a/{id}"));
  send("GET /x/1");
  upstream.answer(0, "one");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("no service has announced a route for GET /b"));
}

}  // namespace
}  // namespace bascule::gateway::testing
