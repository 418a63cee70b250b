// Everything that is refused: which Wrong, at which JSON pointer, in which words.
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
using namespace bascule::transcode::test;

struct Refusal {
  const char* type;
  std::string json;
  Wrong wrong;
  std::string pointer;
  const char* expected = nullptr;  ///< when it is worth pinning
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.type << ' ' << refusal.json.substr(0, 60); }

class Refusals : public testing::TestWithParam<Refusal> {};

TEST_P(Refusals, AreNamed) {
  const Encoded encoded = encode(GetParam().type, GetParam().json);
  ASSERT_FALSE(encoded.ok) << hex(encoded.bytes);
  EXPECT_EQ(to_string(encoded.problem.wrong), to_string(GetParam().wrong)) << encoded.problem.what;
  EXPECT_EQ(encoded.problem.pointer, GetParam().pointer) << encoded.problem.what;
  EXPECT_NE(encoded.problem.what, "");
  EXPECT_EQ(encoded.problem.source, Source::body);
  if (GetParam().expected) {
    EXPECT_EQ(encoded.problem.expected, GetParam().expected);
  }
}

using namespace std::string_literals;

INSTANTIATE_TEST_SUITE_P(
    Syntax, Refusals,
    testing::Values(
        Refusal{"t.All", "", Wrong::syntax, ""}, Refusal{"t.All", "   ", Wrong::syntax, ""},
        Refusal{"t.All", "{", Wrong::syntax, ""}, Refusal{"t.All", "}", Wrong::type, ""},
        Refusal{"t.All", "{} {}", Wrong::syntax, ""}, Refusal{"t.All", "{},", Wrong::syntax, ""},
        Refusal{"t.All", "{}x", Wrong::syntax, ""}, Refusal{"t.All", "{}\0"s, Wrong::syntax, ""},
        Refusal{"t.All", "\xef\xbb\xbf{}", Wrong::syntax, ""},
        Refusal{"t.All", R"({"flag" true})", Wrong::syntax, "/flag"},
        Refusal{"t.All", R"({"flag"})", Wrong::syntax, "/flag"}, Refusal{"t.All", R"({"flag":})", Wrong::type, "/flag"},
        Refusal{"t.All", R"({"flag":true)", Wrong::syntax, "/flag"},
        Refusal{"t.All", R"({"flag":true "tiny":1})", Wrong::syntax, "/flag"},
        Refusal{"t.All", R"({"flag":true,})", Wrong::syntax, ""},
        Refusal{"t.All", R"({,"flag":true})", Wrong::syntax, ""},
        Refusal{"t.All", R"({"flag":true]})", Wrong::syntax, "/flag"},
        Refusal{"t.All", R"({flag:true})", Wrong::syntax, ""}, Refusal{"t.All", R"({'flag':true})", Wrong::syntax, ""},
        Refusal{"t.All", R"({"flag"::true})", Wrong::type, "/flag"},
        Refusal{"t.All", R"({"text":"abc})", Wrong::syntax, "/text"},
        Refusal{"t.All", "{\"text\":\"a\nb\"}", Wrong::syntax, "/text"},
        Refusal{"t.All", "{\"text\":\"a\0b\"}"s, Wrong::syntax, "/text"},
        Refusal{"t.All", R"({"text":"a" "b"})", Wrong::syntax, "/text"},
        Refusal{"t.All", R"({"text":"a"x})", Wrong::syntax, "/text"},
        Refusal{"t.All", R"({"numbers":[1 2]})", Wrong::syntax, "/numbers/0"},
        Refusal{"t.All", R"({"numbers":[1,]})", Wrong::type, "/numbers/1"},
        Refusal{"t.All", R"({"numbers":[,1]})", Wrong::type, "/numbers/0"},
        Refusal{"t.All", R"({"numbers":[1)", Wrong::syntax, "/numbers/0"},
        Refusal{"t.All", R"({"numbers":[1}})", Wrong::syntax, "/numbers/0"},
        Refusal{"t.All", R"({"by_name":{"a" 1}})", Wrong::syntax, "/by_name/a"},
        Refusal{"t.All", R"({"by_name":{"a":1 "b":2}})", Wrong::syntax, "/by_name/a"},
        Refusal{"t.All", R"({"by_name":{"a":1,}})", Wrong::syntax, "/by_name"},
        Refusal{"t.All", R"({"by_name":{1:1}})", Wrong::syntax, "/by_name"},
        Refusal{"t.All", R"({"by_real":[[1]]})", Wrong::syntax, "/by_real/0/0"},
        Refusal{"t.All", R"({"by_real":[[1,"x",2]]})", Wrong::format, "/by_real/0/1"},
        Refusal{"t.All", R"({"by_line":[[{"product_id":1,"quantity":1},"AA==",2]]})", Wrong::syntax, "/by_line/0/1"},
        Refusal{"t.All", "{\"text\":\"\xff\"}", Wrong::utf8, "/text"},
        Refusal{"t.All", "{\"\xff\":1}", Wrong::utf8, "/\xff"},
        Refusal{"t.All", "{\"line\":{\"product_id\":1,\"note\":\"abc\xed\xa0\x80\"}}", Wrong::utf8, "/line/note"},
        Refusal{"t.All", "{\"text\":\"\xc0\xaf\"}", Wrong::utf8, "/text"},
        Refusal{"t.All", R"({"text":"\ud800"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\ud800\u0041"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\udc00"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\ud800\ud800"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\udc00\udc00"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\x41"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\u12g4"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"text":"\u12"})", Wrong::escape, "/text"},
        Refusal{"t.All", R"({"words":["ok","\q"]})", Wrong::escape, "/words/1"}));

