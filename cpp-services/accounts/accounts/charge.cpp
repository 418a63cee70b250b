#include "accounts/charge.hpp"

#include <optional>

#include "accounts/ledger.hpp"
#include "bascule/pg/transaction.hpp"
#include "shop/events.events.hpp"

namespace shop {
namespace {

using bascule::service::Context;

std::string refusal(const StockReserved& event, const std::optional<std::int64_t>& balance) {
  if (!balance) return "there is no customer " + std::to_string(event.customer_id);
  if (*balance >= event.total_minor) return {};
  return "the balance of " + std::to_string(*balance) + " is below the total of " + std::to_string(event.total_minor);
}

}  // namespace

boost::asio::awaitable<void> charge_customer(Context& context, StockReserved event) {
  auto* const tx = co_await context.transaction();
  const auto found =
      co_await tx->exec("select balance_minor from customer where id = $1 for update", event.customer_id);
  const auto reason = refusal(event, found.maybe<std::int64_t>());
  if (!reason.empty()) {
    PaymentRejected rejected;
    rejected.order_id = event.order_id;
    rejected.customer_id = event.customer_id;
    rejected.reason = reason;
    co_return co_await context.emit(rejected);
  }
  tx->queue("update customer set balance_minor = balance_minor - $2 where id = $1", event.customer_id,
            event.total_minor);
  tx->queue(
      "insert into transfer (kind, from_account, to_account, amount_minor, order_id) values ('charge', $1, "
      "$2, $3, $4)",
      event.customer_id, sales_account, event.total_minor, event.order_id);
  PaymentCharged charged;
  charged.order_id = event.order_id;
  charged.customer_id = event.customer_id;
  charged.amount_minor = event.total_minor;
  co_await context.emit(charged);
}

}  // namespace shop
