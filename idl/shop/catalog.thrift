/** What the shop sells, how much of it is left, and what is set aside for orders. */
namespace * shop

include "errors.thrift"

struct Product {
  1: required i64 id
  2: required string name
  /** Price of one, in minor units (cents). */
  3: required i64 price_minor
  /** How many can still be ordered: what is reserved is not counted. */
  4: required i64 stock
}

struct NewProduct {
  1: required string name (vt.min_size = "1", vt.max_size = "200")
  2: required i64 price_minor (vt.ge = "0", vt.le = "1000000000")
  3: required i64 stock (vt.ge = "0", vt.le = "1000000000")
}

struct ProductPage {
  1: required list<Product> items
  /** Give it back to get what follows; absent on the last page. */
  2: optional string next_cursor
}

service Catalog {
  Product create_product(1: NewProduct product)
    (api.post = "/v1/products", api.http_code = "201", auth = "public")

  Product get_product(1: i64 id) throws (1: errors.NotFound not_found)
    (api.get = "/v1/products/:id", auth = "public", idempotent = "true")

  /** In order of id. */
  ProductPage list_products(1: i32 limit = 50 (vt.ge = "1", vt.le = "200"), 2: string cursor = "")
    throws (1: errors.BadCursor bad_cursor)
    (api.get = "/v1/products", auth = "public", idempotent = "true")
}