INSTANTIATE_TEST_SUITE_P(
    Fields, Refusals,
    testing::Values(Refusal{"t.All", R"({"nope":1})", Wrong::unknown, "/nope"},
                    Refusal{"t.All", R"({"flag\u0000":true})", Wrong::unknown, "/flag\0"s},
                    Refusal{"t.All", R"({"Flag":true})", Wrong::unknown, "/Flag"},
                    Refusal{"t.All", R"({"":true})", Wrong::unknown, "/"},
                    Refusal{"t.All", R"({"a/b~c":true})", Wrong::unknown, "/a~1b~0c"},
                    Refusal{"t.Line", R"({"nope":1})", Wrong::unknown, "/nope", "one of product_id, quantity, note"},
                    Refusal{"t.All", R"({"far_away_field_with_a_long_namf":true})", Wrong::unknown,
                            "/far_away_field_with_a_long_namf"},
                    Refusal{"t.All", R"({"far_away_field_w":true})", Wrong::unknown, "/far_away_field_w"},
                    Refusal{"t.All", R"({"flag":true,"flag":true})", Wrong::duplicate, "/flag"},
                    Refusal{"t.All", R"({"flag":true,"\u0066lag":true})", Wrong::duplicate, "/flag"},
                    Refusal{"t.All", R"({"line":{"product_id":1,"quantity":1,"product_id":2}})", Wrong::duplicate,
                            "/line/product_id"},
                    Refusal{"t.Line", R"({"product_id":1})", Wrong::missing, "/quantity"},
                    Refusal{"t.Line", R"({})", Wrong::missing, "/product_id"},
                    Refusal{"t.All", R"({"line":{"quantity":1}})", Wrong::missing, "/line/product_id"},
                    Refusal{"t.All", R"({"lines":[{"product_id":1,"quantity":1},{"product_id":2}]})", Wrong::missing,
                            "/lines/1/quantity"},
                    Refusal{"t.Line", R"({"product_id":null,"quantity":1})", Wrong::type, "/product_id"},
                    Refusal{"t.All", R"({"text":null})", Wrong::type, "/text"},
                    Refusal{"t.Line", R"({"product_id":1,"quantity":1,"note":nul})", Wrong::type, "/note"},
                    Refusal{"t.Line", R"({"product_id":1,"quantity":1,"note":nullx})", Wrong::type, "/note"},
                    Refusal{"t.Line", R"({"product_id":1,"quantity":1,"note":null,"note":"x"})", Wrong::duplicate,
                            "/note"},
                    Refusal{"t.Choice", "{}", Wrong::one_of, ""},
                    Refusal{"t.Choice", R"({"number":1,"text":"x"})", Wrong::one_of, ""},
                    Refusal{"t.Choice", R"({"number":null})", Wrong::type, "/number"},
                    Refusal{"t.All", R"({"choice":{}})", Wrong::one_of, "/choice"}));

