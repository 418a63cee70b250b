// The operator< that Apache declares and we define: what makes a struct a key.
#include <gtest/gtest.h>

#include <set>

#include "every/every_type_types.h"

namespace {

TEST(GeneratedOrder, ComparesFieldByField) {
  every_common::Point a, b;
  a.x = 1;
  b.x = 1;
  a.y = 2;
  b.y = 3;
  EXPECT_LT(a, b);
  EXPECT_FALSE(b < a);
  EXPECT_FALSE(a < a);
}

TEST(GeneratedOrder, AnUnsetFieldComesFirst) {
  every::Presence unset, set;
  set.__set_maybe(-1);
  EXPECT_LT(unset, set);
  EXPECT_FALSE(set < unset);
}

TEST(GeneratedOrder, WhatIsUnsetDoesNotCount) {
  every::Presence a, b;
  a.maybe = 1;  // left over, but not set
  b.maybe = 2;
  EXPECT_FALSE(a < b);
  EXPECT_FALSE(b < a);
}

TEST(GeneratedOrder, FollowsReferences) {
  every::Node a, b;
  a.__set_after(std::make_shared<every::Node>());
  b.__set_after(std::make_shared<every::Node>());
  EXPECT_EQ(a, b);
  b.after->name = "z";
  EXPECT_LT(a, b);
  EXPECT_NE(a, b);
}

}  // namespace
