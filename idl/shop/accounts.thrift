/** Who buys, and their money: a double-entry ledger in minor units. */
namespace * shop

include "errors.thrift"

struct Customer {
  1: required i64 id
  2: required string name
  3: required string email
  /** What the customer has to spend, in minor units; never below zero. */
  4: required i64 balance_minor
}

struct NewCustomer {
  1: required string name (vt.min_size = "1", vt.max_size = "200")
  2: required string email (vt.min_size = "3", vt.max_size = "254", vt.pattern = "^[^@ ]+@[^@ ]+$")
}

service Accounts {
  Customer create_customer(1: NewCustomer customer)
    (api.post = "/v1/customers", api.http_code = "201", auth = "public")

  Customer get_customer(1: i64 id) throws (1: errors.NotFound not_found)
    (api.get = "/v1/customers/:id", auth = "public", idempotent = "true")

  /** Adds money to the customer's balance; answers the customer after it. */
  Customer deposit(1: i64 id, 2: i64 amount_minor (vt.gt = "0", vt.le = "1000000000000"))
    throws (1: errors.NotFound not_found)
    (api.post = "/v1/customers/:id/deposits", auth = "public")
}
