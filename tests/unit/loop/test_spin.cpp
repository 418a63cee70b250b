#include <gtest/gtest.h>

#include "bascule/loop/spin.hpp"

namespace bascule {
namespace {

// How many of the next `waits` are watched for work, none of which comes.
int watched_in_vain(Spin& spin, int waits) {
  int watched = 0;
  for (int i = 0; i < waits; ++i) {
    if (!spin.worth_it()) continue;
    ++watched;
    spin.ended(false);
  }
  return watched;
}

TEST(SpinTest, WhereWorkAlwaysComesEachWaitIsWatched) {
  Spin spin;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(spin.worth_it()) << i;
    spin.ended(true);
  }
}

TEST(SpinTest, WhereItNeverComesOneWaitInSixtyFiveIsWatchedInTheEnd) {
  Spin spin;
  watched_in_vain(spin, 200);
  EXPECT_EQ(watched_in_vain(spin, 65 * 10), 10);
}

TEST(SpinTest, OneFailureIsForgivenAtOnce) {
  Spin spin;
  ASSERT_TRUE(spin.worth_it());
  spin.ended(false);
  EXPECT_FALSE(spin.worth_it());
  EXPECT_TRUE(spin.worth_it());
}

TEST(SpinTest, OneSuccessEndsALongAvoidance) {
  Spin spin;
  watched_in_vain(spin, 1000);
  while (!spin.worth_it()) {
  }
  spin.ended(true);
  EXPECT_TRUE(spin.worth_it());
  spin.ended(true);
  EXPECT_TRUE(spin.worth_it());
}

}  // namespace
}  // namespace bascule
