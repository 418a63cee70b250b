// Progress: how far an order has come, and what one more step makes of it. Pure.
//
// An order is confirmed once its stock is reserved and paid, whichever is heard of first, and rejected by the
// first refusal. Once it has ended nothing changes it.
#pragma once

#include "shop/orders_types.h"

namespace shop {

enum class Step {
  stock_reserved,
  stock_rejected,
  payment_charged,
  payment_rejected,
};

struct Progress {
  OrderStatus::type status = OrderStatus::PENDING;
  bool reserved = false;
  bool paid = false;

  friend bool operator==(const Progress&, const Progress&) = default;
};

Progress advance(Progress progress, Step step);

}  // namespace shop
