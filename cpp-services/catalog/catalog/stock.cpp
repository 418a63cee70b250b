#include "catalog/stock.hpp"

#include "bascule/pg/transaction.hpp"
#include "catalog/reservation.hpp"
#include "shop/events.events.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;
using bascule::service::Context;

/// Product ids and quantities as the two arrays that SQL takes.
struct Columns {
  std::vector<std::int64_t> products, quantities;
};

Columns columns_of(const std::map<std::int64_t, std::int64_t>& wanted) {
  Columns columns;
  for (const auto& [product, quantity] : wanted) {
    columns.products.push_back(product);
    columns.quantities.push_back(quantity);
  }
  return columns;
}

/// Rows are locked in order of id everywhere, so that two orders of the same products never wait for one
/// another in a ring.
boost::asio::awaitable<std::map<std::int64_t, Available>> lock_products(pg::Transaction& tx,
                                                                        const std::vector<std::int64_t>& ids) {
  const auto rows = co_await tx.exec(
      "select id, price_minor, stock from product where id = any($1::bigint[]) order by id for update", ids);
  std::map<std::int64_t, Available> available;
  for (const auto& row : rows) {
    available[row.get<std::int64_t>("id")] = {row.get<std::int64_t>("price_minor"), row.get<std::int64_t>("stock")};
  }
  co_return available;
}

}  // namespace

boost::asio::awaitable<void> reserve_stock(Context& context, OrderPlaced event) {
  auto* const tx = co_await context.transaction();
  const auto columns = columns_of(wanted_quantities(event.lines));
  const auto available = co_await lock_products(*tx, columns.products);
  const auto plan = plan_reservation(event.lines, available);
  if (!plan.refusal.empty()) {
    StockRejected rejected;
    rejected.order_id = event.order_id;
    rejected.customer_id = event.customer_id;
    rejected.reason = plan.refusal;
    co_return co_await context.emit(rejected);
  }
  tx->queue(
      "update product set stock = stock - wanted.quantity "
      "from unnest($1::bigint[], $2::bigint[]) as wanted (product_id, quantity) where product.id = "
      "wanted.product_id",
      columns.products, columns.quantities);
  tx->queue(
      "insert into reservation (order_id, product_id, quantity) "
      "select $1::bigint, product_id, quantity from unnest($2::bigint[], $3::bigint[]) as wanted "
      "(product_id, quantity)",
      event.order_id, columns.products, columns.quantities);
  StockReserved reserved;
  reserved.order_id = event.order_id;
  reserved.customer_id = event.customer_id;
  reserved.lines = plan.lines;
  reserved.total_minor = plan.total_minor;
  co_await context.emit(reserved);
}

boost::asio::awaitable<void> release_stock(Context& context, PaymentRejected event) {
  auto* const tx = co_await context.transaction();
  tx->queue(
      "select id from product where id in (select product_id from reservation where order_id = $1) order by "
      "id for update",
      event.order_id);
  tx->queue(
      "with released as (delete from reservation where order_id = $1 returning product_id, quantity) "
      "update product set stock = stock + released.quantity from released where product.id = "
      "released.product_id",
      event.order_id);
}

boost::asio::awaitable<void> forget_reservation(Context& context, OrderConfirmed event) {
  auto* const tx = co_await context.transaction();
  tx->queue("delete from reservation where order_id = $1", event.order_id);
}

}  // namespace shop
