/** A contract that shows what a gateway does, and nothing else. */
namespace * shelf

/** There is no such item. */
exception NotFound {
  1: required i64 id
  2: required string message
} (api.http_code = "404")

/** Its fields have the names that RFC 9457 has taken. */
exception Clash {
  1: required string title
  2: required i32 status
} (api.http_code = "409")

enum Colour { RED = 1, BLUE = 2 }

struct Item {
  1: required i64 id
  2: required string name (vt.min_size = "1", vt.max_size = "20")
  3: optional Colour colour
  4: list<string> tags
}

struct NewItem {
  1: required string name (vt.min_size = "1", vt.max_size = "20")
  2: optional Colour colour
  3: optional list<i32> sizes
}

service Shelf {
  Item create(1: NewItem item) throws (1: Clash clash) (api.post = "/v1/items", api.http_code = "201", auth = "public")
  Item get(1: i64 id) throws (1: NotFound not_found) (api.get = "/v1/items/:id", auth = "public", idempotent = "true")
  list<string> find(1: string prefix = "", 2: i32 limit = 5 (vt.le = "100"), 3: list<string> tag,
                    4: string agent (api.header = "X-Agent"), 5: string sid (api.cookie = "sid"))
    (api.get = "/v1/items", auth = "public")
  void remove(1: i64 id) (api.delete = "/v1/items/:id", auth = "public")
  oneway void touch(1: i64 id) (api.post = "/v1/items/:id/touch", auth = "public")
  /** Answers after the test lets it. */
  string slow(1: string key) (api.get = "/v1/slow/:key", auth = "public", timeout = "1s")
  string secret() (api.get = "/v1/secret")
  string rude() (api.get = "/v1/rude", auth = "public")
}

/** An item was sold. */
struct Sold {
  1: required i64 id
} (event.topic = "events.shelf.Sold", event.key = "id")
