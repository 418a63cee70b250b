#include <gtest/gtest.h>

#include <limits>

#include "bascule/telemetry/json_line.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::telemetry {
namespace {

std::string escaped(std::string_view text) {
  std::string line;
  append_escaped(line, text);
  return line;
}

TEST(JsonLine, EscapesWhatWouldBreakALine) {
  EXPECT_EQ(escaped("plain"), "plain");
  EXPECT_EQ(escaped("a\"b\\c\nd\re\tf"), R"(a\"b\\c\nd\re\tf)");
  EXPECT_EQ(escaped(std::string_view("\0\x1f\x7f", 3)), R"(\u0000\u001f\u007f)");
}

TEST(JsonLine, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(escaped("h\xC3\xA9 \xF0\x9F\x98\x80"), "h\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(escaped("\xff"), R"(\ufffd)");
  EXPECT_EQ(escaped("\xC3"), R"(\ufffd)");                      // cut short
  EXPECT_EQ(escaped("\xED\xA0\x80"), R"(\ufffd\ufffd\ufffd)");  // a surrogate
  EXPECT_EQ(escaped("\xC0\xAF"), R"(\ufffd\ufffd)");            // overlong
}

TEST(Log, FieldsOfEveryType) {
  EXPECT_EQ(
      format_line(Level::warn, "p", "m",
                  {{"s", "x\"y"},
                   {"i", -1},
                   {"u", 18446744073709551615u},
                   {"d", 0.5},
                   {"b", true},
                   {"nan", std::numeric_limits<double>::quiet_NaN()}},
                  {}),
      R"("level":"warn","process":"p","msg":"m","s":"x\"y","i":-1,"u":18446744073709551615,"d":0.5,"b":true,"nan":null)");
}

TEST(Log, CarriesTheTraceId) {
  const auto trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_EQ(format_line(Level::info, "p", "m", {}, *trace),
            R"("level":"info","process":"p","msg":"m","trace_id":"0af7651916cd43dd8448eb211c80319c")");
}

TEST(Log, WritesOneJsonLineAndHonoursTheLevel) {
  log_start("test", Level::warn);
  testing::internal::CaptureStderr();
  info("not written");
  error("written", {{"what", "a\nb"}});
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(out.substr(0, 7), R"({"ts":")");
  EXPECT_EQ(out.substr(out.find(",\"level\"")),
            ",\"level\":\"error\",\"process\":\"test\",\"msg\":\"written\",\"what\":\"a\\nb\"}\n");
  EXPECT_EQ(out.find("not written"), std::string::npos);
}

TEST(Log, LevelsHaveNames) {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::error}) {
    EXPECT_EQ(level_from_string(to_string(level)), level);
  }
  EXPECT_EQ(level_from_string("verbose"), std::nullopt);
}

}  // namespace
}  // namespace bascule::telemetry
