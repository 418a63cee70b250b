/**
 * Every type of Thrift in one contract: for tests of the compiler, of both languages against one another, and for the
 * golden messages in tests/golden.
 */
namespace * every

include "every_common.thrift"

typedef i64 Id
typedef list<every_common.Point> Path
typedef string Email (vt.pattern = "^[^@ ]+@[^@ ]+$", vt.max_size = "100")

const i8 TINY = -128
const i16 SMALL = 32767
const i32 ANSWER = 42
const i64 LARGE = 9223372036854775807
const double PI = 3.141592653589793
const bool YES = true
const string GREETING = "grüß \"Gott\"\n"
const binary BYTES = "abc"
const every_common.Colour FAVOURITE = every_common.Colour.BLUE
const every_common.Point ORIGIN = {"x": 0, "y": 0}
const list<i32> PRIMES = [2, 3, 5, 7]
const set<string> WORDS = ["one", "two"]
const map<string, list<i32>> TABLE = {"odd": [1, 3], "even": [2, 4], "none": []}
const map<every_common.Colour, string> NAMES = {every_common.Colour.RED: "red", every_common.Colour.BLUE: "blue"}

/** Each base type, all required. */
struct Scalars {
  1: required bool flag
  2: required i8 tiny
  3: required i16 small
  4: required i32 medium
  5: required i64 large
  6: required double real
  7: required string text
  8: required binary data
  9: required every_common.Colour colour
  /** Beyond the compact protocol's short form. */
  100: required i32 far
  2000: required bool far_flag
}

/** The three kinds of requiredness, with and without defaults. */
struct Presence {
  1: required i32 must
  2: i32 plain
  3: i32 plain_default = 3
  4: optional i32 maybe
  5: optional i32 maybe_default = 5
  6: optional string maybe_text
  7: string plain_text = "seven"
  8: every_common.Colour colour
  9: every_common.Colour colour_default = every_common.Colour.GREEN
  10: list<i32> numbers = [1, 2]
  11: map<string, i32> table = {"a": 1}
  12: optional every_common.Point point
  13: every_common.Point corner = {"x": 1, "y": 2}
  14: bool on = true
  15: double half = 0.5
  16: binary raw = "raw"
  17: set<i32> few = [1]
}

/** Containers in containers. */
struct Containers {
  1: list<bool> flags
  2: list<string> texts
  3: set<i64> ids
  4: map<string, i32> counts
  5: list<list<i32>> matrix
  6: map<string, map<string, list<i64>>> nested
  7: Path path
  8: map<i32, every_common.Point> points
  9: list<map<string, set<i32>>> mixed
  10: set<every_common.Colour> colours
  11: list<binary> blobs
  12: list<double> reals
}

/** Maps with every sort of key. */
struct Keys {
  1: map<bool, string> by_bool
  2: map<i8, string> by_i8
  3: map<i16, string> by_i16
  4: map<i32, string> by_i32
  5: map<i64, string> by_i64
  6: map<double, string> by_double
  7: map<string, string> by_string
  8: map<binary, string> by_binary
  9: map<every_common.Colour, string> by_enum
  10: map<every_common.Point, string> by_struct
  11: map<list<i32>, string> by_list
  12: map<set<i32>, string> by_set
  13: map<map<i32, i32>, string> by_map
  14: set<every_common.Point> points
}

/** A tree, by list, and by reference. */
struct Node {
  1: required string name
  2: list<Node> children
  3: map<string, Node> named
  4: optional Node& after
}

union Choice {
  1: i32 number
  2: string text
  3: every_common.Point point
  4: list<i64> ids
  5: Node node
}

/** Names that are words of some language. */
struct Awkward {
  1: required i32 value
  2: optional string str
  3: list<i32> list_
  4: optional Choice which
  5: optional i32 int_
}

exception Failure {
  1: required string message
  2: optional Choice detail
} (api.http_code = "422")

struct Line {
  1: required i32 quantity (vt.ge = "1")
}

struct Checked {
  1: required i32 count (vt.gt = "0", vt.le = "10")
  2: optional string name (vt.min_size = "2", vt.max_size = "5", vt.prefix = "a", vt.not_contains = "z")
  3: list<Email> emails (vt.max_size = "3")
  4: every_common.Colour colour = every_common.Colour.RED (vt.defined_only = "true")
  5: map<string, i64> stock (vt.key.min_size = "1", vt.value.ge = "0")
  6: optional double ratio (vt.ge = "0.0", vt.lt = "1.0")
  7: list<Line> lines
  8: optional string kind (vt.in = "small,large")
  9: optional bool agreed (vt.const = "true")
  10: optional binary raw (vt.max_size = "4")
  11: optional i32 given (vt.not_nil = "true")
}

struct Happened {
  1: required Id id
  2: required Scalars scalars
  3: optional Choice choice
} (event.key = "id")

service Every extends every_common.Base {
  Scalars scalars(1: Scalars value) (idempotent = "true")
  Presence presence(1: Presence value)
  Containers containers(1: Containers value)
  Keys keys(1: Keys value)
  Node node(1: Node value)
  Choice choice(1: Choice value)
  Awkward awkward(1: Awkward value)
  Checked checked(1: Checked value)

  /** Many arguments, no struct. */
  string join(1: bool flag, 2: i8 tiny, 3: i16 small, 4: i32 medium, 5: i64 large, 6: double real, 7: string text,
              8: binary data, 9: every_common.Colour colour, 10: list<i32> numbers, 11: map<string, Id> table,
              12: i32 limit = 10 (vt.le = "100"))
  list<string> str(1: list<string> items)
  map<i32, list<every_common.Point>> map_of(1: map<i32, list<every_common.Point>> value)
  every_common.Colour colour(1: every_common.Colour value)
  bool negate(1: bool value)
  binary reverse(1: binary data)
  void nothing()
  /** Throws Refused when code is 1, Failure when it is 2, and something undeclared when it is 3. */
  i32 fail(1: i32 code) throws (1: every_common.Refused refused, 2: Failure failure)
  void fail_void(1: i32 code) throws (1: Failure failure)
  oneway void tell(1: Happened event)
  string slow(1: i32 milliseconds) (timeout = "500ms")
}
