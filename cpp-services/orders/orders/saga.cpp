#include "orders/saga.hpp"

#include "bascule/pg/transaction.hpp"
#include "orders/order_rows.hpp"
#include "orders/progress.hpp"
#include "shop/events.events.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;
using bascule::service::Context;

struct Locked {
  Progress progress;
  std::int64_t customer_id = 0;
};

/// The order's row, locked. Throws Error(internal) for an order that this service never wrote.
boost::asio::awaitable<Locked> lock_order(pg::Transaction& tx, std::int64_t id) {
  const auto rows =
      co_await tx.exec("select status, reserved, paid, customer_id from orders where id = $1 for update", id);
  if (rows.empty()) {
    throw bascule::Error(bascule::Errc::internal,
                         "an event is about order " + std::to_string(id) + ", which does not exist");
  }
  Locked locked;
  locked.progress.status = to_status(rows[0].get<std::string_view>("status"));
  locked.progress.reserved = rows[0].get<bool>("reserved");
  locked.progress.paid = rows[0].get<bool>("paid");
  locked.customer_id = rows[0].get<std::int64_t>("customer_id");
  co_return locked;
}

void queue_progress(pg::Transaction& tx, std::int64_t id, const Progress& progress, std::optional<std::string> reason) {
  tx.queue("update orders set status = $2, reserved = $3, paid = $4, reason = $5 where id = $1", id,
           std::string(to_text(progress.status)), progress.reserved, progress.paid, std::move(reason));
}

boost::asio::awaitable<OrderConfirmed> confirmed(pg::Transaction& tx, std::int64_t id, std::int64_t customer_id) {
  const auto rows = co_await tx.exec(
      "select product_id, quantity, price_minor from order_line where order_id = $1 order by position", id);
  OrderConfirmed event;
  event.order_id = id;
  event.customer_id = customer_id;
  event.total_minor = 0;
  for (const auto& row : rows) {
    PricedLine line;
    line.product_id = row.get<std::int64_t>("product_id");
    line.quantity = row.get<std::int32_t>("quantity");
    line.price_minor = row.get<std::int64_t>("price_minor");
    event.total_minor += line.price_minor * line.quantity;
    event.lines.push_back(line);
  }
  co_return event;
}

/// Takes a step that goes well, and says so when it was the last one.
boost::asio::awaitable<void> go_on(Context& context, std::int64_t id, Step step) {
  auto* const tx = co_await context.transaction();
  const auto locked = co_await lock_order(*tx, id);
  const auto next = advance(locked.progress, step);
  if (next == locked.progress) co_return;
  queue_progress(*tx, id, next, std::nullopt);
  if (next.status == OrderStatus::CONFIRMED) {
    const auto event = co_await confirmed(*tx, id, locked.customer_id);
    co_await context.emit(event);
  }
}

boost::asio::awaitable<void> reject(Context& context, std::int64_t id, Step step, std::string reason) {
  auto* const tx = co_await context.transaction();
  const auto locked = co_await lock_order(*tx, id);
  const auto next = advance(locked.progress, step);
  if (next == locked.progress) co_return;
  queue_progress(*tx, id, next, reason);
  OrderRejected event;
  event.order_id = id;
  event.customer_id = locked.customer_id;
  event.reason = std::move(reason);
  co_await context.emit(event);
}

void queue_prices(pg::Transaction& tx, const StockReserved& event) {
  std::vector<std::int64_t> prices;
  for (const auto& line : event.lines) prices.push_back(line.price_minor);
  tx.queue(
      "update order_line set price_minor = priced.price_minor from unnest($2::bigint[]) with ordinality as "
      "priced "
      "(price_minor, position) where order_line.order_id = $1 and order_line.position = priced.position",
      event.order_id, prices);
  tx.queue("update orders set total_minor = $2 where id = $1", event.order_id, event.total_minor);
}

}  // namespace

boost::asio::awaitable<void> stock_was_reserved(Context& context, StockReserved event) {
  auto* const tx = co_await context.transaction();
  queue_prices(*tx, event);
  co_await go_on(context, event.order_id, Step::stock_reserved);
}

boost::asio::awaitable<void> stock_was_rejected(Context& context, StockRejected event) {
  co_await reject(context, event.order_id, Step::stock_rejected, event.reason);
}

boost::asio::awaitable<void> payment_was_charged(Context& context, PaymentCharged event) {
  co_await go_on(context, event.order_id, Step::payment_charged);
}

boost::asio::awaitable<void> payment_was_rejected(Context& context, PaymentRejected event) {
  co_await reject(context, event.order_id, Step::payment_rejected, event.reason);
}

}  // namespace shop
