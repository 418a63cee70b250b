// What the benchmarks measure: one order, as a shop's gateway sees it - 564 bytes of JSON, 226 bytes compact.
namespace * bench

enum Status { PENDING = 1, CONFIRMED = 2, REJECTED = 3 }

struct Address {
  1: required string name,
  2: required string street,
  3: required string city,
  4: required string postcode,
  5: required string country,
}

struct Line {
  1: required i64 product_id,
  2: required string sku,
  3: required i32 quantity,
  4: required i64 price_minor,
}

struct Order {
  1: required i64 id,
  2: required i64 customer_id,
  3: required Status status,
  4: required string currency,
  5: required i64 placed_at,
  6: required string email,
  7: required bool express,
  8: required double discount,
  9: optional string note,
  10: required Address address,
  11: required list<Line> lines,
  12: optional list<string> tags,
}

service Echo {
  /** The order comes back, confirmed. */
  Order place(1: Order order) (api.post = "/v1/bench/orders", auth = "public", idempotent),
}
