#include "world.hpp"

namespace bascule::gateway::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using RoutesTest = World;

std::vector<std::string> paths(const Routes& routes) {
  std::vector<std::string> all;
  for (const auto& route : routes.all) all.push_back(route->service + " " + route->path);
  return all;
}

TEST_F(RoutesTest, AServiceIsRefusedWholeWhenOneOfItsRoutesIsTaken) {
  const auto first = contract("t.A", method_json("a", "GET", "/x/{id}"));
  const auto second =
      contract("t.B", method_json("free", "GET", "/free") + "," + method_json("b", "GET", "/x/{other}"));
  const auto routes = build({{"t.B", "b", second, true, 2}, {"t.A", "a", first, true, 1}});
  EXPECT_THAT(paths(*routes), ElementsAre("t.A /x/{id}"));
  ASSERT_EQ(routes->refusals.size(), 1u);
  EXPECT_THAT(routes->refusals[0], HasSubstr("contract of t.B (d): GET /x/{other} of b is taken by t.A (/x/{id})"));
  EXPECT_FALSE(routes->services.contains("t.B")) << "it cannot be called by the Thrift door either";
}

TEST_F(RoutesTest, ALiveServiceTakesOverFromOneThatIsDown) {
  const auto first = contract("t.A", method_json("a", "GET", "/x"));
  const auto second = contract("t.B", method_json("b", "GET", "/x"));
  EXPECT_THAT(paths(*build({{"t.A", "a", first, false, 1}, {"t.B", "b", second, true, 2}})), ElementsAre("t.B /x"));
}

TEST_F(RoutesTest, AContractWithARouteTwiceOrABadTemplateIsRefused) {
  const auto twice = contract("t.A", method_json("a", "GET", "/x") + "," + method_json("b", "GET", "/x"));
  const auto bad = contract("t.B", method_json("a", "GET", "/x/{id"));
  const auto routes = build({{"t.A", "a", twice, true, 1}, {"t.B", "b", bad, true, 2}});
  EXPECT_THAT(routes->all, IsEmpty());
  EXPECT_EQ(routes->refusals.size(), 2u);
}

TEST_F(RoutesTest, PlansAreKeptFromOneTableToTheNext) {
  RouteBuilder builder(settings, registry, std::make_shared<const std::vector<Aggregate>>());
  const auto c = contract("t.A", method_json("a", "GET", "/x"));
  const auto up = builder.build({{"t.A", "a", c, true, 1}});
  const auto down = builder.build({{"t.A", "a", c, false, 1}});
  EXPECT_EQ(up->all[0]->plan, down->all[0]->plan);
  EXPECT_EQ(up->all[0]->series, down->all[0]->series);
  EXPECT_TRUE(up->all[0]->up);
  EXPECT_FALSE(down->all[0]->up);
}

TEST_F(RoutesTest, AnAggregatesPathIsNotTakenByAContract) {
  aggregates = Aggregate::read(
      config::Document::parse("[[aggregate]]\npath='/x'\n[[aggregate.part]]\nname='a'\nget='/a'\n", "a.toml"));
  const auto routes = build({{"t.A", "a", contract("t.A", method_json("a", "GET", "/x")), true, 1}});
  EXPECT_THAT(paths(*routes), ElementsAre("gateway /x"));
  EXPECT_EQ(routes->refusals.size(), 1u);
}

}  // namespace
}  // namespace bascule::gateway::testing
