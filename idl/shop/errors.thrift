/** What the shop's services answer when they will not do what they were asked. */
namespace * shop

/** There is no such thing. */
exception NotFound {
  /** Which kind of thing: "product", "customer", "order". */
  1: required string kind
  2: required i64 id
  3: required string message
} (api.http_code = "404")

/** A cursor that no list gave out. */
exception BadCursor {
  1: required string message
} (api.http_code = "400")
