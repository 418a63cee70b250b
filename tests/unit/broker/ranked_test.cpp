#include "bascule/broker/ranked.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bascule::broker {
namespace {

TEST(Ranked, TheHighestLevelThenTheOldest) {
  Ranked ranked;
  const auto all = [](Position) { return true; };
  for (const auto& [level, at] :
       std::initializer_list<std::pair<int, Position>>{{4, 3}, {0, 1}, {9, 7}, {4, 2}, {9, 5}}) {
    ranked.push(static_cast<std::uint8_t>(level), at, all);
  }
  std::vector<Position> order;
  for (; !ranked.empty(); ranked.pop()) order.push_back(ranked.top());
  EXPECT_EQ(order, (std::vector<Position>{5, 7, 2, 3, 1}));
}

TEST(Ranked, LevelsComeBackAsTheyWent) {
  Ranked ranked;
  for (std::uint8_t level = 0; level <= 9; ++level) {
    ranked.push(level, 42, [](Position) { return true; });
    EXPECT_EQ(ranked.top_level(), level);
    EXPECT_EQ(ranked.top(), 42u);
  }
}

TEST(Ranked, ItsSizeStaysProportionalToWhatWaits) {
  Ranked ranked;
  std::set<Position> waiting{1, 2, 3};
  for (Position i = 0; i < 200'000; ++i) {
    ranked.push(default_level, i % 1000, [&](Position at) { return waiting.contains(at); });
  }
  EXPECT_LT(ranked.size(), 2500u);
}

}  // namespace
}  // namespace bascule::broker
