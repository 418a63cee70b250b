#include "orders/orders_service.hpp"

#include "bascule/pg/pool.hpp"
#include "bascule/service/context.hpp"
#include "orders/order_rows.hpp"
#include "shop/events.events.hpp"
#include "shop_shared/cursor.hpp"
#include "shop_shared/not_found.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;

void queue_lines(pg::Transaction& tx, std::int64_t order_id, const std::vector<Line>& lines) {
  std::vector<std::int64_t> products;
  std::vector<std::int32_t> quantities;
  for (const auto& line : lines) {
    products.push_back(line.product_id);
    quantities.push_back(line.quantity);
  }
  tx.queue(
      "insert into order_line (order_id, position, product_id, quantity) select $1::bigint, position, "
      "product_id, quantity "
      "from unnest($2::bigint[], $3::int[]) with ordinality as line (product_id, quantity, position)",
      order_id, products, quantities);
}

OrderPlaced placed(std::int64_t order_id, const NewOrder& order) {
  OrderPlaced event;
  event.order_id = order_id;
  event.customer_id = order.customer_id;
  event.lines = order.lines;
  return event;
}

std::vector<OrderLine> unpriced(const std::vector<Line>& lines) {
  std::vector<OrderLine> made(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    made[i].product_id = lines[i].product_id;
    made[i].quantity = lines[i].quantity;
  }
  return made;
}

}  // namespace

OrdersService::Task<Order> OrdersService::place_order(Context& context, NewOrder order) {
  auto* const tx = co_await context.transaction();
  const auto row =
      co_await tx->exec("insert into orders (customer_id) values ($1) returning id, created_at", order.customer_id);
  Order made;
  made.id = row[0].get<std::int64_t>("id");
  made.customer_id = order.customer_id;
  made.status = OrderStatus::PENDING;
  made.total_minor = 0;
  made.lines = unpriced(order.lines);
  const auto created = row[0].get<pg::Timestamp>("created_at").time_since_epoch();
  made.created_at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(created).count();
  queue_lines(*tx, made.id, order.lines);
  co_await context.emit(placed(made.id, order));
  co_return made;
}

OrdersService::Task<Order> OrdersService::get_order(Context& context, std::int64_t id) {
  const auto rows = co_await context.database().exec(
      context.deadline(),
      "select o.id, o.customer_id, o.status, o.total_minor, o.reason, o.created_at, l.product_id, "
      "l.quantity, l.price_minor "
      "from orders o join order_line l on l.order_id = o.id where o.id = $1 order by l.position",
      id);
  auto orders = to_orders(rows);
  if (orders.empty()) throw not_found("order", id);
  co_return std::move(orders.front());
}

OrdersService::Task<OrderPage> OrdersService::list_orders(Context& context, std::int64_t customer_id,
                                                          std::int32_t limit, std::string cursor) {
  const auto before = read_cursor(cursor).value_or(INT64_MAX);
  // One more than asked for tells whether there is another page.
  const auto rows = co_await context.database().exec(
      context.deadline(),
      "select o.id, o.customer_id, o.status, o.total_minor, o.reason, o.created_at, l.product_id, "
      "l.quantity, l.price_minor "
      "from (select * from orders where customer_id = $1 and id < $2 order by id desc limit $3) o "
      "join order_line l on l.order_id = o.id order by o.id desc, l.position",
      customer_id, before, limit + 1);
  OrderPage page;
  page.items = to_orders(rows);
  if (page.items.size() > static_cast<std::size_t>(limit)) {
    page.items.pop_back();
    page.__set_next_cursor(cursor_after(page.items.back().id));
  }
  co_return page;
}

}  // namespace shop
