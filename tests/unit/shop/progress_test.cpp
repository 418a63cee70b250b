#include "orders/progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace shop {
namespace {

constexpr Step good[] = {Step::stock_reserved, Step::payment_charged};
constexpr Step every[] = {Step::stock_reserved, Step::stock_rejected, Step::payment_charged, Step::payment_rejected};

Progress after(const std::vector<Step>& steps) {
  Progress progress;
  for (const auto step : steps) progress = advance(progress, step);
  return progress;
}

TEST(Progress, IsConfirmedWhenReservedAndPaidInEitherOrder) {
  EXPECT_EQ(after({good[0]}).status, OrderStatus::PENDING);
  EXPECT_EQ(after({good[1]}).status, OrderStatus::PENDING);
  EXPECT_EQ(after({good[0], good[1]}).status, OrderStatus::CONFIRMED);
  EXPECT_EQ(after({good[1], good[0]}).status, OrderStatus::CONFIRMED);
}

TEST(Progress, IsRejectedByTheFirstRefusal) {
  EXPECT_EQ(after({Step::stock_rejected}).status, OrderStatus::REJECTED);
  EXPECT_EQ(after({Step::stock_reserved, Step::payment_rejected}).status, OrderStatus::REJECTED);
  // Topics have no order between them: the refusal may be heard of before the reservation.
  EXPECT_EQ(after({Step::payment_rejected, Step::stock_reserved}).status, OrderStatus::REJECTED);
}

TEST(Progress, OnceEndedNothingChangesIt) {
  for (const auto& ended : {after({Step::stock_rejected}), after({good[0], good[1]})}) {
    for (const auto step : every) EXPECT_EQ(advance(ended, step), ended);
  }
}

TEST(Progress, AStepTwiceIsAStepOnce) {
  for (const auto first : every) {
    for (const auto second : every) {
      EXPECT_EQ(after({first, first, second, second}), after({first, second}));
    }
  }
}

}  // namespace
}  // namespace shop
