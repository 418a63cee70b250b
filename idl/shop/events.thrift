/**
 * What happened in the shop. An order's life:
 *
 *   OrderPlaced -> StockReserved -> PaymentCharged  -> OrderConfirmed
 *               |                -> PaymentRejected -> OrderRejected   (and the stock is released)
 *               -> StockRejected                    -> OrderRejected
 *
 * All of them are ordered by the order they are about.
 */
namespace * shop

/** A wish for some of one product. */
struct Line {
  1: required i64 product_id
  2: required i32 quantity (vt.ge = "1", vt.le = "10000")
}

/** A line at the price of the moment the stock was reserved. */
struct PricedLine {
  1: required i64 product_id
  2: required i32 quantity
  3: required i64 price_minor
}

/** By orders, once an order is written. */
struct OrderPlaced {
  1: required i64 order_id
  2: required i64 customer_id
  3: required list<Line> lines
} (event.topic = "events.shop.OrderPlaced", event.key = "order_id")

/** By catalog: every line is set aside, at these prices. */
struct StockReserved {
  1: required i64 order_id
  2: required i64 customer_id
  3: required list<PricedLine> lines
  4: required i64 total_minor
} (event.topic = "events.shop.StockReserved", event.key = "order_id")

/** By catalog: nothing is set aside. */
struct StockRejected {
  1: required i64 order_id
  2: required i64 customer_id
  3: required string reason
} (event.topic = "events.shop.StockRejected", event.key = "order_id")

/** By accounts: the customer paid the whole order. */
struct PaymentCharged {
  1: required i64 order_id
  2: required i64 customer_id
  3: required i64 amount_minor
} (event.topic = "events.shop.PaymentCharged", event.key = "order_id")

/** By accounts: the customer paid nothing. */
struct PaymentRejected {
  1: required i64 order_id
  2: required i64 customer_id
  3: required string reason
} (event.topic = "events.shop.PaymentRejected", event.key = "order_id")

/** By orders: the end of a good order. */
struct OrderConfirmed {
  1: required i64 order_id
  2: required i64 customer_id
  3: required list<PricedLine> lines
  4: required i64 total_minor
} (event.topic = "events.shop.OrderConfirmed", event.key = "order_id")

/** By orders: the end of an order that could not be filled or paid. */
struct OrderRejected {
  1: required i64 order_id
  2: required i64 customer_id
  3: required string reason
} (event.topic = "events.shop.OrderRejected", event.key = "order_id")
