#include "bascule/loop/backoff.hpp"

#include <gtest/gtest.h>

#include <random>

namespace bascule {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, CeilingDoublesFromFirstToMost) {
  Backoff backoff({.first = 100ms, .most = 1s, .floor = 0ms});
  constexpr auto highest = UINT64_MAX;  // the largest share, just below one
  EXPECT_NEAR(std::chrono::duration<double>(backoff.next(highest)).count(), 0.1, 1e-6);
  EXPECT_NEAR(std::chrono::duration<double>(backoff.next(highest)).count(), 0.2, 1e-6);
  EXPECT_NEAR(std::chrono::duration<double>(backoff.next(highest)).count(), 0.4, 1e-6);
  EXPECT_NEAR(std::chrono::duration<double>(backoff.next(highest)).count(), 0.8, 1e-6);
  for (int i = 0; i < 100; ++i) EXPECT_NEAR(std::chrono::duration<double>(backoff.next(highest)).count(), 1.0, 1e-6);
  EXPECT_EQ(backoff.attempts(), 104u);
}

TEST(Backoff, NeverBelowItsFloor) {
  Backoff backoff({.first = 100ms, .most = 1s, .floor = 7ms});
  EXPECT_EQ(backoff.next(0), 7ms);
  EXPECT_EQ(backoff.next(0), 7ms);
}

TEST(Backoff, ResetStartsAgain) {
  Backoff backoff({.first = 100ms, .most = 1s, .floor = 0ms});
  backoff.next(0);
  backoff.next(0);
  backoff.reset();
  EXPECT_EQ(backoff.attempts(), 0u);
  EXPECT_LE(backoff.next(UINT64_MAX), 100ms);
}

TEST(Backoff, WaitsAreSpreadEvenly) {
  std::mt19937_64 random(7);
  constexpr int clients = 20'000;
  int buckets[10] = {};
  for (int i = 0; i < clients; ++i) {
    Backoff backoff({.first = 1s, .most = 1s, .floor = 0ms});
    const auto wait = backoff.next(random());
    ASSERT_LT(wait, 1s);
    ++buckets[wait / 100ms];
  }
  for (const int bucket : buckets) EXPECT_NEAR(bucket, clients / 10, clients / 10 * 0.1);
}

}  // namespace
}  // namespace bascule
