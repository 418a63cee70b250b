// What becomes of an order when the others have done their part. Each runs in the transaction of its event's
// inbox row.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "shop/events_types.h"

namespace bascule::service {
class Context;
}

namespace shop {

/// Keeps the prices and the total; says OrderConfirmed when it is paid already.
boost::asio::awaitable<void> stock_was_reserved(bascule::service::Context& context, StockReserved event);
/// Says OrderRejected.
boost::asio::awaitable<void> stock_was_rejected(bascule::service::Context& context, StockRejected event);
/// Says OrderConfirmed when the prices are here already.
boost::asio::awaitable<void> payment_was_charged(bascule::service::Context& context, PaymentCharged event);
/// Says OrderRejected; the catalog hears of the payment by itself and releases the stock.
boost::asio::awaitable<void> payment_was_rejected(bascule::service::Context& context, PaymentRejected event);

}  // namespace shop
