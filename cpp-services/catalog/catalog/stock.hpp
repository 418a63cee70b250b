// What the catalog does when something happened to an order. Each runs in the transaction of its event's
// inbox row.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "shop/events_types.h"

namespace bascule::service {
class Context;
}

namespace shop {

/// OrderPlaced: sets every line aside and says StockReserved with the prices of now, or sets nothing aside
/// and says StockRejected with the reason.
boost::asio::awaitable<void> reserve_stock(bascule::service::Context& context, OrderPlaced event);
/// PaymentRejected: gives back what was set aside.
boost::asio::awaitable<void> release_stock(bascule::service::Context& context, PaymentRejected event);
/// OrderConfirmed: what was set aside is sold.
boost::asio::awaitable<void> forget_reservation(bascule::service::Context& context, OrderConfirmed event);

}  // namespace shop
