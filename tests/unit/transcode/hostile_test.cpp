// Thrift bytes that nobody should trust: cut short, changed, too deep, too large, of other types.
#include <random>

#include "bascule/thrift/compact.hpp"
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
using namespace bascule::transcode::test;
namespace bt = bascule::thrift;

const std::string everything =
    R"({"flag":true,"tiny":-1,"small":300,"medium":70000,"large":5000000000,"real":0.1,"text":"h\u00e9llo, this is long enough",)"
    R"("bytes":"AAECAwQ=","uuid":"123e4567-e89b-12d3-a456-426614174000","status":"DONE","line":{"product_id":1,"quantity":2,"note":"n"},)"
    R"("choice":{"text":"x"},"node":{"value":1,"children":[{"value":2}],"next":{"value":3}},"flags":[true,false],"numbers":[1,2,3],)"
    R"("words":["a","b"],"lines":[{"product_id":1,"quantity":2},{"product_id":2,"quantity":2}],"by_name":{"x":1,"y":2},)"
    R"("by_status":{"DONE":"d","77":"x"},"by_flag":{"true":false},"by_tiny":{"1":1,"2":2},"by_large":{"1":[0.5,1e300]},)"
    R"("by_line":[[{"product_id":1,"quantity":2},"AA=="]],"by_real":[[0.5,"123e4567-e89b-12d3-a456-426614174000"]],)"
    R"("deep":[{"k":[[1,2],[]]}],"far_away_field_with_a_long_name":true,"negative":-3})";

TEST(Hostile, EveryTruncationIsRefused) {
  const Encoded whole = encode("t.All", everything);
  ASSERT_TRUE(whole.ok) << whole.problem.what;
  ASSERT_TRUE(decode("t.All", whole.bytes).ok);
  for (std::size_t n = 0; n < whole.bytes.size(); ++n) {
    const Decoded cut = decode("t.All", whole.bytes.substr(0, n));
    ASSERT_FALSE(cut.ok) << n;
    EXPECT_EQ(cut.problem.source, Source::reply);
    EXPECT_LE(cut.problem.offset, n);
  }
  EXPECT_FALSE(decode("t.All", whole.bytes + "x").ok);
}

// Whatever the bytes: a Problem, or JSON that this very contract accepts and that comes back the same.
TEST(Hostile, ChangedBytesGiveProblemsOrValidJson) {
  const std::string whole = encode("t.All", everything).bytes;
  std::mt19937 random(11);
  int refused = 0, accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (unsigned i = 0; i <= random() % 3; ++i) {
      switch (random() % 3) {
        case 0: bytes[random() % bytes.size()] = static_cast<char>(random()); break;
        case 1: bytes.insert(random() % bytes.size(), 1, static_cast<char>(random())); break;
        default: bytes.erase(random() % bytes.size(), 1 + random() % 4);
      }
    }
    const Decoded decoded = decode("t.All", bytes);
    ++(decoded.ok ? accepted : refused);
    if (!decoded.ok) continue;
    const Encoded encoded = encode("t.All", decoded.json);
    if (encoded.problem.wrong == Wrong::check) continue;  // a service may answer what a client may not send
    ASSERT_TRUE(encoded.ok) << decoded.json << encoded.problem.pointer << ": " << encoded.problem.what;
    ASSERT_EQ(decode("t.All", encoded.bytes).json, decoded.json);
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 100);
}

TEST(Hostile, ChangedJsonGivesProblemsOrValues) {
  std::mt19937 random(12);
  constexpr std::string_view spice = R"({}[]:,"\u0-1.eE tfn)";
  int refused = 0, accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string json = everything;
    for (unsigned i = 0; i <= random() % 3; ++i) {
      switch (random() % 4) {
        case 0: json[random() % json.size()] = static_cast<char>(random()); break;
        case 1: json[random() % json.size()] = spice[random() % spice.size()]; break;
        case 2: json.insert(random() % json.size(), 1, spice[random() % spice.size()]); break;
        default: json.erase(random() % json.size(), 1 + random() % 4);
      }
    }
    const Encoded encoded = encode("t.All", json);
    ++(encoded.ok ? accepted : refused);
    if (encoded.ok) {
      const Decoded decoded = decode("t.All", encoded.bytes);
      ASSERT_TRUE(decoded.ok) << json << decoded.problem.what;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 100);
}

TEST(Hostile, JsonCutShortIsRefused) {
  for (std::size_t n = 0; n < everything.size(); ++n) {
    ASSERT_FALSE(encode("t.All", everything.substr(0, n)).ok) << everything.substr(0, n);
  }
}