INSTANTIATE_TEST_SUITE_P(
    Types, Refusals,
    testing::Values(Refusal{"t.All", "[]", Wrong::type, ""}, Refusal{"t.All", "1", Wrong::type, ""},
                    Refusal{"t.All", "null", Wrong::type, ""}, Refusal{"t.All", "\"x\"", Wrong::type, ""},
                    Refusal{"t.All", R"({"flag":1})", Wrong::type, "/flag"},
                    Refusal{"t.All", R"({"flag":"true"})", Wrong::type, "/flag"},
                    Refusal{"t.All", R"({"flag":tru})", Wrong::type, "/flag"},
                    Refusal{"t.All", R"({"flag":truex})", Wrong::type, "/flag"},
                    Refusal{"t.All", R"({"flag":True})", Wrong::type, "/flag"},
                    Refusal{"t.All", R"({"medium":"1"})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":true})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":{}})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":1.0})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":1e3})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":1E3})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":01})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"medium":-})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"medium":+1})", Wrong::type, "/medium"},
                    Refusal{"t.All", R"({"medium":-01})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"medium":1x})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"medium":0x10})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", "{\"medium\":1\0}"s, Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"medium":1"x"})", Wrong::syntax, "/medium"},
                    Refusal{"t.All", R"({"large":"x"})", Wrong::format, "/large"},
                    Refusal{"t.All", R"({"large":"1x"})", Wrong::format, "/large"},
                    Refusal{"t.All", R"({"large":""})", Wrong::format, "/large"},
                    Refusal{"t.All", R"({"large":" 1"})", Wrong::format, "/large"},
                    Refusal{"t.All", R"({"large":"1.5"})", Wrong::type, "/large"},
                    Refusal{"t.All", R"({"large":"9223372036854775808"})", Wrong::range, "/large"},
                    Refusal{"t.All", R"({"real":"1"})", Wrong::type, "/real"},
                    Refusal{"t.All", R"({"real":NaN})", Wrong::type, "/real"},
                    Refusal{"t.All", R"({"real":Infinity})", Wrong::type, "/real"},
                    Refusal{"t.All", R"({"real":.5})", Wrong::type, "/real"},
                    Refusal{"t.All", R"({"real":1.})", Wrong::syntax, "/real"},
                    Refusal{"t.All", R"({"real":1e})", Wrong::syntax, "/real"},
                    Refusal{"t.All", R"({"real":1e+})", Wrong::syntax, "/real"},
                    Refusal{"t.All", R"({"real":01.5})", Wrong::syntax, "/real"},
                    Refusal{"t.All", R"({"real":-})", Wrong::syntax, "/real"},
                    Refusal{"t.All", R"({"real":1e999})", Wrong::range, "/real"},
                    Refusal{"t.All", R"({"real":-1e309})", Wrong::range, "/real"},
                    Refusal{"t.All", R"({"real":"nan"})", Wrong::type, "/real"},
                    Refusal{"t.All", R"({"text":1})", Wrong::type, "/text"},
                    Refusal{"t.All", R"({"text":["a"]})", Wrong::type, "/text"},
                    Refusal{"t.All", R"({"bytes":1})", Wrong::type, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"A"})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"AB="})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"A==="})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"AA=A"})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"AB"})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"bytes":"A A="})", Wrong::format, "/bytes"},
                    Refusal{"t.All", R"({"uuid":"123e4567e89b12d3a456426614174000"})", Wrong::format, "/uuid"},
                    Refusal{"t.All", R"({"uuid":"123e4567-e89b-12d3-a456-42661417400g"})", Wrong::format, "/uuid"},
                    Refusal{"t.All", R"({"uuid":1})", Wrong::type, "/uuid"},
                    Refusal{"t.All", R"({"status":"NOPE"})", Wrong::format, "/status",
                            R"(one of "PENDING", "DONE", "LOST")"},
                    Refusal{"t.All", R"({"status":"pending"})", Wrong::format, "/status"},
                    Refusal{"t.All", R"({"status":true})", Wrong::type, "/status"},
                    Refusal{"t.All", R"({"status":2147483648})", Wrong::range, "/status"},
                    Refusal{"t.All", R"({"line":[]})", Wrong::type, "/line"},
                    Refusal{"t.All", R"({"numbers":{}})", Wrong::type, "/numbers"},
                    Refusal{"t.All", R"({"numbers":1})", Wrong::type, "/numbers"},
                    Refusal{"t.All", R"({"numbers":[1,"x"]})", Wrong::format, "/numbers/1"},
                    Refusal{"t.All", R"({"by_name":[]})", Wrong::type, "/by_name"},
                    Refusal{"t.All", R"({"by_real":{}})", Wrong::type, "/by_real"},
                    Refusal{"t.All", R"({"by_real":[1]})", Wrong::type, "/by_real/0"},
                    Refusal{"t.All", R"({"by_name":{"a":"b"}})", Wrong::type, "/by_name/a"}));

