#include <gtest/gtest.h>

#include "bascule/http/date.hpp"
#include "bascule/http/response.hpp"

namespace bascule::http {
namespace {

std::string bytes(const Response& response, const Framing& framing) {
  std::string out;
  write(out, response, framing);
  return out;
}

TEST(Response, IsWrittenWithDateTypeAndLength) {
  Response response;
  response.status = 201;
  response.content_type = "application/json";
  response.body = "{}";
  ASSERT_TRUE(response.add("x-request-id", "7"));
  EXPECT_EQ(bytes(response, {"date: D\r\n", true, false, false}),
            "HTTP/1.1 201 Created\r\ndate: D\r\ncontent-type: application/json\r\ncontent-length: "
            "2\r\nx-request-id: 7\r\n\r\n{}");
  EXPECT_EQ(bytes(response, {"", false, false, true}),
            "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-request-id: "
            "7\r\nconnection: close\r\n\r\n");
}

TEST(Response, NoContentHasNoLength) {
  Response response;
  response.status = 204;
  EXPECT_EQ(bytes(response, {"", true, true, false}), "HTTP/1.1 204 No Content\r\nconnection: keep-alive\r\n\r\n");
}

TEST(Response, AFieldCannotBeSplit) {
  Response response;
  for (const std::string_view bad : {std::string_view("a\r\nSet-Cookie: x"), std::string_view("a\nb"),
                                     std::string_view("a\0b", 3), std::string_view("\x7f")}) {
    EXPECT_FALSE(response.add("x", bad));
  }
  EXPECT_FALSE(response.add("x y", "a"));
  EXPECT_FALSE(response.add("", "a"));
  EXPECT_FALSE(response.add("x:", "a"));
  EXPECT_EQ(response.fields, "");
}

TEST(Date, IsImfFixdate) {
  EXPECT_EQ(imf_fixdate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  DateCache cache;
  EXPECT_EQ(cache.line(784111777), "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(cache.line(784111778), "date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

}  // namespace
}  // namespace bascule::http
