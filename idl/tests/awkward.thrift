/** What is allowed and rare: that it compiles, in both languages, is the test. */
namespace * every.awkward

include "every_common.thrift"

typedef i32 Count (vt.ge = "0")
typedef list<Count> Counts (vt.max_size = "5")

enum Signed {
  A = -5
  B = 3
}

struct Empty {
}

union Shape {
  1: string s (vt.max_size = "3")
  2: list<Shape> shapes
  3: map<Signed, Counts> m
}

exception Strange {
  1: Shape shape (vt.skip = "true")
  2: string what_
}

struct Key {
  1: optional double d
  2: optional Shape& shape
  3: map<Key, Key> keys
  4: set<Shape> shapes
  5: Counts counts
  6: optional Signed o (vt.defined_only = "true", vt.not_in = "B")
}

struct KeyedByText {
  1: required string k
} (event.key = "k", event.topic = "events.other.Topic")

struct KeyedByEnum {
  1: required Signed k
} (event.key = "k")

struct Unordered {
  1: required i8 k
} (event.topic = "events.every.awkward.Unordered")

service Nothing {
}

service Names extends Nothing {
  /** Each argument has the name of something in the generated code. */
  Key f(1: Key context, 2: string options, 3: i32 client, 4: optional i32 reply (vt.gt = "2"),
        5: map<string, list<i64>> answer = {"a": [1]}, 6: Empty self_ = {}, 7: Shape result, 8: set<Signed> call = [Signed.A],
        9: i32 out, 10: i32 message, 11: bool encoding = true, 12: i32 body = 3)
    throws (1: Strange result)
  map<list<i32>, set<map<string, Shape>>> g(1: map<Key, list<Key>> method, 2: list<bool> thrown, 3: double d = 1.5,
                                            4: binary b = "ab", 5: i64 big = -9223372036854775808, 6: i8 small = -1)
    throws (1: Strange strange)
  bool h(1: every_common.Colour body = every_common.Colour.BLUE)
  oneway void i(1: list<list<list<string>>> id, 2: Counts type)
} (timeout = "1m")

service Base extends every_common.Base {
  void base()
}
