// Connection over a scripted stream: no socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <cstring>

#include "bascule/http/connection.hpp"

namespace bascule::http {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// What the connection did to its stream, and the open read.
struct Script {
  std::span<char> space;
  UniqueFunction<void(error_code, std::size_t)> read;
  UniqueFunction<void(error_code)> writable;
  std::string written;
  std::vector<std::size_t> writes;
  std::size_t accept = std::string::npos;  ///< bytes a write takes before it would block
  bool finished = false, closed = false, broken = false;
};

class ScriptedStream final : public Stream {
 public:
  explicit ScriptedStream(Script& script) : script_(script) {}
  void read(std::span<char> space, UniqueFunction<void(error_code, std::size_t)> done) override {
    script_.space = space;
    script_.read = std::move(done);
  }
  std::size_t write_some(std::string_view bytes, error_code& error) override {
    if (script_.broken) return error = boost::asio::error::broken_pipe, 0;
    const std::size_t n = std::min(bytes.size(), script_.accept);
    script_.accept -= script_.accept == std::string::npos ? 0 : n;
    script_.written.append(bytes.substr(0, n));
    if (n > 0) script_.writes.push_back(n);
    return n;
  }
  void wait_writable(UniqueFunction<void(error_code)> done) override { script_.writable = std::move(done); }
  void finish_writing() override { script_.finished = true; }
  void close() override { script_.closed = true; }
  const std::string& peer() const noexcept override { return peer_; }

 private:
  Script& script_;
  std::string peer_ = "192.0.2.1";
};

/// Answers "/now" at once; keeps everything else until answer().
struct Recorder final : Session {
  explicit Recorder(Responder& r) : responder(r) {}
  void begin(Request& request, Response& to) override {
    seen.push_back(std::string(request.target) + " " + std::string(request.body));
    response = &to;
    if (request.target == "/now") answer("now");
  }
  void refuse(const Rejection& rejection, Response& to) override {
    to.status = rejection.status;
    to.body = rejection.rule;
  }
  void abandon() override { abandoned = true; }
  void answer(std::string body) {
    response->body = std::move(body);
    responder.respond();
  }

  Responder& responder;
  Response* response = nullptr;
  std::vector<std::string> seen;
  bool abandoned = false;
};

struct ConnectionTest : testing::Test {
  Script script;
  Limits limits;
  DateCache dates;
  std::shared_ptr<Recorder> session;
  std::shared_ptr<Connection> connection;
  bool ended = false;