INSTANTIATE_TEST_SUITE_P(
    Ranges, Refusals,
    testing::Values(Refusal{"t.All", R"({"tiny":128})", Wrong::range, "/tiny", "an integer from -128 to 127"},
                    Refusal{"t.All", R"({"tiny":-129})", Wrong::range, "/tiny"},
                    Refusal{"t.All", R"({"small":32768})", Wrong::range, "/small"},
                    Refusal{"t.All", R"({"small":-32769})", Wrong::range, "/small"},
                    Refusal{"t.All", R"({"medium":2147483648})", Wrong::range, "/medium"},
                    Refusal{"t.All", R"({"medium":-2147483649})", Wrong::range, "/medium"},
                    Refusal{"t.All", R"({"large":9223372036854775808})", Wrong::range, "/large"},
                    Refusal{"t.All", R"({"large":-9223372036854775809})", Wrong::range, "/large"},
                    Refusal{"t.All", R"({"large":18446744073709551616})", Wrong::range, "/large"},
                    Refusal{"t.All", R"({"large":99999999999999999999999999})", Wrong::range, "/large"},
                    Refusal{"t.All", R"({"by_tiny":{"128":1}})", Wrong::format, "/by_tiny/128"},
                    Refusal{"t.All", R"({"by_tiny":{"":1}})", Wrong::format, "/by_tiny/"},
                    Refusal{"t.All", R"({"by_tiny":{"1 ":1}})", Wrong::format, "/by_tiny/1 "},
                    Refusal{"t.All", R"({"by_flag":{"yes":true}})", Wrong::format, "/by_flag/yes"},
                    Refusal{"t.All", R"({"by_status":{"NOPE":"x"}})", Wrong::format, "/by_status/NOPE"},
                    Refusal{"t.All", R"({"by_name":{"a\u0000":1}})", Wrong::format, "/by_name/a\0"s}));

