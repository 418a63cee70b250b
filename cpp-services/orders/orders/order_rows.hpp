// Orders as rows and back.
#pragma once

#include <string_view>
#include <vector>

#include "bascule/pg/result.hpp"
#include "shop/orders_types.h"

namespace shop {

std::string_view to_text(OrderStatus::type status);
/// Throws bascule::Error(internal) for a status that the table cannot hold.
OrderStatus::type to_status(std::string_view text);

/// From rows of orders joined with their lines, those of one order together and in order: id, customer_id,
/// status, total_minor, reason, created_at, product_id, quantity, price_minor.
std::vector<Order> to_orders(const bascule::pg::Result& rows);

}  // namespace shop
