// vt.* checks: each rule passes and fails at its bound, and an annotation that does not fit its field is
// refused.
#include "bascule/thrift/checks.hpp"

#include <gtest/gtest.h>

#include "bascule/thrift/pattern.hpp"

namespace {

using namespace bascule::thrift;
using Rules = std::vector<std::pair<std::string, std::string>>;

struct Fixture {
  Descriptor descriptor = Descriptor::parse(
      R"({"bascule": 1, "types": {"s.Status": {"kind": "enum", "values": {"PENDING": 1, "DONE": 2}}}})");
  std::unique_ptr<const Checks> compile(std::string_view type, const Rules& rules) {
    FieldType field;
    field.name = "f";
    field.type = descriptor.intern(type);
    for (const auto& [key, value] : rules) field.annotations.add(key, value);
    return Checks::compile(field);
  }
};

std::string said(const std::string* phrase) { return phrase ? *phrase : "passes"; }

TEST(Checks, NoneIsNull) {
  Fixture f;
  EXPECT_EQ(f.compile(R"("i32")", {}), nullptr);
  EXPECT_EQ(f.compile(R"("i32")", {{"api.query", "x"}}), nullptr);
  EXPECT_EQ(f.compile(R"("i32")", {{"vt.gt", "0"}, {"vt.skip", "true"}}), nullptr);
}

TEST(Checks, Integers) {
  Fixture f;
  const auto check = [&](const char* rule, const char* bound, std::int64_t value) {
    return said(f.compile(R"("i64")", {{rule, bound}})->integer(value));
  };
  EXPECT_EQ(check("vt.gt", "0", 1), "passes");
  EXPECT_EQ(check("vt.gt", "0", 0), "greater than 0");
  EXPECT_EQ(check("vt.ge", "-9223372036854775808", INT64_MIN), "passes");
  EXPECT_EQ(check("vt.ge", "1", 0), "at least 1");
  EXPECT_EQ(check("vt.lt", "1", 0), "passes");
  EXPECT_EQ(check("vt.lt", "1", 1), "less than 1");
  EXPECT_EQ(check("vt.le", "1", 1), "passes");
  EXPECT_EQ(check("vt.le", "1", 2), "at most 1");
  EXPECT_EQ(check("vt.const", "7", 7), "passes");
  EXPECT_EQ(check("vt.const", "7", 8), "7");
  EXPECT_EQ(check("vt.in", "1, 2,3", 3), "passes");
  EXPECT_EQ(check("vt.in", "1, 2,3", 4), "one of 1, 2,3");
  EXPECT_EQ(check("vt.not_in", "1,2", 2), "none of 1,2");
  EXPECT_EQ(said(f.compile(R"("i8")", {{"vt.gt", "0"}, {"vt.lt", "3"}})->integer(3)), "less than 3");
}

TEST(Checks, RealsBoolsEnums) {
  Fixture f;
  EXPECT_EQ(said(f.compile(R"("double")", {{"vt.le", "0.5"}})->real(0.5)), "passes");
  EXPECT_EQ(said(f.compile(R"("double")", {{"vt.le", "0.5"}})->real(0.50001)), "at most 0.5");
  EXPECT_EQ(said(f.compile(R"("double")", {{"vt.gt", "0"}})->real(std::numeric_limits<double>::quiet_NaN())),
            "greater than 0");
  EXPECT_EQ(said(f.compile(R"("bool")", {{"vt.const", "true"}})->boolean(true)), "passes");
  EXPECT_EQ(said(f.compile(R"("bool")", {{"vt.const", "true"}})->boolean(false)), "true");
  const char* status = R"({"ref": "s.Status"})";
  EXPECT_EQ(said(f.compile(status, {{"vt.defined_only", "true"}})->integer(2)), "passes");
  EXPECT_EQ(said(f.compile(status, {{"vt.defined_only", "true"}})->integer(3)), "one of PENDING, DONE");
  EXPECT_EQ(said(f.compile(status, {{"vt.in", "PENDING,Status.DONE"}})->integer(2)), "passes");
  EXPECT_EQ(said(f.compile(status, {{"vt.const", "PENDING"}})->integer(2)), "PENDING");
}

TEST(Checks, Texts) {
  Fixture f;
  const auto check = [&](const char* rule, const char* bound, std::string_view value,
                         const char* type = R"("string")") {
    return said(f.compile(type, {{rule, bound}})->text(value));
  };
  EXPECT_EQ(check("vt.min_size", "2", "\xc3\xa9"), "at least 2 characters");  // one character, two bytes
  EXPECT_EQ(check("vt.min_size", "2", "\xc3\xa9", R"("binary")"), "passes");
  EXPECT_EQ(check("vt.max_size", "1", "\xc3\xa9"), "passes");
  EXPECT_EQ(check("vt.max_size", "1", "ab"), "at most 1 characters");
  EXPECT_EQ(check("vt.max_size", "1", "ab", R"("binary")"), "at most 1 bytes");
  EXPECT_EQ(check("vt.pattern", "^[a-z]+$", "abc"), "passes");
  EXPECT_EQ(check("vt.pattern", "^[a-z]+$", "ab1"), "text that matches ^[a-z]+$");
  EXPECT_EQ(check("vt.pattern", "b", "abc"), "passes");  // searched, not anchored
  EXPECT_EQ(check("vt.pattern", "\\xff", "\xff", R"("binary")"), "passes");
  EXPECT_EQ(check("vt.prefix", "ab", "abc"), "passes");
  EXPECT_EQ(check("vt.prefix", "ab", "xab"), "text that begins with ab");
  EXPECT_EQ(check("vt.suffix", "ab", "xab"), "passes");
  EXPECT_EQ(check("vt.suffix", "ab", "abx"), "text that ends with ab");
  EXPECT_EQ(check("vt.contains", "ab", "xabx"), "passes");
  EXPECT_EQ(check("vt.contains", "ab", "axb"), "text that contains ab");
  EXPECT_EQ(check("vt.not_contains", "ab", "xabx"), "text without ab");
  EXPECT_EQ(check("vt.in", "a,b", "b"), "passes");
  EXPECT_EQ(check("vt.in", "a,b", "c"), "one of a,b");
  EXPECT_EQ(check("vt.not_in", "a,b", "b"), "none of a,b");
  EXPECT_EQ(check("vt.const", "a,b", "a,b"), "passes");
}

TEST(Checks, PatternIsLinear) {
  Fixture f;
  const auto checks = f.compile(R"("string")", {{"vt.pattern", "^(a+)+$"}});
  EXPECT_NE(checks->text(std::string(100000, 'a') + "b"), nullptr);  // a backtracking engine never comes back
}

TEST(Checks, Containers) {
  Fixture f;
  const auto list = f.compile(R"({"list": "i32"})", {{"vt.min_size", "1"}, {"vt.elem.gt", "0"}});
  EXPECT_EQ(said(list->count(1)), "passes");
  EXPECT_EQ(said(list->count(0)), "at least 1 elements");
  EXPECT_EQ(said(list->element()->integer(0)), "greater than 0");
  const auto map = f.compile(R"({"map": ["string", {"list": "i32"}]})",
                             {{"vt.max_size", "2"}, {"vt.key.min_size", "1"}, {"vt.value.elem.lt", "5"}});
  EXPECT_EQ(said(map->count(3)), "at most 2 entries");
  EXPECT_EQ(said(map->key()->text("")), "at least 1 characters");
  EXPECT_EQ(said(map->element()->element()->integer(5)), "less than 5");
  EXPECT_TRUE(f.compile(R"("i32")", {{"vt.not_nil", "true"}})->not_nil());
}

TEST(Checks, AsTheCompilerReadsThem) {
  Fixture f;
  EXPECT_EQ(said(f.compile(R"("i32")", {{"vt.le", "0x10"}})->integer(17)), "at most 0x10");
  EXPECT_EQ(said(f.compile(R"("i64")", {{"vt.ge", "-0x8000000000000000"}})->integer(INT64_MIN)), "passes");
  EXPECT_EQ(f.compile(R"({"list": "i32"})", {{"vt.elem.gt", "0"}, {"vt.elem.skip", "true"}})->element(), nullptr);
  const auto uuid = f.compile(R"("uuid")", {{"vt.const", "123e4567-e89b-12d3-a456-426614174000"}});
  EXPECT_EQ(said(uuid->text(std::string("\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00", 16))),
            "passes");
  EXPECT_EQ(said(uuid->text(std::string(16, 'x'))), "123e4567-e89b-12d3-a456-426614174000");
}

TEST(Checks, MisfitsAreRefused) {
  Fixture f;
  const std::pair<const char*, std::pair<const char*, const char*>> misfits[] = {
      {R"("i32")", {"vt.pattern", "x"}},
      {R"("i32")", {"vt.gt", "x"}},
      {R"("i32")", {"vt.min_size", "1"}},
      {R"("string")", {"vt.gt", "1"}},
      {R"("string")", {"vt.pattern", "("}},
      {R"("string")", {"vt.min_size", "x"}},
      {R"("bool")", {"vt.const", "yes"}},
      {R"("bool")", {"vt.gt", "1"}},
      {R"({"ref": "s.Status"})", {"vt.gt", "1"}},
      {R"({"ref": "s.Status"})", {"vt.in", "NONE"}},
      {R"({"list": "i32"})", {"vt.gt", "1"}},
      {R"({"list": "i32"})", {"vt.elem.pattern", "1"}},
      {R"("i32")", {"vt.elem.gt", "1"}},
      {R"({"map": ["i32", "i32"]})", {"vt.elem.gt", "1"}},
      {R"("i32")", {"vt.nonsense", "1"}},
      {R"("i32")", {"vt.not_nil", "1"}},
      {R"("i64")", {"vt.gt", "9223372036854775808"}},
      {R"("uuid")", {"vt.const", "x"}},
      {R"("uuid")", {"vt.gt", "x"}}};
  for (const auto& [type, rule] : misfits) {
    EXPECT_THROW(f.compile(type, {{rule.first, rule.second}}), DescriptorError) << type << ' ' << rule.first;
  }
}

TEST(Pattern, IsSearchedUnlessAnchored) {
  EXPECT_TRUE(Pattern("b+").matches("abbc"));
  EXPECT_FALSE(Pattern("^b+$").matches("abbc"));
  EXPECT_THROW(Pattern("("), std::invalid_argument);
}

TEST(Pattern, OfBytesTakesWhatIsNoText) {
  EXPECT_TRUE(Pattern("^.$", Pattern::Of::bytes).matches("\xff"));
  EXPECT_FALSE(Pattern("^.$").matches("\xff"));
}

}  // namespace