  void start() {
    connection = std::make_shared<Connection>(std::make_unique<ScriptedStream>(script), limits, dates);
    connection->on_closed([this] { ended = true; });
    connection->start([this](Responder& responder) { return session = std::make_shared<Recorder>(responder); });
  }
  void receive(std::string_view bytes) {
    while (!bytes.empty()) {
      ASSERT_TRUE(script.read) << "the connection does not read";
      const std::size_t n = std::min(bytes.size(), script.space.size());
      std::memcpy(script.space.data(), bytes.data(), n);
      bytes.remove_prefix(n);
      std::exchange(script.read, nullptr)({}, n);
    }
  }
  void end_of_stream() { std::exchange(script.read, nullptr)(boost::asio::error::eof, 0); }
  static std::string get(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"; }
};

TEST_F(ConnectionTest, AnswersAndGoesOn) {
  start();
  receive(get("/a"));
  EXPECT_THAT(session->seen, ElementsAre("/a "));
  EXPECT_EQ(script.written, "");
  session->answer("one");
  EXPECT_THAT(script.written, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(script.written, EndsWith("\r\n\r\none"));
  receive(get("/b"));
  session->answer("two");
  EXPECT_THAT(script.written, EndsWith("two"));
  EXPECT_FALSE(ended);
}

TEST_F(ConnectionTest, PipelinedResponsesKeepOrderAndAreWrittenOnce) {
  start();
  receive(get("/now") + get("/now") + get("/now"));
  EXPECT_EQ(script.writes.size(), 1u);
  receive(get("/a") + get("/now"));
  EXPECT_EQ(session->seen.size(), 4u) << "one request at a time";
  session->answer("first");
  EXPECT_EQ(script.writes.size(), 2u);
  EXPECT_LT(script.written.rfind("first"), script.written.rfind("now"));
}

TEST_F(ConnectionTest, RequestViewsSurviveWhatIsReadMeanwhile) {
  start();
  std::string body(100, 'b');
  receive("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n" + body);
  const std::string_view target = "/p";
  while (script.read)
    receive(std::string(std::min<std::size_t>(512, script.space.size()),
                        'G'));  // until it reads no more: pipelining is bounded
  EXPECT_THAT(session->seen, ElementsAre(std::string(target) + " " + body));
}

TEST_F(ConnectionTest, AClientThatGoesAbandonsItsRequest) {
  start();
  receive(get("/a"));
  end_of_stream();
  EXPECT_TRUE(session->abandoned);
  EXPECT_TRUE(script.closed);
  EXPECT_TRUE(ended);
  session->responder.respond();  // too late: nothing happens
  EXPECT_EQ(script.written, "");
}

TEST_F(ConnectionTest, ARefusedRequestIsAnsweredAndTheConnectionCloses) {
  start();
  receive("GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n" + get("/now"));
  EXPECT_THAT(script.written, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_THAT(script.written, HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(session->seen.empty()) << "nothing behind a bad message is served";
  EXPECT_TRUE(script.finished);
  EXPECT_FALSE(script.closed) << "what still comes is read, so that the answer is not lost";
  receive("more");
  end_of_stream();
  EXPECT_TRUE(script.closed);
}

TEST_F(ConnectionTest, LingeringEnds) {
  start();
  receive("X\r\n\r\n");
  connection->tick(Clock::now() + limits.linger_time + std::chrono::seconds(1));
  EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, ASlowReaderGetsTheRestLaterOrIsClosed) {
  script.accept = 10;
  start();
  receive(get("/now"));
  EXPECT_EQ(script.written.size(), 10u);
  ASSERT_TRUE(script.writable);
  script.accept = std::string::npos;
  std::exchange(script.writable, nullptr)({});
  EXPECT_THAT(script.written, EndsWith("now"));
  script.accept = 0;
  receive(get("/now"));
  connection->tick(Clock::now() + limits.write_time + std::chrono::seconds(1));
  EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, ABacklogStopsServingUntilItShrinks) {
  limits.write_backlog = 50;
  script.accept = 0;
  start();
  receive(get("/now") + get("/now"));
  EXPECT_EQ(session->seen.size(), 1u);
  script.accept = std::string::npos;
  std::exchange(script.writable, nullptr)({});
  EXPECT_EQ(session->seen.size(), 2u);
}

TEST_F(ConnectionTest, ABrokenWriteEnds) {
  start();
  receive(get("/a"));
  script.broken = true;
  session->answer("x");
  EXPECT_TRUE(ended);
}

TEST_F(ConnectionTest, SlowHeadsAreAnswered408AndIdleOnesClosed) {
  start();
  receive("GET / HT");
  connection->tick(Clock::now() + limits.head_time + std::chrono::seconds(1));
  EXPECT_THAT(script.written, StartsWith("HTTP/1.1 408 "));
  start();
  script.written.clear();
  connection->tick(Clock::now() + limits.idle_time + std::chrono::seconds(1));
  EXPECT_EQ(script.written, "");
  EXPECT_TRUE(script.closed);
}

TEST_F(ConnectionTest, DrainLetsTheOpenRequestFinish) {
  start();
  receive(get("/a"));
  connection->drain();
  EXPECT_FALSE(ended);
  session->answer("last");
  EXPECT_THAT(script.written, HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(script.finished);
  start();
  ended = false;
  connection->drain();
  EXPECT_TRUE(ended) << "an idle connection closes at once";
}

TEST_F(ConnectionTest, ContinueIsSentBeforeTheBody) {
  start();
  receive("POST /now HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(script.written, "HTTP/1.1 100 Continue\r\n\r\n");
  receive("ab");
  EXPECT_THAT(session->seen, ElementsAre("/now ab"));
}

TEST_F(ConnectionTest, HttpTenClosesUnlessAskedNotTo) {
  start();
  receive("GET /now HTTP/1.0\r\n\r\n");
  EXPECT_THAT(script.written, HasSubstr("connection: close\r\n"));
  script.written.clear();
  start();
  receive("GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(script.written, HasSubstr("connection: keep-alive\r\n"));
}

TEST_F(ConnectionTest, LargeUploadsGiveTheirMemoryBack) {
  start();
  receive("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'x'));
  EXPECT_FALSE(script.read);
  session->answer("x");
  ASSERT_TRUE(script.read);
  EXPECT_EQ(script.space.size(), 8u * 1024);
}

}  // namespace
}  // namespace bascule::http
