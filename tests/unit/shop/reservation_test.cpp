#include "catalog/reservation.hpp"

#include <gtest/gtest.h>

namespace shop {
namespace {

Line line(std::int64_t product, std::int32_t quantity) {
  Line made;
  made.product_id = product;
  made.quantity = quantity;
  return made;
}

TEST(Reservation, SumsTheLinesOfOneProductInOrderOfId) {
  const auto wanted = wanted_quantities({line(9, 1), line(2, 3), line(9, 4)});
  EXPECT_EQ(wanted, (std::map<std::int64_t, std::int64_t>{{2, 3}, {9, 5}}));
}

TEST(Reservation, KeepsTheLinesAndPricesThem) {
  const auto plan = plan_reservation({line(1, 2), line(2, 1), line(1, 1)}, {{1, {100, 3}}, {2, {7, 1}}});
  EXPECT_EQ(plan.refusal, "");
  ASSERT_EQ(plan.lines.size(), 3u);
  EXPECT_EQ(plan.lines[0].quantity, 2);
  EXPECT_EQ(plan.lines[0].price_minor, 100);
  EXPECT_EQ(plan.lines[1].product_id, 2);
  EXPECT_EQ(plan.total_minor, 307);
}

TEST(Reservation, TakesTheLastPieceAndNotOneMore) {
  EXPECT_EQ(plan_reservation({line(1, 3)}, {{1, {1, 3}}}).refusal, "");
  EXPECT_EQ(plan_reservation({line(1, 4)}, {{1, {1, 3}}}).refusal, "of product 1 there are 3 left, the order wants 4");
}

TEST(Reservation, CountsLinesOfOneProductTogether) {
  const auto plan = plan_reservation({line(1, 2), line(1, 2)}, {{1, {1, 3}}});
  EXPECT_EQ(plan.refusal, "of product 1 there are 3 left, the order wants 4");
  EXPECT_TRUE(plan.lines.empty());
}

TEST(Reservation, SetsNothingAsideWhenOneProductIsUnknown) {
  const auto plan = plan_reservation({line(1, 1), line(5, 1)}, {{1, {1, 3}}});
  EXPECT_EQ(plan.refusal, "there is no product 5");
  EXPECT_TRUE(plan.lines.empty());
}

TEST(Reservation, TheLargestOrderDoesNotOverflow) {
  std::vector<Line> lines(100, line(1, 10'000));
  const auto plan = plan_reservation(lines, {{1, {1'000'000'000, 1'000'000'000}}});
  EXPECT_EQ(plan.total_minor, 1'000'000'000'000'000);
}

}  // namespace
}  // namespace shop
