#include <gtest/gtest.h>

#include "bascule/rpc/pending_calls.hpp"

namespace bascule::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const auto start = Clock::time_point(std::chrono::hours(100));

PendingCalls::Done count(int& counter) {
  return [&counter](Reply&&) { ++counter; };
}

TEST(PendingCalls, AReplyEndsItsCallOnce) {
  PendingCalls calls(start);
  int done = 0;
  const auto id = calls.add(Deadline::never(), count(done));
  EXPECT_EQ(calls.size(), 1u);
  auto handler = calls.take(id);
  ASSERT_TRUE(handler);
  handler(Reply{});
  EXPECT_EQ(done, 1);
  EXPECT_FALSE(calls.take(id)) << "a second reply is late";
  EXPECT_EQ(calls.size(), 0u);
}

TEST(PendingCalls, AReusedSlotKnowsItsOwnReplies) {
  PendingCalls calls(start);
  int first = 0, second = 0;
  const auto old = calls.add(Deadline::never(), count(first));
  calls.take(old);
  const auto id = calls.add(Deadline::never(), count(second));
  EXPECT_EQ(static_cast<std::uint32_t>(old), static_cast<std::uint32_t>(id)) << "the slot is reused";
  EXPECT_FALSE(calls.take(old));
  EXPECT_TRUE(calls.take(id));
}

TEST(PendingCalls, UnknownIdsAreHarmless) {
  PendingCalls calls(start);
  EXPECT_FALSE(calls.take(0));
  EXPECT_FALSE(calls.take(UINT64_MAX));
}

TEST(PendingCalls, ExpiresNeverEarlyAndSoonAfter) {
  for (int offset = 0; offset < 20; ++offset) {
    PendingCalls calls(start);
    int done = 0;
    const auto deadline = start + milliseconds(100 + offset);
    calls.add(Deadline(deadline), count(done));
    EXPECT_TRUE(calls.expire(deadline - milliseconds(1)).empty()) << offset;
    EXPECT_EQ(calls.expire(deadline + 2 * PendingCalls::granularity).size(), 1u) << offset;
    EXPECT_FALSE(calls.any_deadline());
  }
}

TEST(PendingCalls, DeadlinesBeyondOneRoundOfTheWheelWait) {
  PendingCalls calls(start);
  int done = 0;
  calls.add(Deadline(start + seconds(60)), count(done));
  for (auto t = start; t < start + seconds(60); t += milliseconds(8)) ASSERT_TRUE(calls.expire(t).empty());
  EXPECT_EQ(calls.expire(start + seconds(61)).size(), 1u);
}

TEST(PendingCalls, ALongPauseLosesNothing) {
  PendingCalls calls(start);
  int done = 0;
  for (int i = 1; i <= 3000; ++i) calls.add(Deadline(start + milliseconds(10 * i)), count(done));
  EXPECT_EQ(calls.expire(start + std::chrono::hours(1)).size(), 3000u);
  EXPECT_EQ(calls.size(), 0u);
}

TEST(PendingCalls, APassedDeadlineExpiresAtTheNextSweep) {
  PendingCalls calls(start);
  int done = 0;
  calls.expire(start + seconds(5));
  calls.add(Deadline(start), count(done));
  EXPECT_EQ(calls.expire(start + seconds(5) + 2 * PendingCalls::granularity).size(), 1u);
}

TEST(PendingCalls, TakeAllLeavesNothing) {
  PendingCalls calls(start);
  int done = 0;
  for (int i = 0; i < 10; ++i) calls.add(i % 2 == 0 ? Deadline::never() : Deadline(start + seconds(1)), count(done));
  EXPECT_EQ(calls.take_all().size(), 10u);
  EXPECT_EQ(calls.size(), 0u);
  EXPECT_TRUE(calls.expire(start + seconds(9)).empty());
}

}  // namespace
}  // namespace bascule::rpc
