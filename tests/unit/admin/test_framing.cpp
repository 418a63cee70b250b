// Which request heads are taken at all, parsed as the server parses them.
#include "bascule/daemon/framing.hpp"

#include <gtest/gtest.h>

#include <boost/beast/http.hpp>

namespace bascule {
namespace {

namespace http = boost::beast::http;

// 200 when it may go on; 0 when HTTP's own parser refuses it.
int judge(const std::string& head) {
  http::request_parser<http::string_body> parser;
  parser.eager(false);
  parser.body_limit(1U << 20);
  boost::system::error_code error;
  const std::string text = head + "\r\n\r\n";
  parser.put(boost::asio::buffer(text), error);
  if (error && error != http::error::need_more) return 0;
  const auto length = parser.content_length();
  const auto wrong =
      framing_error(parser.get().base(), length ? std::optional<std::uint64_t>(*length) : std::nullopt, 64);
  return wrong ? wrong->status : 200;
}

TEST(AdminFraming, WhatMayGoOn) {
  EXPECT_EQ(judge("GET /api/v1/queues HTTP/1.1\r\nHost: localhost"), 200);
  EXPECT_EQ(judge("GET /api/v1/queues HTTP/1.0"), 200);
  EXPECT_EQ(judge("POST /api/v1/queues/q/purge HTTP/1.1\r\nHost: a\r\nContent-Length: 64"), 200);
  EXPECT_EQ(judge("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue"), 200);
}

TEST(AdminFraming, WhatCouldBeReadInTwoWaysIsRefused) {
  const std::pair<int, const char*> cases[] = {
      {400, "GET /api HTTP/1.1"},
      {400, "GET /api HTTP/1.1\r\nHost: a\r\nHost: b"},
      {400, "GET /api HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer y"},
      {400, "GET http://evil/api HTTP/1.1\r\nHost: localhost"},
      {400, "OPTIONS * HTTP/1.1\r\nHost: localhost"},
      {400, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5"},
      {0, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6"},
      {0, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked"},
      {0, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: -5"},
      {0, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: +5"},
      {0, "POST /api HTTP/1.1\r\nHost : a"},
      {411, "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"},
      {411, "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked"},
      {411, "POST /api HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity"},
      {413, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 65"},
      {417, "POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: something"},
      {400, "GET /api HTTP/1.1\r\nHost: a\r\nUpgrade: h2c"},
  };
  for (const auto& [status, head] : cases) EXPECT_EQ(judge(head), status) << head;
}

}  // namespace
}  // namespace bascule
