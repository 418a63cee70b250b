/** Every type, check, binding and failure that a document can tell of: what the compiler and the gateway must say alike. */
namespace * schema

include "../../../idl/tests/every_type.thrift"
include "../../../idl/tests/every_common.thrift"

/** How loud. */
enum Level {
  /** As loud as it gets. */
  LOUD = 9,
  /** Hardly there. */
  QUIET = 1,
  ZERO = 0
}

struct Checks {
  1: optional string code (vt.pattern = "^[A-Z]+$", vt.prefix = "A.", vt.suffix = "[Z]", vt.contains = "-/-",
                           vt.not_contains = "a b", vt.not_in = "A.Z, A..Z")
  2: optional Level level = Level.QUIET (vt.in = "QUIET, Level.LOUD")
  3: optional Level other (vt.not_in = "ZERO")
  4: optional Level always (vt.const = "Level.LOUD")
  5: optional i64 hex (vt.ge = "-0x10", vt.le = "0xff", vt.not_in = "0x11, 18")
  6: optional double real (vt.gt = "1e3", vt.lt = "2500.5", vt.in = "1001, 1002.5")
  7: optional binary raw (vt.min_size = "2", vt.max_size = "7", vt.prefix = "ab", vt.const = "abc")
  8: optional map<string, list<string>> words (vt.min_size = "1", vt.key.pattern = "^w", vt.key.max_size = "9",
                                                vt.value.max_size = "4", vt.value.elem.min_size = "2")
  9: optional map<Level, i32> by_level (vt.value.gt = "0")
  10: optional map<list<i32>, string> by_list (vt.max_size = "3", vt.value.max_size = "5")
  11: optional bool flag (vt.const = "false")
  12: optional set<i8> few (vt.min_size = "1", vt.elem.ge = "3")
  13: optional i32 unchecked (vt.gt = "3", vt.skip = "true")
  14: string text = "said \"so\"\n"
  15: list<Level> levels = [Level.LOUD, Level.ZERO]
}

/** Told by its own members. */
exception Gone {
  1: required string message
  2: optional Level level
} (api.http_code = "410")

/** Told inside `exception`: RFC 9457 has the name. */
exception Busy {
  1: required string detail
} (api.http_code = "503")

exception Worn {
  1: optional i32 left
} (api.http_code = "410")

/** What is held against its documents. */
service Schema extends every_common.Base {
  /** Checks come back.
   *
   * All of them. */
  Checks checks(1: Checks value) throws (1: Gone gone, 2: Busy busy, 3: Worn worn) (api.post = "/s/checks", auth = "public")
  every_type.Scalars scalars(1: every_type.Scalars value) (api.put = "/s/scalars", idempotent = "true", auth = "public")
  every_type.Presence presence(1: every_type.Presence value) (api.patch = "/s/presence/:must")
  every_type.Containers containers(1: every_type.Containers value) (api.post = "/s/containers", scopes = "read write")
  every_type.Keys keys(1: every_type.Keys value, 2: i32 page = 1 (api.query = "page")) (api.post = "/s/keys")
  every_type.Node node(1: every_type.Node value) (api.post = "/s/node", api.http_code = "201")
  every_type.Choice choice(1: every_type.Choice value) (api.post = "/s/choice")
  every_type.Awkward awkward(1: every_type.Awkward value) (api.post = "/s/awkward")
  every_type.Checked checked(1: every_type.Checked value) (api.post = "/s/checked")
  string join(1: bool flag, 2: i8 tiny, 3: i16 small = 4, 4: required double real, 5: binary data, 6: Level level,
              7: list<i32> numbers, 8: map<string, every_type.Id> table, 9: every_common.Point point,
              10: optional every_common.Point other, 11: every_common.Point corner = {"x": 1, "y": 2})
    (api.post = "/s/join", auth = "public")
  list<Level> find(1: Level level = Level.LOUD, 2: list<Level> levels, 3: required i32 limit (vt.le = "7"),
                   4: string agent (api.header = "X-Agent"), 5: string sid (api.cookie = "sid"))
    (api.get = "/s/found", auth = "public")
  map<i32, list<every_common.Point>> points() (api.get = "/s/points")
  void nothing(1: i64 id) (api.delete = "/s/:id", auth = "public")
  oneway void tell(1: every_type.Happened event) (api.post = "/s/tell")
}
