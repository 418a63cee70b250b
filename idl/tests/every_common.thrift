/** What every_type.thrift includes: another namespace, an enum, a struct and a service to extend. */
namespace * every.common
namespace cpp every_common

enum Colour {
  RED
  GREEN = 5
  /** After GREEN. */
  BLUE
}

struct Point {
  1: required i32 x
  2: required i32 y
}

const i32 LIMIT = 7

exception Refused {
  1: required string message
  2: optional i32 code
} (api.http_code = "409")

service Base {
  /** Gives back what it gets. */
  string echo_base(1: string text) (idempotent = "true")
}
