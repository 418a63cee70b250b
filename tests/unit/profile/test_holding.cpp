// Holding queues, by walking a message through what they declare, as the broker would.
#include <gtest/gtest.h>

#include <sstream>

#include "bascule/profile/holding.hpp"

namespace bascule::profile {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, '.');) all.push_back(word);
  return all;
}

// A topic exchange's match of patterns that end in "#" at most.
bool matches(const std::string& pattern, const std::string& key) {
  const auto want = words(pattern), have = words(key);
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (want[i] == "#") return true;
    if (i >= have.size() || (want[i] != "*" && want[i] != have[i])) return false;
  }
  return want.size() == have.size();
}

// How long a message of this key is held before it reaches the last exchange; the declared queues and bindings decide.
std::chrono::milliseconds held(const std::vector<Declaration>& all, const std::string& key) {
  std::string at = "x." + std::to_string(holding::levels - 1);
  std::chrono::milliseconds time{0};
  while (at != "x.due") {
    int ways = 0;
    std::string next;
    for (const auto& each : all) {
      if (each.kind != Declaration::Kind::binding || each.name != at || !matches(each.key, key)) continue;
      ++ways;
      next = each.destination;
      if (each.to_exchange) continue;
      for (const auto& queue : all) {
        if (queue.kind != Declaration::Kind::queue || queue.name != each.destination) continue;
        time += std::chrono::milliseconds(std::get<std::int64_t>(queue.arguments.at(0).second));
        next = std::get<std::string>(queue.arguments.at(1).second);
      }
    }
    EXPECT_EQ(ways, 1) << "one way, and only one, from " << at;
    if (ways != 1) break;
    at = next;
  }
  return time;
}

TEST(Holding, AMessageIsHeldAsLongAsItsDelayRoundedUp) {
  const auto all = holding::declarations("x");
  for (const auto delay : {0ms, 1ms, 100ms, 101ms, 1500ms, 60'000ms, 86'400'000ms, holding::longest}) {
    const auto key = holding::key(delay, "events.shop.OrderPlaced");
    ASSERT_TRUE(key);
    const auto time = held(all, *key);
    EXPECT_GE(time, delay);
    EXPECT_LT(time, delay + holding::unit);
    EXPECT_TRUE(key->ends_with(".events.shop.OrderPlaced"));
    EXPECT_LT(key->size(), 255u) << "a routing key's limit";
  }
}

TEST(Holding, ThePastIsNow) { EXPECT_EQ(held(holding::declarations("x"), *holding::key(-5s, "t")), 0ms); }

TEST(Holding, FurtherAheadThanItReachesIsRefused) { EXPECT_FALSE(holding::key(holding::longest + 1ms, "t")); }

}  // namespace
}  // namespace bascule::profile
