#include <gtest/gtest.h>

#include "bascule/routing/query.hpp"

namespace bascule::routing {
namespace {

std::string pairs_of(std::string_view raw) {
  Query query;
  if (!query.parse(raw)) return "bad";
  std::string result;
  for (const auto& [name, value] : query.pairs) result.append(name).append("=").append(value).append("|");
  return result;
}

TEST(Query, SplitsAndDecodes) {
  EXPECT_EQ(pairs_of(""), "");
  EXPECT_EQ(pairs_of("a=1&b=2&a=3"), "a=1|b=2|a=3|");
  EXPECT_EQ(pairs_of("a+b=c%20d%26"), "a b=c d&|");
  EXPECT_EQ(pairs_of("a&b=&=c&&"), "a=|b=|=c|");
  EXPECT_EQ(pairs_of("a=b=c"), "a=b=c|");
  EXPECT_EQ(pairs_of("a=1;b=2"), "a=1;b=2|") << "';' does not separate";
}

TEST(Query, RefusesWhatDoesNotDecode) {
  for (const char* raw : {"a=%", "a=%4", "%zz=1", "a=%ff", "a=%00", "a=%0a", "a=%c0%af"})
    EXPECT_EQ(pairs_of(raw), "bad") << raw;
}

TEST(Query, PairsAreBounded) {
  std::string raw;
  for (int i = 0; i < 256; ++i) raw += "a=1&";
  Query query;
  EXPECT_TRUE(query.parse(raw));
  EXPECT_FALSE(query.parse(raw + "a=1"));
}

}  // namespace
}  // namespace bascule::routing
