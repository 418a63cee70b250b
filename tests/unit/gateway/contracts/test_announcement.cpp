#include <gtest/gtest.h>

#include "bascule/contracts/announcement.hpp"

namespace bascule::contracts {
namespace {

TEST(Announcement, IsReadFromJson) {
  const auto a = parse_announcement(
      R"({"service":"shop.Catalog","instance":"i1","address":"rpc.shop.Catalog","digest":"sha256:ab","state":"up","interval_ms":500})");
  ASSERT_TRUE(a);
  EXPECT_EQ(a->service, "shop.Catalog");
  EXPECT_EQ(a->instance, "i1");
  EXPECT_EQ(a->address, "rpc.shop.Catalog");
  EXPECT_EQ(a->digest, "sha256:ab");
  EXPECT_EQ(a->state, Announcement::State::up);
  EXPECT_EQ(a->interval, std::chrono::milliseconds(500));
  EXPECT_EQ(parse_announcement(R"({"state":"who"})")->state, Announcement::State::who);
}

TEST(Announcement, AnythingElseIsNone) {
  const std::string rest = R"("instance":"i","address":"a","digest":"d","state":"up")";
  EXPECT_TRUE(parse_announcement("{\"service\":\"s\"," + rest + "}"));
  for (const std::string& bad :
       {std::string(""), std::string("[]"), std::string("{"), std::string("{}"), "{" + rest + "}",
        "{\"service\":1," + rest + "}", "{\"service\":\"\"," + rest + "}",
        "{\"service\":\"" + std::string(256, 's') + "\"," + rest + "}", std::string(R"({"state":"sideways"})"),
        "{\"service\":\"s\"," + rest + "}" + std::string(5000, ' ')}) {
    EXPECT_FALSE(parse_announcement(bad)) << bad.substr(0, 80);
  }
}

TEST(Announcement, IntervalsAreBounded) {
  const auto interval = [](const std::string& value) {
    return parse_announcement(
               R"({"service":"s","instance":"i","address":"a","digest":"d","state":"up","interval_ms":)" + value + "}")
        ->interval.count();
  };
  EXPECT_EQ(interval("0"), 100);
  EXPECT_EQ(interval("-5"), 100);
  EXPECT_EQ(interval("9999999999"), 60'000);
  EXPECT_EQ(interval("\"x\""), 2000);
}

}  // namespace
}  // namespace bascule::contracts
