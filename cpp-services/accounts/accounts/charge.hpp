// What accounts does when stock was reserved for an order. It runs in the transaction of the event's inbox
// row.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "shop/events_types.h"

namespace bascule::service {
class Context;
}

namespace shop {

/// StockReserved: takes the order's total from the customer and says PaymentCharged; when the balance is
/// below it, or there is no such customer, takes nothing and says PaymentRejected with the reason.
boost::asio::awaitable<void> charge_customer(bascule::service::Context& context, StockReserved event);

}  // namespace shop
