#include <gtest/gtest.h>

#include <chrono>

#include "bascule/loop/spin.hpp"

namespace bascule {
namespace {

using namespace std::chrono_literals;

class SpinTest : public testing::Test {
 protected:
  // How many of the next `waits`, one a millisecond, are watched for work, none of which comes.
  int watched_in_vain(int waits) {
    int watched = 0;
    for (int i = 0; i < waits; ++i, now_ += 1ms) {
      if (!spin_.worth_it(now_)) continue;
      ++watched;
      spin_.ended(now_, false, 1us);
    }
    return watched;
  }
  void found(Clock::duration gone = 1us) {
    ASSERT_TRUE(spin_.worth_it(now_));
    spin_.ended(now_, true, gone);
  }
  Spin spin_;
  Clock::time_point now_{1h};
};

TEST_F(SpinTest, WhereWorkAlwaysComesEachWaitIsWatched) {
  for (int i = 0; i < 1000; ++i) found();
}

TEST_F(SpinTest, WhereItNeverComesOneWaitInSixtyFiveIsWatchedInTheEnd) {
  watched_in_vain(200);
  EXPECT_EQ(watched_in_vain(65 * 10), 10);
}

TEST_F(SpinTest, OneFailureIsForgivenAtOnce) {
  ASSERT_TRUE(spin_.worth_it(now_));
  spin_.ended(now_, false, 1us);
  EXPECT_FALSE(spin_.worth_it(now_));
  EXPECT_TRUE(spin_.worth_it(now_));
}

TEST_F(SpinTest, OneSuccessEndsALongAvoidance) {
  watched_in_vain(1000);
  while (!spin_.worth_it(now_)) {
  }
  spin_.ended(now_, true, 1us);
  found();
}

TEST_F(SpinTest, OnACrowdedMachineItWaitsASecondAlthoughItFoundWork) {
  found(3ms);
  found(3ms);
  now_ += 999ms;
  EXPECT_FALSE(spin_.worth_it(now_));
  now_ += 1ms;
  EXPECT_TRUE(spin_.worth_it(now_));
}

TEST_F(SpinTest, ACoreLostNowAndThenDoesNotKeepItFromWatching) {
  for (int i = 0; i < 100; ++i) {
    found(3ms);
    for (int kept = 0; kept < Spin::forgiven_after; ++kept) found();
  }
}

TEST_F(SpinTest, ACoreLostAgainSoonAfterDoes) {
  found(3ms);
  for (int kept = 0; kept < Spin::forgiven_after - 1; ++kept) found();
  found(3ms);
  EXPECT_FALSE(spin_.worth_it(now_));
}

TEST_F(SpinTest, WhoWorksForUsMayHaveTheCore) {
  for (int i = 0; i < 100; ++i) found(1900us);
}

TEST_F(SpinTest, WorkThatComesWhileItIsWatchedForIsSteady) {
  EXPECT_FALSE(spin_.steady());
  found();
  EXPECT_TRUE(spin_.steady());
}

TEST_F(SpinTest, ThreeWatchesInVainEndThatTwoDoNot) {
  found();
  EXPECT_EQ(watched_in_vain(3), 2);
  EXPECT_TRUE(spin_.steady());
  while (spin_.steady()) ASSERT_LE(watched_in_vain(1), 1);
  EXPECT_EQ(watched_in_vain(1), 0);
}

TEST_F(SpinTest, SoDoesACrowdedMachine) {
  found();
  found(3ms);
  EXPECT_TRUE(spin_.steady());
  found(3ms);
  EXPECT_FALSE(spin_.steady());
}

}  // namespace
}  // namespace bascule