Problem problem_of(const std::string& type, const std::string& bytes) {
  const Decoded decoded = decode(type, bytes);
  EXPECT_FALSE(decoded.ok) << decoded.json;
  return decoded.problem;
}

using namespace std::string_literals;

TEST(Hostile, RepliesThatTheContractDoesNotAllow) {
  EXPECT_EQ(problem_of("t.Line", "\x16\x02\x00"s).wrong, Wrong::missing);
  EXPECT_EQ(problem_of("t.Line", "\x16\x02\x06\x02\x04\x15\x04\x00"s).wrong, Wrong::duplicate);
  EXPECT_EQ(problem_of("t.Choice", "\x00"s).wrong, Wrong::one_of);
  EXPECT_EQ(problem_of("t.Choice", "\x15\x02\x18\x01x\x00"s).wrong, Wrong::one_of);
  EXPECT_EQ(problem_of("t.All", "\x78\x02\xc0\xaf\x00"s).wrong, Wrong::utf8);
  EXPECT_EQ(problem_of("t.All", "\xf9\x25\x02\x04\x00"s).what, "elements are not of type i64");
  EXPECT_EQ(problem_of("t.All", "\x0a\x20\x28\x01x\x01x\x00"s).wrong, Wrong::duplicate);
  EXPECT_EQ(problem_of("t.All", "\x0b\x24\x02\x85\x01x\x02\x01x\x04\x00"s).wrong, Wrong::duplicate);
  EXPECT_EQ(problem_of("t.All", "\x0b\x2a\x02\x33\x01\x01\x01\x01\x00"s).wrong, Wrong::duplicate);
  // A long key twice, its size spelt in one byte and in two: equal all the same.
  EXPECT_EQ(problem_of("t.All", "\x0b\x24\x02\x85\x01x\x02\x81\x00x\x04\x00"s).wrong, Wrong::duplicate);
  EXPECT_EQ(problem_of("t.All", "\x0b\x24\x01\x85\x01\x00\x02\x00"s).what, "a key may not hold NUL");
  EXPECT_EQ(problem_of("t.All", "\x1e\x00"s).wrong, Wrong::thrift);
  const Problem nested = problem_of("t.All", "\xbc\x16\x02\x15"s);
  EXPECT_EQ(nested.pointer, "/line/quantity");
}

TEST(Hostile, UnknownAndRetypedFieldsArePassedOver) {
  EXPECT_EQ(decode("t.Line", "\x16\x02\x15\x04\xe8\x01x\x00"s).json, R"({"product_id":1,"quantity":2})");
  EXPECT_EQ(decode("t.Line", "\x16\x02\x15\x04\x15\x04\x00"s).json, R"({"product_id":1,"quantity":2})");
}

TEST(Hostile, DepthIsBounded) {
  const auto chain = [](unsigned structs) { return std::string(structs - 1, '\x3c') + std::string(structs, '\0'); };
  EXPECT_TRUE(decode("t.Node", chain(32)).ok);
  EXPECT_FALSE(decode("t.Node", chain(33)).ok);
  EXPECT_FALSE(decode("t.Node", std::string(100000, '\x3c')).ok);
  EXPECT_FALSE(decode("t.Node", std::string(100000, '\x1c')).ok);           // field 1 is no struct: skipped
  EXPECT_FALSE(decode("t.Line", "\xf9" + std::string(100000, '\x19')).ok);  // lists in an unknown field
  EXPECT_FALSE(decode("t.Node", chain(32), {.json_depth = 31}).ok);
}

TEST(Hostile, SizesAreBounded) {
  EXPECT_FALSE(decode("t.All", "\xf9\xf6\xff\xff\xff\xff\x07\x00"s).ok);  // 2^31-1 elements
  EXPECT_FALSE(decode("t.All", "\x78\xff\xff\xff\xff\x0f"s).ok);
  const std::string line = "\x16\x02\x15\x04\x00"s;
  EXPECT_FALSE(decode("t.Line", line, {.message = line.size() - 1}).ok);
  EXPECT_TRUE(decode("t.Line", line, {.message = line.size()}).ok);
  // Few bytes, much JSON: {"value":0} takes one byte... the text is bounded all the same.
  std::string nodes = "\x29\xfc\x90\x4e"s + std::string(10000, '\0');
  nodes += '\0';
  EXPECT_TRUE(decode("t.Node", nodes).ok);
  EXPECT_EQ(decode("t.Node", nodes, {.json = 10000}).problem.wrong, Wrong::size);
}

}  // namespace