INSTANTIATE_TEST_SUITE_P(
    Duplicates, Refusals,
    testing::Values(
        Refusal{"t.All", R"({"words":["a","b","a"]})", Wrong::duplicate, "/words/2"},
        Refusal{"t.All", R"({"words":["a","\u0061"]})", Wrong::duplicate, "/words/1"},
        Refusal{"t.All", R"({"by_name":{"a":1,"b":1,"a":2}})", Wrong::duplicate, "/by_name/a"},
        Refusal{"t.All", R"({"by_tiny":{"1":1,"01":1}})", Wrong::format, "/by_tiny/01"},
        Refusal{"t.All", R"({"by_status":{"DONE":"a","2":"b"}})", Wrong::duplicate, "/by_status/2"},
        Refusal{"t.All", R"({"lines":[{"product_id":1,"quantity":2},{"quantity":2,"product_id":1}]})", Wrong::duplicate,
                "/lines/1"},
        Refusal{"t.All", R"({"by_line":[[{"product_id":1,"quantity":2},""],[{"quantity":2,"product_id":1},""]]})",
                Wrong::duplicate, "/by_line/1/0"},
        Refusal{
            "t.All",
            R"({"by_real":[[0.0,"123e4567-e89b-12d3-a456-426614174000"],[-0.0,"123e4567-e89b-12d3-a456-426614174000"]]})",
            Wrong::duplicate, "/by_real/1/0"},
        Refusal{"t.All", R"({"deep":[{"k":[[1,2],[3],[1,2]]}]})", Wrong::duplicate, "/deep/0/k/2"}));

INSTANTIATE_TEST_SUITE_P(
    Checks, Refusals,
    testing::Values(
        Refusal{"t.Checked", R"({"must":1,"only":"00000000-e89b-12d3-a456-426614174000"})", Wrong::check, "/only"},
        Refusal{"t.Line", R"({"product_id":1,"quantity":0})", Wrong::check, "/quantity", "greater than 0"},
        Refusal{"t.Checked", R"({})", Wrong::missing, "/must"},
        Refusal{"t.Checked", R"({"must":null})", Wrong::missing, "/must"},
        Refusal{"t.Checked", R"({"must":1,"code":"ab"})", Wrong::check, "/code"},
        Refusal{"t.Checked", R"({"must":1,"code":"ABCD"})", Wrong::check, "/code", "at most 3 characters"},
        Refusal{"t.Checked", R"({"must":1,"code":"A\u0061"})", Wrong::check, "/code"},
        Refusal{"t.Checked", R"({"must":1,"ratio":1.5})", Wrong::check, "/ratio", "at most 1"},
        Refusal{"t.Checked", R"({"must":1,"tags":[]})", Wrong::check, "/tags", "at least 1 elements"},
        Refusal{"t.Checked", R"({"must":1,"tags":["ab","c"]})", Wrong::check, "/tags/1"},
        Refusal{"t.Checked", R"({"must":1,"accepted":false})", Wrong::check, "/accepted"},
        Refusal{"t.Checked", R"({"must":1,"status":3})", Wrong::check, "/status", "one of PENDING, DONE, LOST"},
        Refusal{"t.Checked", R"({"must":1,"limits":{"y":1}})", Wrong::check, "/limits/y"},
        Refusal{"t.Checked", R"({"must":1,"limits":{"x":10}})", Wrong::check, "/limits/x"},
        Refusal{"t.Checked", R"({"must":1,"limits":{"x":1,"xx":1,"xxx":1}})", Wrong::check, "/limits"},
        Refusal{"t.Checked", R"({"must":1,"raw":"AAAA"})", Wrong::check, "/raw", "at most 2 bytes"}));

TEST(Refusal, ChecksThatHold) {
  EXPECT_TRUE(encode("t.Checked",
                     R"({"must":1,"code":"ABC","ratio":1,"tags":["ab"],"accepted":true,"status":"DONE",)"
                     R"("limits":{"x":9,"xy":-1},"raw":"AAA=","only":"123E4567-e89b-12d3-a456-426614174000"})")
                  .ok);
}

std::string nodes(int depth, const char* open, const char* close) {
  std::string json;
  for (int i = 1; i < depth; ++i) json += open;
  json += "{}";
  for (int i = 1; i < depth; ++i) json += close;
  return json;
}

