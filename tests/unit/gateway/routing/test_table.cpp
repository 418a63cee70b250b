#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/routing/table.hpp"

namespace bascule::routing {
namespace {

struct TableTest : testing::Test {
  Table table;
  std::vector<std::string> routes;

  void add(const std::string& method, const std::string& path) {
    table.add(method, Template::parse(path), static_cast<RouteId>(routes.size()));
    routes.push_back(method + " " + path);
  }
  /// "GET /v1/{id} 7" when found, "405 GET,PUT" or "404".
  std::string find(const std::string& method, const std::string& raw) {
    Path path;
    Match match;
    if (path.normalise(raw) != PathFault::none) return "400";
    table.find(method, path, match);
    std::string result;
    if (match.kind == Match::Kind::no_path) return "404";
    if (match.kind == Match::Kind::no_method) {
      for (const auto allowed : match.allowed) result.append(result.empty() ? "405 " : ",").append(allowed);
      return result;
    }
    result = routes.at(match.route);
    for (const auto value : match.values) result.append(" ").append(value);
    return result;
  }
};

TEST_F(TableTest, FindsByMethodAndPath) {
  add("GET", "/v1/products");
  add("POST", "/v1/products");
  add("GET", "/v1/products/{id}");
  add("GET", "/v1/customers/{id}/orders/{order}");
  EXPECT_EQ(find("GET", "/v1/products"), "GET /v1/products");
  EXPECT_EQ(find("POST", "/v1/products"), "POST /v1/products");
  EXPECT_EQ(find("GET", "/v1/products/7"), "GET /v1/products/{id} 7");
  EXPECT_EQ(find("GET", "/v1/products/a%20b"), "GET /v1/products/{id} a b");
  EXPECT_EQ(find("GET", "/v1/customers/1/orders/2"), "GET /v1/customers/{id}/orders/{order} 1 2");
}

TEST_F(TableTest, WhatIsNotThereIs404AndWhatIsThereOtherwise405) {
  add("GET", "/v1/products");
  add("POST", "/v1/products");
  add("GET", "/v1/products/{id}");
  for (const char* path :
       {"/", "/v1", "/v1/products/", "/v1/products/1/2", "/v1/product", "/V1/products", "/v1/products;a"}) {
    EXPECT_EQ(find("GET", path), "404") << path;
  }
  EXPECT_EQ(find("DELETE", "/v1/products"), "405 GET,POST");
  EXPECT_EQ(find("get", "/v1/products/1"), "405 GET") << "methods are case-sensitive";
}

TEST_F(TableTest, LiteralsGoBeforeVariablesAndVariablesAreTriedWhenLiteralsFail) {
  add("GET", "/a/{x}/c");
  add("GET", "/a/b/d");
  add("GET", "/a/{x}");
  add("POST", "/a/b");
  EXPECT_EQ(find("GET", "/a/b/d"), "GET /a/b/d");
  EXPECT_EQ(find("GET", "/a/b/c"), "GET /a/{x}/c b");
  EXPECT_EQ(find("GET", "/a/b"), "GET /a/{x} b");
  EXPECT_EQ(find("POST", "/a/b"), "POST /a/b");
  EXPECT_EQ(find("PUT", "/a/b"), "405 GET,POST");
}

TEST_F(TableTest, VerbsAreSplitFromTheLastSegmentAsSent) {
  add("POST", "/o/{id}:cancel");
  add("POST", "/o/{id}");
  add("POST", "/o/all:cancel");
  EXPECT_EQ(find("POST", "/o/7:cancel"), "POST /o/{id}:cancel 7");
  EXPECT_EQ(find("POST", "/o/all:cancel"), "POST /o/all:cancel");
  EXPECT_EQ(find("POST", "/o/a:b:cancel"), "POST /o/{id}:cancel a:b");
  EXPECT_EQ(find("POST", "/o/7:pay"), "POST /o/{id} 7:pay");
  EXPECT_EQ(find("POST", "/o/7%3Acancel"), "POST /o/{id} 7:cancel") << "an encoded ':' is data";
  EXPECT_EQ(find("POST", "/o/:cancel"), "POST /o/{id} :cancel") << "a value is never empty";
}

TEST_F(TableTest, ConflictsAreSeenWhateverTheVariablesAreCalled) {
  add("GET", "/a/{id}");
  add("GET", "/a/{id}:v");
  EXPECT_EQ(table.conflict("GET", Template::parse("/a/{other}")), 0u);
  EXPECT_EQ(table.conflict("GET", Template::parse("/a/{other}:v")), 1u);
  EXPECT_EQ(table.conflict("POST", Template::parse("/a/{id}")), std::nullopt);
  EXPECT_EQ(table.conflict("GET", Template::parse("/a/b")), std::nullopt);
}

TEST(Template, RefusesWhatItDoesNotKnow) {
  for (const char* bad : {"", "a", "/a//b", "/", "/{", "/{}", "/{a", "/a{b}", "/{a}b", "/{a}:", "/{a}:v/b", "/{a=**}",
                          "/*", "/{a}/{a}", "/a%20b"}) {
    EXPECT_THROW(Template::parse(bad), Error) << bad;
  }
}

}  // namespace
}  // namespace bascule::routing
