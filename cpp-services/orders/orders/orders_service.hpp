// OrdersService: orders as their contract says. How they go on is in saga.hpp.
#pragma once

#include "shop/orders.service.hpp"

namespace shop {

class OrdersService final : public OrdersBase {
 public:
  template <class T>
  using Task = boost::asio::awaitable<T>;
  using Context = bascule::service::Context;

  Task<Order> place_order(Context& context, NewOrder order) override;
  Task<Order> get_order(Context& context, std::int64_t id) override;
  Task<OrderPage> list_orders(Context& context, std::int64_t customer_id, std::int32_t limit,
                              std::string cursor) override;
};

}  // namespace shop
