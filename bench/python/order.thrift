// The order of the codec and service measurements: 279 bytes compact.
namespace py order_apache

enum Status { PENDING = 1, CONFIRMED = 2, REJECTED = 3 }

struct Address {
  1: required string street
  2: required string city
  3: required string postcode
  4: optional string country
}

struct OrderLine {
  1: required i64 product_id
  2: required string name
  3: required i32 quantity
  4: required i64 price_minor
}

struct Order {
  1: required i64 id
  2: required i64 customer_id
  3: required Status status
  4: required list<OrderLine> lines
  5: required i64 total_minor
  6: required string currency
  7: optional string note
  8: optional Address ship_to
  9: optional map<string, string> labels
  10: required bool gift
  11: required double weight_kg
  12: required i64 created_at_us
}
