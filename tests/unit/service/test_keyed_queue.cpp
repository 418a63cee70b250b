#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bascule/service/keyed_queue.hpp"

namespace bascule::service {
namespace {

TEST(KeyedQueue, OneOfAKeyAtATimeInOrder) {
  KeyedQueue<int> queue;
  EXPECT_EQ(queue.push("a", 1), 1);
  EXPECT_FALSE(queue.push("a", 2));
  EXPECT_FALSE(queue.push("a", 3));
  EXPECT_EQ(queue.finished("a"), 2);
  EXPECT_EQ(queue.finished("a"), 3);
  EXPECT_FALSE(queue.finished("a"));
  EXPECT_EQ(queue.keys(), 0u) << "an idle key costs nothing";
  EXPECT_EQ(queue.push("a", 4), 4);
}

TEST(KeyedQueue, KeysDoNotWaitForEachOther) {
  KeyedQueue<int> queue;
  EXPECT_EQ(queue.push("a", 1), 1);
  EXPECT_EQ(queue.push("b", 2), 2);
  EXPECT_EQ(queue.push("", 3), 3) << "without a key nothing waits";
  EXPECT_EQ(queue.push("", 4), 4);
  EXPECT_FALSE(queue.finished(""));
  EXPECT_FALSE(queue.finished("unknown"));
}

TEST(KeyedQueue, HoldsWhatCannotBeCopied) {
  KeyedQueue<std::unique_ptr<int>> queue;
  EXPECT_TRUE(queue.push("a", std::make_unique<int>(1)));
  EXPECT_FALSE(queue.push("a", std::make_unique<int>(2)));
  EXPECT_EQ(**queue.finished("a"), 2);
}

// Any interleaving of arrivals and ends: of one key never two at once, and in the order of arrival.
TEST(KeyedQueue, RandomInterleavings) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    KeyedQueue<int> queue;
    std::map<std::string, int> running, last;
    const auto begin = [&](const std::string& key, int item) {
      EXPECT_FALSE(running.contains(key)) << "seed " << seed;
      EXPECT_GT(item, last[key]) << "seed " << seed;
      running[key] = last[key] = item;
    };
    for (int item = 1; item <= 200; ++item) {
      const std::string key(1, static_cast<char>('a' + random() % 4));
      if (auto now = queue.push(key, item)) begin(key, *now);
      while (!running.empty() && random() % 2 == 0) {
        const auto ended = running.begin()->first;
        running.erase(ended);
        if (auto next = queue.finished(ended)) begin(ended, *next);
      }
    }
  }
}

}  // namespace
}  // namespace bascule::service
