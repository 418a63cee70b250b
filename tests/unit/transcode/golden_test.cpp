// Calls that Apache's Python library wrote (tests/golden/make.py), under the compiler's own descriptor: read
// as JSON, and made from that JSON again byte for byte.
#include <fstream>
#include <iterator>

#include "bascule/transcode/method.hpp"
#include "unit/transcode/fixture.hpp"

namespace {

using namespace bascule::transcode;
namespace bt = bascule::thrift;

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<const Schema> every() {
  static const auto made =
      Schema::make(std::make_shared<bt::Descriptor>(bt::Descriptor::parse(file(BASCULE_EVERY_DESCRIPTOR))));
  return made;
}

class GoldenCalls : public testing::TestWithParam<const char*> {
 protected:
  const bt::Method& method() const { return *every()->descriptor().service("every.Every")->method(GetParam()); }
  std::string message() const { return file(std::string(BASCULE_GOLDEN) + "/" + GetParam() + ".compact"); }

  /// The arguments of the golden call as a JSON object of all of them.
  std::string arguments() const {
    const std::string bytes = message();
    bt::CompactReader in(bytes);
    EXPECT_EQ(in.message_begin().name, GetParam());
    in.struct_begin();
    EXPECT_EQ(in.field_begin().id, method().args[0].id);
    const std::string_view value(in.position(), in.remaining() - 1);  // the last byte ends the arguments
    std::string json = "{\"" + method().args[0].name + "\":";
    Problem problem;
    EXPECT_TRUE(value_to_json(every()->type(*method().args[0].type), value, json, problem))
        << problem.pointer << ": " << problem.what;
    return json + "}";
  }
};
INSTANTIATE_TEST_SUITE_P(Apache, GoldenCalls,
                         testing::Values("scalars", "presence", "containers", "keys", "node", "choice", "checked",
                                         "awkward"));

TEST_P(GoldenCalls, ComeBackByteForByte) {
  Workspace workspace;
  std::string bytes;
  Problem problem;
  const std::string json = arguments();
  ASSERT_TRUE(MethodPlan(every(), method(), nullptr).encode({json, {}}, workspace, bytes, problem))
      << json << '\n'
      << problem.pointer << ": " << problem.what;
  EXPECT_EQ(test::hex(bytes), test::hex(message())) << json;
}

class GoldenScalars : public GoldenCalls {};
INSTANTIATE_TEST_SUITE_P(Apache, GoldenScalars, testing::Values("scalars"));

TEST_P(GoldenScalars, AreThisJson) {
  EXPECT_EQ(
      arguments(),
      R"({"value":{"flag":true,"tiny":-128,"small":-32768,"medium":2147483647,"large":-9223372036854775808,)"
      R"("real":-0.1,"text":"grüß \"Gott\" \\ \n 😀","data":"AP+AYmluYXJ5","colour":"BLUE","far":-1,"far_flag":false}})");
}

}  // namespace
