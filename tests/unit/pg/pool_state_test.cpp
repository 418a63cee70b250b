#include "bascule/pg/pool_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace bascule::pg {
namespace {

using Use = PoolState::Use;
using Answer = PoolState::Answer;

/// Opens every connection the state asks for.
std::size_t open_all(PoolState& pool) {
  std::size_t opened = 0;
  while (const auto slot = pool.next_open()) {
    pool.opened(*slot);
    ++opened;
  }
  return opened;
}

TEST(PoolState, OpensItsMinimumUnasked) {
  PoolState pool({.min = 2, .max = 4});
  EXPECT_EQ(open_all(pool), 2u);
  EXPECT_EQ(pool.counts().idle, 2u);
}

TEST(PoolState, GrowsForWaitersUpToItsBound) {
  PoolState pool({.min = 0, .max = 2});
  std::vector<std::uint64_t> tickets;
  for (int i = 0; i < 3; ++i) {
    const auto verdict = pool.acquire(Use::exclusive);
    EXPECT_EQ(verdict.answer, Answer::queued);
    tickets.push_back(verdict.ticket);
  }
  EXPECT_EQ(open_all(pool), 2u);
  const auto first = pool.next_grant();
  const auto second = pool.next_grant();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->ticket, tickets[0]);
  EXPECT_EQ(second->ticket, tickets[1]);
  EXPECT_NE(first->slot, second->slot);
  EXPECT_FALSE(pool.next_grant());
  EXPECT_FALSE(pool.next_open());
  pool.release(first->slot, true);
  EXPECT_EQ(pool.next_grant()->ticket, tickets[2]);
}

TEST(PoolState, BoundOfWaiters) {
  PoolState pool({.min = 0, .max = 1, .max_waiters = 2});
  EXPECT_EQ(pool.acquire(Use::exclusive).answer, Answer::queued);
  const auto second = pool.acquire(Use::exclusive);
  EXPECT_EQ(second.answer, Answer::queued);
  EXPECT_EQ(pool.acquire(Use::exclusive).answer, Answer::full);
  EXPECT_TRUE(pool.withdraw(second.ticket));
  EXPECT_FALSE(pool.withdraw(second.ticket));
  EXPECT_EQ(pool.acquire(Use::exclusive).answer, Answer::queued);
}

TEST(PoolState, SharedUsersPipelineExclusiveOnesDoNot) {
  PoolState pool({.min = 1, .max = 1, .max_shared = 2});
  open_all(pool);
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::granted);
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::granted);
  EXPECT_EQ(pool.acquire(Use::exclusive).answer, Answer::queued);
  pool.release(0, true);
  EXPECT_FALSE(pool.next_grant());  // one shared user is still there
  pool.release(0, true);
  EXPECT_TRUE(pool.next_grant());
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::queued);
}

TEST(PoolState, WaitingTransactionIsNotStarvedBySingleStatements) {
  PoolState pool({.min = 1, .max = 1, .max_shared = 8});
  open_all(pool);
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::granted);
  const auto waiting = pool.acquire(Use::exclusive);
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::queued);  // behind it, though the connection had room
  pool.release(0, true);
  EXPECT_EQ(pool.next_grant()->ticket, waiting.ticket);
}

TEST(PoolState, CrowdedConnectionCallsForOneMore) {
  PoolState pool({.min = 1, .max = 2, .max_shared = 8, .crowded_at = 2});
  open_all(pool);
  pool.acquire(Use::shared);
  EXPECT_FALSE(pool.next_open());
  pool.acquire(Use::shared);
  EXPECT_EQ(open_all(pool), 1u);
  EXPECT_EQ(pool.acquire(Use::shared).slot, 1u);  // the least loaded
}

