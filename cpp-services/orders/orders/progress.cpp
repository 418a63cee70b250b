#include "orders/progress.hpp"

namespace shop {

Progress advance(Progress progress, Step step) {
  if (progress.status != OrderStatus::PENDING) return progress;
  switch (step) {
    case Step::stock_reserved: progress.reserved = true; break;
    case Step::payment_charged: progress.paid = true; break;
    case Step::stock_rejected:
    case Step::payment_rejected: progress.status = OrderStatus::REJECTED; return progress;
  }
  if (progress.reserved && progress.paid) progress.status = OrderStatus::CONFIRMED;
  return progress;
}

}  // namespace shop
