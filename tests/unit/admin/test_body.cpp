// A request's JSON: what is taken, and how what is wrong is named.
#include <gtest/gtest.h>

#include "bascule/admin/body.hpp"

namespace bascule::admin {
namespace {

std::string pointer_of(const std::string& json) {
  Body body(json);
  body.require("to");
  body.text("to", 8);
  body.count("limit", 1, 10);
  body.number("rate", 0.1, 100);
  body.finish();
  return body.problem() ? "#" + body.problem()->pointer : "fine";
}

TEST(AdminBody, WhatFits) {
  Body body(R"({"to": "q/ü", "limit": 10, "rate": 2.5})");
  EXPECT_EQ(body.text("to"), "q/ü");
  EXPECT_EQ(body.count("limit", 1, 10), 10u);
  EXPECT_EQ(body.number("rate", 0.1, 100), 2.5);
  body.finish();
  EXPECT_FALSE(body.problem());
  Body whole(R"({"rate": 3})");
  EXPECT_EQ(whole.number("rate", 0.1, 100), 3.0);
  Body empty("");
  EXPECT_EQ(empty.text("to"), std::nullopt);
  empty.finish();
  EXPECT_FALSE(empty.problem()) << "no body is an empty one";
}

TEST(AdminBody, WhatIsWrongIsNamedByItsPointer) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"to": "q"})", "fine"},
      {R"({"to": 7})", "#/to"},
      {R"({"to": null})", "#/to"},
      {R"({"to": ""})", "#/to"},
      {R"({"to": "more than eight"})", "#/to"},
      {R"({})", "#/to"},
      {R"({"to": "q", "limit": 0})", "#/limit"},
      {R"({"to": "q", "limit": 11})", "#/limit"},
      {R"({"to": "q", "limit": -1})", "#/limit"},
      {R"({"to": "q", "limit": 5.0})", "#/limit"},
      {R"({"to": "q", "limit": "5"})", "#/limit"},
      {R"({"to": "q", "limit": true})", "#/limit"},
      {R"({"to": "q", "limit": 99999999999999999999})", "#"},
      {R"({"to": "q", "rate": 0})", "#/rate"},
      {R"({"to": "q", "rate": 1e9})", "#/rate"},
      {R"({"to": "q", "rate": [1]})", "#/rate"},
      {R"({"to": "q", "Limit": 5})", "#/Limit"},
      {R"({"to": "q", "a/b~c d": 5})", "#/a~1b~0c%20d"},
      {R"({"to": "q", "to": "q"})", "#/to"},
      {R"(["to"])", "#"},
      {R"("to")", "#"},
      {R"({"to": "q"} x)", "#"},
      {R"({"to": "q")", "#"},
      {"{\"to\": \"\xff\"}", "#"},
      {"to=q", "#"},
  };
  for (const auto& [json, pointer] : cases) EXPECT_EQ(pointer_of(json), pointer) << json;
}

TEST(AdminBody, DeepNestingIsRefused) { EXPECT_EQ(pointer_of("{\"to\":" + std::string(30'000, '[')), "#"); }

TEST(AdminProblem, IsADocumentOfRFC9457) {
  const auto response = response_of({400, "invalid_request", "say \"why\"", "/limit", true});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.body,
            "{\"type\":\"urn:bascule:problem:invalid_request\",\"title\":\"Bad Request\",\"status\":400,"
            "\"detail\":\"say \\\"why\\\"\",\"errors\":[{\"detail\":\"say \\\"why\\\"\",\"pointer\":\"#/limit\"}]}\n");
}

}  // namespace
}  // namespace bascule::admin
