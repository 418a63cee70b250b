#include "bascule/broker/pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bascule::broker {
namespace {

TEST(Pattern, Matches) {
  EXPECT_TRUE(matches("events.shop.*", "events.shop.OrderPlaced"));
  EXPECT_FALSE(matches("events.shop.*", "events.shop.a.b"));
  EXPECT_FALSE(matches("events.shop.*", "events.shop"));
  EXPECT_FALSE(matches("events.shop.*", "events.stock.x"));
  EXPECT_TRUE(matches("events.#", "events"));
  EXPECT_TRUE(matches("events.#", "events.a.b.c"));
  EXPECT_TRUE(matches("#", "anything.at.all"));
  EXPECT_TRUE(matches("*.shop.*", "events.shop.x"));
  EXPECT_TRUE(matches("#.x", "x"));
  EXPECT_TRUE(matches("#.x", "a.x.b.x"));
  EXPECT_FALSE(matches("#.x", "a.x.b"));
  EXPECT_TRUE(matches("a.#.b.*.c", "a.1.b.2.b.3.c"));
  EXPECT_FALSE(matches("a.b", "a.b.c"));
  EXPECT_FALSE(matches("a.b.c", "a.b"));
}

TEST(Pattern, OnlyWholeWordsAreWildcards) {
  EXPECT_TRUE(is_pattern("a.*"));
  EXPECT_TRUE(is_pattern("#"));
  EXPECT_FALSE(is_pattern("a.b*"));
  EXPECT_FALSE(is_pattern("a#.b"));
  EXPECT_FALSE(is_pattern(""));
}

TEST(Pattern, ManyWildcardsStayCheap) {
  std::string pattern, address;
  for (int i = 0; i < 200; ++i) {
    pattern += "#.a.";
    address += "a.";
  }
  EXPECT_FALSE(matches(pattern + "b", address + "c"));
}

}  // namespace
}  // namespace bascule::broker
