/** Orders, from the wish to its end. */
namespace * shop

include "errors.thrift"
include "events.thrift"

enum OrderStatus {
  /** Stock or payment is not settled yet. */
  PENDING = 1
  /** Stock is reserved and paid. */
  CONFIRMED = 2
  /** Nothing is reserved and nothing is paid; `reason` says why. */
  REJECTED = 3
}

struct OrderLine {
  1: required i64 product_id
  2: required i32 quantity
  /** Price of one, once the stock is reserved. */
  3: optional i64 price_minor
}

struct Order {
  1: required i64 id
  2: required i64 customer_id
  3: required OrderStatus status
  /** Zero until the stock is reserved. */
  4: required i64 total_minor
  5: required list<OrderLine> lines
  /** Only when status is REJECTED. */
  6: optional string reason
  /** Milliseconds since 1970, UTC. */
  7: required i64 created_at_ms
}

struct NewOrder {
  1: required i64 customer_id
  2: required list<events.Line> lines (vt.min_size = "1", vt.max_size = "100")
}

struct OrderPage {
  /** The newest first. */
  1: required list<Order> items
  /** Give it back to get what follows; absent on the last page. */
  2: optional string next_cursor
}

service Orders {
  /** Answers at once; get_order tells how it ends. */
  Order place_order(1: NewOrder order)
    (api.post = "/v1/orders", api.http_code = "202", auth = "public")

  Order get_order(1: i64 id) throws (1: errors.NotFound not_found)
    (api.get = "/v1/orders/:id", auth = "public", idempotent = "true")

  OrderPage list_orders(1: i64 customer_id (api.path = "id"), 2: i32 limit = 50 (vt.ge = "1", vt.le = "200"),
                        3: string cursor = "")
    throws (1: errors.BadCursor bad_cursor)
    (api.get = "/v1/customers/:id/orders", auth = "public", idempotent = "true")
}