TEST(Refusal, Depth) {
  EXPECT_TRUE(encode("t.Node", nodes(32, R"({"next":)", "}")).ok);
  const Encoded deep = encode("t.Node", nodes(33, R"({"next":)", "}"));
  EXPECT_EQ(deep.problem.wrong, Wrong::depth);
  EXPECT_TRUE(encode("t.Node", nodes(32, R"({"next":)", "}"), {.json_depth = 32}).ok);
  EXPECT_EQ(encode("t.Node", nodes(32, R"({"next":)", "}"), {.json_depth = 31}).problem.wrong, Wrong::depth);
  EXPECT_EQ(encode("t.Node", nodes(33, R"({"children":[)", "]}"), {.thrift_depth = 64}).problem.wrong, Wrong::depth);
  EXPECT_TRUE(encode("t.Node", nodes(32, R"({"children":[)", "]}"), {.thrift_depth = 64}).ok);  // 63 levels of JSON
}

TEST(Refusal, HundredThousandBrackets) {
  for (const std::string open : {"[", R"({"a":)", R"({"next":)", R"({"children":[)"}) {
    std::string json;
    for (int i = 0; i < 100000; ++i) json += open;
    for (const bool ignore : {false, true}) EXPECT_FALSE(encode("t.Node", json, {.ignore_unknown = ignore}).ok);
    EXPECT_FALSE(encode("t.Node", R"({"x":)" + json, {.ignore_unknown = true}).ok);
  }
}

TEST(Refusal, UnknownFieldsAreIgnoredOnRequest) {
  const Options lenient{.ignore_unknown = true};
  const std::string value =
      R"({"x":{"y":[1,-2.5e3,true,false,null,"s\n",{}],"z":[]},"product_id":1,"w":"","quantity":2,"last":null})";
  const Encoded encoded = encode("t.Line", value, lenient);
  ASSERT_TRUE(encoded.ok) << encoded.problem.what;
  EXPECT_EQ(hex(encoded.bytes), "1602150400");
  for (const char* bad : {"tru", "nulL", "01", "[1,]", "{\"a\"}", "{\"a\":1,}", "\"\\q\"", "[1 2]", "]", "", "1e999"}) {
    EXPECT_FALSE(encode("t.Line", R"({"product_id":1,"quantity":2,"x":)" + std::string(bad) + "}", lenient).ok) << bad;
  }
}

// A duplicate of an ignored field, or one field among 70: the seen bits beyond the first word.
TEST(Refusal, ManyFields) {
  std::string json = R"({"bascule": 1, "types": {"w.Wide": {"kind": "struct", "fields": [)";
  for (int i = 0; i < 130; ++i) {
    json += (i ? "," : "") + R"({"id": )"s + std::to_string(i + 1) + R"(, "name": "f)" + std::to_string(i) +
            R"(", "type": "i32", "requiredness": ")" + (i % 10 == 9 ? "required" : "default") + "\"}";
  }
  const auto wide =
      Schema::make(std::make_shared<bascule::thrift::Descriptor>(bascule::thrift::Descriptor::parse(json + "]}}}")));
  const TypePlan& type = *wide->type("w.Wide");
  std::string all;
  for (int i = 129; i >= 0; --i)
    all += (all.empty() ? "{" : ",") + "\"f"s + std::to_string(i) + "\":" + std::to_string(i);
  Workspace workspace;
  Problem problem;
  std::string bytes, back, again;
  ASSERT_TRUE(json_to_value(type, all + "}", workspace, bytes, problem)) << problem.what;
  ASSERT_TRUE(value_to_json(type, bytes, back, problem)) << problem.what;
  EXPECT_EQ(back, all + "}");
  EXPECT_FALSE(json_to_value(type, all + R"(,"f127":1})", workspace, again, problem));
  EXPECT_EQ(problem.pointer, "/f127");
  EXPECT_EQ(problem.wrong, Wrong::duplicate);
  std::string short_of = all + "}";
  short_of.erase(short_of.find(R"("f119":119,)"), 11);
  EXPECT_FALSE(json_to_value(type, short_of, workspace, again, problem));
  EXPECT_EQ(problem.pointer, "/f119");
  EXPECT_EQ(problem.wrong, Wrong::missing);
}

}  // namespace
