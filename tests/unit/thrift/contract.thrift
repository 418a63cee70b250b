// Every kind of type, for the wire tests.
namespace cpp bascule.test.wire

enum Colour { RED = 1, GREEN = 2, BLUE = -3 }

struct Leaf { 1: required i64 id, 2: optional string note }

struct Node {
  1: i32 value,
  2: optional list<Node> children,
}

union Choice { 1: i32 number, 2: string text, 3: Leaf leaf }

struct Everything {
  1: bool yes,
  2: bool no,
  3: i8 tiny,
  4: i16 small,
  5: i32 medium,
  6: i64 large,
  7: double real,
  8: string text,
  9: binary bytes,
  10: Colour colour,
  11: list<bool> flags,
  12: list<i64> numbers,
  13: set<string> words,
  14: map<string, Leaf> leaves,
  15: map<i32, list<map<Colour, binary>>> deep,
  16: Leaf leaf,
  17: Choice choice,
  18: Node tree,
  300: optional i32 far,
  301: optional bool far_flag,
  20: list<Leaf> more,
}