TEST(PoolState, DownRefusesAtOnceAndOneAttemptFeelsTheWay) {
  PoolState pool({.min = 2, .max = 4});
  const auto waiting = pool.acquire(Use::shared);
  const auto first = pool.next_open();
  const auto second = pool.next_open();
  pool.open_failed(*first);
  EXPECT_THAT(pool.take_refused(), testing::IsEmpty());  // the other attempt may still succeed
  pool.open_failed(*second);
  EXPECT_THAT(pool.take_refused(), testing::ElementsAre(waiting.ticket));
  EXPECT_TRUE(pool.down());
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::down);
  EXPECT_FALSE(pool.next_open());  // not before the back-off is over
  pool.retry();
  const auto probe = pool.next_open();
  ASSERT_TRUE(probe);
  EXPECT_FALSE(pool.next_open());
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::queued);
  pool.opened(*probe);
  EXPECT_FALSE(pool.down());
  EXPECT_TRUE(pool.next_grant());
  EXPECT_EQ(open_all(pool), 1u);  // to the minimum
}

TEST(PoolState, WithoutAMinimumTheNextCallerTriesAgain) {
  PoolState pool({.min = 0, .max = 1});
  pool.acquire(Use::shared);
  pool.open_failed(*pool.next_open());
  pool.take_refused();
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::down);
  pool.retry();
  EXPECT_FALSE(pool.next_open());
  EXPECT_EQ(pool.acquire(Use::shared).answer, Answer::queued);
  EXPECT_TRUE(pool.next_open());
}

TEST(PoolState, LostConnectionIsReplacedOnceItsUsersAreGone) {
  PoolState pool({.min = 1, .max = 1});
  open_all(pool);
  pool.acquire(Use::shared);
  pool.acquire(Use::shared);
  pool.lost(0);
  EXPECT_FALSE(pool.next_open());
  pool.release(0, false);
  EXPECT_FALSE(pool.next_open());
  pool.release(0, false);
  EXPECT_EQ(open_all(pool), 1u);
  pool.lost(0);  // while idle
  EXPECT_EQ(open_all(pool), 1u);
}

/// Any order of events keeps the promises: exclusive means alone, the bounds hold, every ticket is answered
/// once.
TEST(PoolState, RandomHistoriesKeepTheBounds) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    PoolState pool({.min = 1, .max = 3, .max_waiters = 4, .max_shared = 2});
    std::map<std::size_t, std::vector<Use>> users;
    std::map<std::uint64_t, Use> waiting;
    std::vector<std::size_t> opening;
    const auto grant = [&](std::size_t slot, Use use) {
      users[slot].push_back(use);
      const auto& here = users[slot];
      ASSERT_LE(here.size(), 2u);
      ASSERT_TRUE(here.size() == 1 || (here[0] == Use::shared && here[1] == Use::shared)) << "seed " << seed;
    };
    for (int step = 0; step < 400; ++step) {
      const auto slot = random() % 3;
      switch (random() % 6) {
        case 0:
        case 1: {
          const auto use = random() % 2 ? Use::shared : Use::exclusive;
          const auto verdict = pool.acquire(use);
          if (verdict.answer == Answer::granted) grant(verdict.slot, use);
          if (verdict.answer == Answer::queued) waiting[verdict.ticket] = use;
          break;
        }
        case 2:
          if (!users[slot].empty()) {
            users[slot].pop_back();
            pool.release(slot, random() % 4 != 0);
          }
          break;
        case 3: pool.lost(slot); break;
        case 4:
          if (!opening.empty()) {
            random() % 3 ? pool.opened(opening.back()) : pool.open_failed(opening.back());
            opening.pop_back();
          }
          break;
        case 5: pool.retry(); break;
      }
      std::erase_if(opening, [&](auto one) { return step % 7 == 0 && (pool.open_failed(one), true); });
      while (const auto one = pool.next_open()) opening.push_back(*one);
      while (const auto one = pool.next_grant()) {
        ASSERT_EQ(waiting.count(one->ticket), 1u);
        grant(one->slot, waiting[one->ticket]);
        waiting.erase(one->ticket);
      }
      for (const auto ticket : pool.take_refused()) ASSERT_EQ(waiting.erase(ticket), 1u);
      ASSERT_EQ(pool.counts().waiting, waiting.size());
      ASSERT_LE(pool.counts().waiting, 4u);
    }
  }
}

}  // namespace
}  // namespace bascule::pg
