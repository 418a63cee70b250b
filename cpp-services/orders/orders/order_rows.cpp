#include "orders/order_rows.hpp"

#include <chrono>

#include "bascule/loop/error.hpp"

namespace shop {
namespace {

namespace pg = bascule::pg;

Order to_order(const pg::Row& row) {
  Order order;
  order.id = row.get<std::int64_t>("id");
  order.customer_id = row.get<std::int64_t>("customer_id");
  order.status = to_status(row.get<std::string_view>("status"));
  order.total_minor = row.get<std::int64_t>("total_minor");
  if (auto reason = row.get<std::optional<std::string>>("reason")) order.__set_reason(*reason);
  const auto created = row.get<pg::Timestamp>("created_at").time_since_epoch();
  order.created_at_ms = std::chrono::duration_cast<std::chrono::milliseconds>(created).count();
  return order;
}

OrderLine to_line(const pg::Row& row) {
  OrderLine line;
  line.product_id = row.get<std::int64_t>("product_id");
  line.quantity = row.get<std::int32_t>("quantity");
  if (const auto price = row.get<std::optional<std::int64_t>>("price_minor")) line.__set_price_minor(*price);
  return line;
}

}  // namespace

std::string_view to_text(OrderStatus::type status) {
  switch (status) {
    case OrderStatus::PENDING: return "PENDING";
    case OrderStatus::CONFIRMED: return "CONFIRMED";
    case OrderStatus::REJECTED: return "REJECTED";
  }
  throw bascule::Error(bascule::Errc::internal, "an order has no status " + std::to_string(static_cast<int>(status)));
}

OrderStatus::type to_status(std::string_view text) {
  for (const auto status : {OrderStatus::PENDING, OrderStatus::CONFIRMED, OrderStatus::REJECTED}) {
    if (to_text(status) == text) return status;
  }
  throw bascule::Error(bascule::Errc::internal, "table orders holds the unknown status " + std::string(text));
}

std::vector<Order> to_orders(const pg::Result& rows) {
  std::vector<Order> orders;
  for (const auto& row : rows) {
    if (orders.empty() || orders.back().id != row.get<std::int64_t>("id")) orders.push_back(to_order(row));
    orders.back().lines.push_back(to_line(row));
  }
  return orders;
}

}  // namespace shop
