// Values of every type, both directions: golden bytes and the JSON that comes back.
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
using namespace bascule::transcode::test;

struct Golden {
  const char* type;
  const char* json;
  const char* bytes;           ///< hex of the compact struct
  const char* back = nullptr;  ///< what the bytes give, when it is not the same JSON
};

class GoldenValues : public testing::TestWithParam<Golden> {};

TEST_P(GoldenValues, BothDirections) {
  const Encoded encoded = encode(GetParam().type, GetParam().json);
  ASSERT_TRUE(encoded.ok) << encoded.problem.pointer << ": " << encoded.problem.what;
  EXPECT_EQ(hex(encoded.bytes), GetParam().bytes);
  const Decoded decoded = decode(GetParam().type, encoded.bytes);
  ASSERT_TRUE(decoded.ok) << decoded.problem.pointer << ": " << decoded.problem.what;
  EXPECT_EQ(decoded.json, GetParam().back ? GetParam().back : GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    All, GoldenValues,
    testing::Values(
        Golden{"t.All", R"({})", "00"}, Golden{"t.All", " \t\r\n{ \n} ", "00", "{}"},
        Golden{"t.All", R"({"flag":true})", "1100"}, Golden{"t.All", R"({"flag":false})", "1200"},
        Golden{"t.All", R"({"tiny":-128,"small":32767,"medium":-2147483648})", "238014feff0315ffffffff0f00"},
        Golden{"t.All", R"({"large":9223372036854775807})", "56feffffffffffffffff0100"},
        Golden{"t.All", R"({"large":"-9223372036854775808"})", "56ffffffffffffffffff0100",
               R"({"large":-9223372036854775808})"},
        Golden{"t.All", R"({"large":-0})", "560000", R"({"large":0})"},
        Golden{"t.All", R"({"real":0.5})", "67000000000000e03f00"},
        Golden{"t.All", R"({"real":1e2})", "67000000000000594000", R"({"real":100})"},
        Golden{"t.All", R"({"real":"NaN"})", "67000000000000f87f00"},
        Golden{"t.All", R"({"real":"Infinity"})", "67000000000000f07f00"},
        Golden{"t.All", R"({"real":"-Infinity"})", "67000000000000f0ff00"},
        Golden{"t.All", R"({"text":"a\u00e9\ud83d\ude00\n\"\\\/\u0000"})", "780c61c3a9f09f98800a225c2f0000",
               R"({"text":"aé😀\n\"\\/\u0000"})"},
        Golden{"t.All", R"({"text":""})", "780000"}, Golden{"t.All", R"({"bytes":"AP+A"})", "880300ff8000"},
        Golden{"t.All", R"({"bytes":"_-8"})", "8802ffef00", R"({"bytes":"/+8="})"},
        Golden{"t.All", R"({"bytes":""})", "880000"},
        Golden{"t.All", R"({"uuid":"123E4567-e89b-12d3-a456-426614174000"})", "9d123e4567e89b12d3a45642661417400000",
               R"({"uuid":"123e4567-e89b-12d3-a456-426614174000"})"},
        Golden{"t.All", R"({"status":"DONE"})", "a50400"},
        Golden{"t.All", R"({"status":-7})", "a50d00", R"({"status":"LOST"})"},
        Golden{"t.All", R"({"status":55})", "a56e00"},
        Golden{"t.All", R"({"line":{"quantity":1,"product_id":2}})",
               "bc250206"
               "020400"
               "00",
               R"({"line":{"quantity":1,"product_id":2}})"},
        Golden{"t.Line", R"({"product_id":1,"quantity":2,"note":null})", "1602150400",
               R"({"product_id":1,"quantity":2})"},
        Golden{"t.Choice", R"({"text":"x"})", "28017800"}, Golden{"t.Choice", R"({"flag":false})", "4200"},
        Golden{"t.Node", R"({"value":1,"children":[{"value":2,"children":[]},{"value":3}]})",
               "1502192c1504190c00150600"
               "00"},
        Golden{"t.All", R"({"flags":[true,false]})", "e921010200"}, Golden{"t.All", R"({"numbers":[]})", "f90600"},
        Golden{"t.All", R"({"numbers":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]})",
               "f9e602040608"
               "0a0c0e10"
               "12141618"
               "1a1c00"},
        Golden{"t.All", R"({"numbers":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]})",
               "f9f60f02040608"
               "0a0c0e10"
               "12141618"
               "1a1c1e00"},
        Golden{"t.All", R"({"words":["b","a",""]})",
               "0a203801620161"
               "0000"},
        Golden{"t.All", R"({"by_name":{"x":1,"":-1}})",
               "0b24"
               "02850178020001"
               "00"},
        Golden{"t.All", R"({"by_name":{}})", "0b240000"},
        Golden{"t.All", R"({"by_status":{"DONE":"d","9":"n"}})", "0b26025804016412016e00"},
        Golden{"t.All", R"({"by_flag":{"true":false,"false":true}})",
               "0b280211010202010"
               "0"},
        Golden{"t.All", R"({"by_tiny":{"-1":1}})", "0b2a0133ff0100"},
        Golden{"t.All", R"({"by_large":{"-1":[0.5]}})", "0b2c01690117000000000000e03f00"},
        Golden{"t.All", R"({"by_line":[[{"product_id":1,"quantity":2},"AA=="]]})", "0b2e01c81602150400010000"},
        Golden{"t.All", R"({"by_real":[[0.5,"123e4567-e89b-12d3-a456-426614174000"]]})",
               "0b30017d000000000000e03f123e4567e89b12d3a45642661417400000"},
        Golden{"t.All", R"({"deep":[{"k":[[1,2],[]]},{}]})",
               "0932"
               "2b018a016b292402040400"
               "00"},
        Golden{"t.All", R"({"far_away_field_with_a_long_name":true,"negative":3})",
               "01d804050906"
               "00"},
        Golden{"t.All", R"({"\u0066lag":true})", "1100", R"({"flag":true})"},
        Golden{"t.Defaults", R"({})",
               "150e111918"
               "017815"
               "0400",
               R"({"a":7,"b":true,"c":["x"],"d":"DONE"})"},
        Golden{"t.Defaults", R"({"a":1,"b":false,"c":[],"d":1,"e":2})",
               "1502121908150215040"
               "0",
               R"({"a":1,"b":false,"c":[],"d":"PENDING","e":2})"}));

}  // namespace
