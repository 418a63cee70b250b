#include <gtest/gtest.h>

#include "reading.hpp"

namespace bascule::http::test {
namespace {

using State = MessageReader::State;

constexpr std::size_t steps[] = {1 << 20, 1, 2, 3, 7, 64};

void expect_outcome(const std::string& raw, const std::string& expect, const Limits& limits = {}) {
  for (const std::size_t step : steps) EXPECT_EQ(outcome(raw, step, limits), expect) << "in pieces of " << step;
}

TEST(MessageReader, ReadsRequestsOneBehindTheOther) {
  expect_outcome(
      "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /d HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
      "POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y;q=\"a "
      "b\"\r\nde\r\n000\r\nX: y\r\n\r\n"
      "DELETE /f HTTP/1.0\r\n\r\n",
      "GET /a?b=c [] POST /d [hello] POST /e [abcde] DELETE /f [] ");
}

TEST(MessageReader, TakesAbsoluteFormWhenItAgreesWithHost) {
  expect_outcome("GET http://H:80/a?b HTTP/1.1\r\nHost: h:80\r\n\r\n", "GET http://H:80/a?b [] ");
  Request request;
  request.target = "http://h:80/a/b?c=d";
  EXPECT_EQ(request.path(), "/a/b");
  EXPECT_EQ(request.query(), "c=d");
}

TEST(MessageReader, SkipsOneEmptyLineBeforeARequest) {
  expect_outcome("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / [] ");
  expect_outcome("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "400 request_line");
}

TEST(MessageReader, WaitsForTheRest) {
  expect_outcome("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell", "...");
  expect_outcome("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX:", "...");
}

Limits small() {
  Limits limits;
  limits.request_line = 64;
  limits.head = 128;
  limits.fields = 3;
  limits.body = 10;
  limits.chunk_extensions = 8;
  return limits;
}

std::string line_of(std::size_t bytes) { return "GET /" + std::string(bytes - 16, 'a') + " HTTP/1.1\r\n"; }

TEST(MessageReader, LimitsHoldAtTheBoundAndNotPastIt) {
  const auto post = [](const std::string& rest) { return "POST / HTTP/1.1\r\nHost: h\r\n" + rest; };
  const std::string host = "Host: h\r\n";
  expect_outcome(line_of(64) + host + "\r\n", "GET /" + std::string(48, 'a') + " [] ", small());
  expect_outcome(line_of(65) + host + "\r\n", "414 request_line_size", small());

  const std::string start = "GET / HTTP/1.1\r\n" + host;  // 25 bytes, the empty line is 2
  expect_outcome(start + "X: " + std::string(96, 'x') + "\r\n\r\n", "GET / [] ", small());
  expect_outcome(start + "X: " + std::string(97, 'x') + "\r\n\r\n", "431 head_size", small());

  expect_outcome(start + "a: 1\r\nb: 2\r\n\r\n", "GET / [] ", small());
  expect_outcome(start + "a: 1\r\nb: 2\r\nc: 3\r\n\r\n", "431 field_count", small());

  expect_outcome(post("Content-Length: 10\r\n\r\n0123456789"), "POST / [0123456789] ", small());
  expect_outcome(post("Content-Length: 11\r\n\r\n"), "413 body_size", small());
  const std::string chunked = post("Transfer-Encoding: chunked\r\n\r\n");
  expect_outcome(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", "POST / [0123456789] ", small());
  expect_outcome(chunked + "5\r\n01234\r\n6\r\n", "413 body_size", small());
  expect_outcome(chunked + "1;abc\r\nx\r\n1;def\r\ny\r\n0\r\n\r\n", "POST / [xy] ", small());
  expect_outcome(chunked + "1;abc\r\nx\r\n1;defg\r\n", "400 chunk_extension", small());
}

TEST(MessageReader, AnEndlessHeadIsRefusedBeforeItsEnd) {
  EXPECT_EQ(outcome("GET /" + std::string(10'000, 'a'), 100), "414 request_line_size");
  EXPECT_EQ(outcome("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'a'), 100), "431 head_size");
}

TEST(MessageReader, ManyTinyChunksHoldNoMoreThanTheBody) {
  std::string raw = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 50'000; ++i) raw += "1;a=bcdefg\r\nx\r\n";
  Limits limits;
  limits.chunk_extensions = 1 << 20;
  limits.body = 60'000;
  const std::string result = outcome(raw + "0\r\n\r\n", 4096, limits);
  EXPECT_EQ(result.size(), 50'000 + std::string("POST / [] ").size());
}

/// A reader with bytes put into it by hand.
struct Fixture {
  Limits limits;
  ReadBuffer buffer;
  MessageReader reader{limits, buffer};
  Clock::time_point start = Clock::now();

  State give(std::string_view bytes, Clock::duration after = {}) {
    buffer.make_room(reader.buffer_limit());
    std::copy(bytes.begin(), bytes.end(), buffer.space().begin());
    buffer.commit(bytes.size());
    return reader.feed(start + after);
  }
  int overdue_status(Clock::duration after) {
    const auto rejection = reader.overdue(start + after);
    return rejection ? rejection->status : 0;
  }
};

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(MessageReaderTime, IdleConnectionsAreClosedWithoutAWord) {
  Fixture f;
  f.give("");
  EXPECT_EQ(f.overdue_status(seconds(60)), 0);
  EXPECT_EQ(f.reader.overdue(f.start + seconds(60) + milliseconds(1))->sentence, "");
}

TEST(MessageReaderTime, AHeadHasTenSecondsFromItsFirstByte) {
  Fixture f;
  f.give("");
  f.give("GET / HT", seconds(30));
  f.give("TP/1.1\r\n", seconds(39));
  EXPECT_EQ(f.overdue_status(seconds(40)), 0);
  EXPECT_EQ(f.overdue_status(seconds(40) + milliseconds(1)), 408);
}

TEST(MessageReaderTime, ABodyMustKeepItsRateAfterTheGrace) {
  Fixture f;
  f.give("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
  f.give(std::string(5500, 'x'), seconds(1));
  EXPECT_EQ(f.overdue_status(seconds(10)), 0);
  EXPECT_EQ(f.overdue_status(seconds(11)), 0);  // 500 a second
  EXPECT_EQ(f.overdue_status(milliseconds(11'100)), 408);
}

TEST(MessageReader, ContinueIsWantedOnceAndOnlyBeforeTheBody) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  Fixture waiting;
  waiting.give(head);
  EXPECT_TRUE(waiting.reader.take_continue());
  EXPECT_FALSE(waiting.reader.take_continue());
  Fixture sent;
  sent.give(head + "a");
  EXPECT_FALSE(sent.reader.take_continue());
}

TEST(Request, DropsWhatConnectionNames) {
  Fixture f;
  f.give(
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-User-Id ,authorization\r\nX-User-Id: 1\r\n"
      "Authorization: b\r\nAccept: c\r\n\r\n");
  Request& request = f.reader.request();
  request.drop_hop_by_hop();
  EXPECT_EQ(request.find("x-user-id"), nullptr);
  EXPECT_EQ(request.find("authorization"), nullptr);
  EXPECT_EQ(request.find("connection"), nullptr);
  EXPECT_EQ(request.value("accept"), "c");
}

TEST(Request, KnowsWhetherTheConnectionGoesOn) {
  const auto keeps = [](const std::string& version, const std::string& field) {
    Fixture f;
    f.give("GET / HTTP/" + version + "\r\nHost: h\r\n" + field + "\r\n");
    return f.reader.request().keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
}

}  // namespace
}  // namespace bascule::http::test
