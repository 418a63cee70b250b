// Which operation a method and a target name.
#include "bascule/admin/routes.hpp"

#include <gtest/gtest.h>

namespace bascule::admin {
namespace {

std::string told(std::string_view method, std::string_view target) {
  const auto routed = route(method, target);
  if (const auto* const none = std::get_if<NotRouted>(&routed)) {
    return std::to_string(none->problem.status) + (none->allow.empty() ? "" : " " + none->allow) +
           (none->problem.parameter.empty() ? "" : " " + none->problem.parameter);
  }
  const auto& found = std::get<Route>(routed);
  std::string text(to_string(found.action));
  if (!found.name.empty()) text += " " + found.name;
  for (const auto& [name, value] : found.query) text += " " + name + "=" + value;
  return text;
}

TEST(AdminRoutes, WhatThereIs) {
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"GET", "/api/openapi.json"}, "document"},
      {{"GET", "/api/v1/queues"}, "list"},
      {{"HEAD", "/api/v1/queues"}, "list"},
      {{"GET", "/api/v1/queues?prefix=dlq.&limit=5&after=a%26b"}, "list after=a&b limit=5 prefix=dlq."},
      {{"GET", "/api/v1/queues/orders"}, "show orders"},
      {{"PUT", "/api/v1/queues/orders"}, "declare orders"},
      {{"DELETE", "/api/v1/queues/orders"}, "delete orders"},
      {{"GET", "/api/v1/queues/a%2Fb%20%C3%BC"}, "show a/b ü"},
      {{"GET", "/api/v1/queues/events.x::sub"}, "show events.x::sub"},
      {{"GET", "/api/v1/queues/a+b"}, "show a+b"},
      {{"GET", "/api/v1/queues/messages/messages?count=3&scheduled=true"}, "peek messages count=3 scheduled=true"},
      {{"POST", "/api/v1/queues/q/purge"}, "purge q"},
      {{"POST", "/api/v1/queues/q/cancel"}, "cancel q"},
      {{"POST", "/api/v1/queues/q/move"}, "move q"},
      {{"POST", "/api/v1/queues/dlq.q/redrive"}, "redrive dlq.q"},
      {{"GET", "/api/v1/jobs"}, "jobs"},
      {{"GET", "/api/v1/jobs/x-1"}, "job x-1"},
      {{"DELETE", "/api/v1/jobs/x-1"}, "cancel-job x-1"},
  };
  for (const auto& [asked, action] : cases) EXPECT_EQ(told(asked.first, asked.second), action) << asked.second;
}

TEST(AdminRoutes, WhatThereIsNot) {
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"GET", "/api"}, "404"},
      {{"GET", "/api/v2/queues"}, "404"},
      {{"GET", "/api/v1/queues/"}, "404"},
      {{"GET", "/api/v1/queues//messages"}, "404"},
      {{"GET", "/api/v1/queues/a/b/messages"}, "404"},
      {{"GET", "/api/v1/queues/a/../b"}, "404"},
      {{"GET", "//api/v1/queues"}, "404"},
      {{"POST", "/api/v1/queues"}, "405 GET, HEAD"},
      {{"PATCH", "/api/v1/queues/q"}, "405 GET, HEAD, PUT, DELETE"},
      {{"OPTIONS", "/api/v1/queues/q/purge"}, "405 POST"},
      {{"GET", "/api/v1/queues/q/purge"}, "405 POST"},
      {{"get", "/api/v1/queues"}, "405 GET, HEAD"},
      {{"GET", "/api/v1/queues/%"}, "400"},
      {{"GET", "/api/v1/queues/%4"}, "400"},
      {{"GET", "/api/v1/queues/%zz"}, "400"},
      {{"GET", "/api/v1/queues/%00"}, "400"},
      {{"GET", "/api/v1/queues/%ff"}, "400"},
      {{"GET", "/api/v1/queues/a%0d%0ab"}, "400"},
      {{"GET", "/api/v1/queues?colour=red"}, "400 colour"},
      {{"GET", "/api/v1/queues?prefix,after=x"}, "400 prefix,after"},
      {{"GET", "/api/v1/queues?limit=1&limit=2"}, "400 limit"},
      {{"DELETE", "/api/v1/queues/q?if-unused=true"}, "400 if-unused"},
  };
  for (const auto& [asked, answer] : cases) EXPECT_EQ(told(asked.first, asked.second), answer) << asked.second;
}

TEST(AdminRoutes, ParametersAreReadStrictly) {
  for (const char* bad : {"", "0", "101", "-1", "1.0", "1x", " 1", "99999999999999999999"}) {
    std::optional<Problem> problem;
    Route asked{.query = {{"count", bad}}};
    EXPECT_EQ(asked.count("count", 1, 100, problem), std::nullopt) << bad;
    ASSERT_TRUE(problem) << bad;
    EXPECT_EQ(problem->parameter, "count");
  }
  for (const char* bad : {"", "1", "True", "yes"}) {
    std::optional<Problem> problem;
    EXPECT_FALSE((Route{.query = {{"scheduled", bad}}}.flag("scheduled", problem)));
    EXPECT_TRUE(problem) << bad;
  }
}

TEST(AdminRoutes, AnAddressSurvivesItsEncoding) {
  const std::string awkward = "a/b?c#d%e f\"ü::$x&y=z+";
  const auto routed = route("GET", "/api/v1/queues/" + encode_segment(awkward));
  EXPECT_EQ(std::get<Route>(routed).name, awkward);
}

}  // namespace
}  // namespace bascule::admin
