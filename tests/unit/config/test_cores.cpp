#include "bascule/config/cores.hpp"

#include <gtest/gtest.h>

namespace bascule::config {
namespace {

TEST(Cores, AQuotaIsRoundedUpAndNeverMoreThanTheMask) {
  EXPECT_EQ(within_quota(64, "200000 100000"), 2u);
  EXPECT_EQ(within_quota(64, "150000 100000"), 2u);
  EXPECT_EQ(within_quota(64, "5000 100000"), 1u);
  EXPECT_EQ(within_quota(2, "1600000 100000"), 2u);
  EXPECT_EQ(within_quota(64, "18446744073709551615 1"), 64u);
}

TEST(Cores, WithoutAQuotaItIsTheMask) {
  for (const char* text :
       {"max 100000", "-1 100000", "", " ", "100000", "100000 ", "100000 0", "0x10 16", "99999999999999999999 1"})
    EXPECT_EQ(within_quota(8, text), 8u) << text;
}

TEST(Cores, ThereIsAtLeastOne) { EXPECT_GE(available_cores(), 1u); }

}  // namespace
}  // namespace bascule::config
