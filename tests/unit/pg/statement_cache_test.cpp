#include "bascule/pg/statement_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bascule::pg {
namespace {

using State = StatementCache::State;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(StatementCache, FirstUsePreparesLaterUseIsReady) {
  StatementCache cache(2);
  const auto first = cache.find("a", 1);
  EXPECT_EQ(first.state, State::fresh);
  EXPECT_EQ(cache.find("a", 1).state, State::ready);      // behind it in the same unit
  EXPECT_EQ(cache.find("a", 2).state, State::preparing);  // another unit must not depend on it yet
  cache.confirmed(first.name);
  EXPECT_EQ(cache.find("a", 2).state, State::ready);
  EXPECT_EQ(cache.find("a", 2).name, first.name);
}

TEST(StatementCache, LeastRecentlyUsedGoesAndIsToBeDeallocated) {
  StatementCache cache(2);
  const auto a = cache.find("a", 1).name;
  const auto b = cache.find("b", 1).name;
  cache.find("a", 1);
  cache.find("c", 1);
  EXPECT_THAT(cache.take_evicted(), ElementsAre(b));
  EXPECT_THAT(cache.take_evicted(), IsEmpty());
  EXPECT_EQ(cache.find("a", 1).name, a);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(StatementCache, ForgottenIsPreparedAgainUnderANewName) {
  StatementCache cache(2);
  const auto a = cache.find("a", 1).name;
  cache.forget(a);
  const auto again = cache.find("a", 2);
  EXPECT_EQ(again.state, State::fresh);
  EXPECT_NE(again.name, a);
}

TEST(StatementCache, OneThatWasNeverMadeIsNotDeallocated) {
  StatementCache cache(1);
  const auto a = cache.find("a", 1).name;
  cache.find("b", 2);
  cache.forget(a);  // its preparation failed after it was evicted
  EXPECT_FALSE(cache.has_evicted());
}

TEST(StatementCache, NoCapacityMeansNoCache) {
  StatementCache cache(0);
  EXPECT_EQ(cache.find("a", 1).state, State::uncached);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace bascule::pg
