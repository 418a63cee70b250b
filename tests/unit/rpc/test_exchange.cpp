// The whole exchange of a call against a scripted peer, and again with the peer failing at every step of it.
#include <gtest/gtest.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/terminus.h>

#include "bascule/amqp/client.hpp"
#include "bascule/amqp/connection.hpp"
#include "bascule/amqp/message.hpp"
#include "bascule/rpc/client.hpp"
#include "bascule/rpc/server.hpp"
#include "bascule/rpc/wire.hpp"
#include "unit/support/memory_stream.hpp"

namespace bascule::rpc {
namespace {

// What the peer does at its fatal step.
enum class Failure { abort, close, detach, end };

// A broker of one connection: attaches what is asked, gives credit, and carries each message to the receiver attached to its
// address. At step `fatal` (one step an engine event) it fails instead.
class Peer final : public amqp::EventHandler {
 public:
  Peer(Loop& loop, std::unique_ptr<amqp::Stream> stream, int fatal, Failure failure)
      : fatal_(fatal), failure_(failure) {
    amqp::EngineOptions options;
    options.server = true;
    options.container_id = "peer";
    connection_ = std::make_shared<amqp::Connection>(loop, std::move(stream), options, *this);
    connection_->start();
  }
  ~Peer() {
    connection_->detach();
    connection_->abort("test over");
  }
  int steps = 0;
  bool answers = true;  // false: messages are swallowed

  void on_event(amqp::Connection& c, pn_event_t* event) override {
    const auto type = pn_event_type(event);
    if (type == PN_TRANSPORT || type == PN_CONNECTION_INIT || type == PN_CONNECTION_BOUND) return;
    if (steps++ == fatal_) {
      switch (failure_) {
        case Failure::abort: return c.abort("fatal step");
        case Failure::close: return c.close("amqp:internal-error", "fatal step");
        case Failure::detach:
          if (auto* const link = pn_event_link(event)) {
            pn_condition_set_name(pn_link_condition(link), "amqp:resource-deleted");
            pn_link_close(link);
            return c.wake();
          }
          break;
        case Failure::end: return end(c);
      }
    }
    switch (type) {
      case PN_CONNECTION_REMOTE_OPEN: pn_connection_open(c.engine()); break;
      case PN_SESSION_REMOTE_OPEN: pn_session_open(pn_event_session(event)); break;
      case PN_LINK_REMOTE_OPEN: attach(pn_event_link(event)); break;
      case PN_DELIVERY: deliver(pn_event_delivery(event)); break;
      case PN_LINK_REMOTE_CLOSE: pn_link_close(pn_event_link(event)); break;
      case PN_CONNECTION_REMOTE_CLOSE: pn_connection_close(c.engine()); break;
      default: break;
    }
    c.wake();
  }
  void on_closed(amqp::Connection&, std::string_view) override { receivers_.clear(); }
  /// Ends the session, as RabbitMQ does with one that failed.
  void end() { end(*connection_); }

 private:
  static void end(amqp::Connection& connection) {
    auto* const session = pn_session_head(connection.engine(), PN_REMOTE_ACTIVE);
    if (session == nullptr) return;
    pn_condition_set_name(pn_session_condition(session), "amqp:internal-error");
    pn_condition_set_description(pn_session_condition(session), "it failed");
    pn_session_close(session);
    connection.wake();
  }
  void attach(pn_link_t* link) {
    pn_terminus_copy(pn_link_source(link), pn_link_remote_source(link));
    pn_terminus_copy(pn_link_target(link), pn_link_remote_target(link));
    if (pn_link_is_sender(link)) {  // the client receives
      auto* const source = pn_link_source(link);
      if (pn_terminus_is_dynamic(pn_link_remote_source(link))) pn_terminus_set_address(source, "reply/1");
      receivers_[pn_terminus_get_address(source)] = link;
    }
    pn_link_open(link);
    if (pn_link_is_receiver(link)) pn_link_flow(link, 100);
  }
  void deliver(pn_delivery_t* delivery) {
    auto* const link = pn_delivery_link(delivery);
    if (!pn_link_is_receiver(link)) return pn_delivery_settle(delivery);
    std::string bytes(pn_delivery_pending(delivery), '\0');
    pn_link_recv(link, bytes.data(), bytes.size());
    pn_link_advance(link);
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    const auto to = std::string(amqp::MessageView::parse(bytes)->properties().to);
    const auto found = receivers_.find(to);
    if (!answers || found == receivers_.end()) return;
    char tag[4] = {static_cast<char>(++tag_)};
    auto* const out = pn_delivery(found->second, pn_dtag(tag, 4));
    pn_link_send(found->second, bytes.data(), bytes.size());
    pn_link_advance(found->second);
    (void)out;
  }

  std::shared_ptr<amqp::Connection> connection_;
  std::map<std::string, pn_link_t*> receivers_;
  int fatal_;
  Failure failure_;
  int tag_ = 0;
};

struct Exchange {
  Loop loop;
  std::vector<std::unique_ptr<Peer>> peers;
  int fatal;
  Failure failure;
  std::unique_ptr<amqp::Client> connection;
  std::unique_ptr<Server> server;
  std::unique_ptr<Client> client;

  explicit Exchange(int fatal_step = -1, Failure how = Failure::abort) : fatal(fatal_step), failure(how) {
    amqp::ClientOptions options;
    options.reconnect_min = options.reconnect_max = options.link_retry = std::chrono::milliseconds(1);
    options.connector = [this](auto done) -> std::function<void()> {
      auto [mine, theirs] = test::MemoryStream::pair(loop);
      // Only the first peer fails.
      peers.push_back(std::make_unique<Peer>(loop, std::move(theirs), peers.empty() ? fatal : -1, failure));
      loop.post([d = std::move(done), stream = std::move(mine)]() mutable { d({}, std::move(stream)); });
      return [] {};
    };
    connection = std::make_unique<amqp::Client>(loop, options);
    server = std::make_unique<Server>(*connection, ServerOptions{"rpc.test.Echo", 8},
                                      [](IncomingCall call) { call.reply("echo " + call.body); });
    client = std::make_unique<Client>(*connection);
    connection->start();
  }
  template <class Condition>
  bool run_until(Condition condition, std::chrono::seconds limit = std::chrono::seconds(20)) {
    const auto until = Clock::now() + limit;
    while (!condition() && Clock::now() < until) loop.context().run_one_until(until);
    return condition();
  }
  static OutgoingCall call(Deadline deadline = Deadline::after(std::chrono::seconds(10))) {
    OutgoingCall c;
    c.address = "rpc.test.Echo";
    c.method = "echo";
    c.body = "hello";
    c.options.deadline = deadline;
    return c;
  }
};

TEST(RpcExchange, ACallIsAnswered) {
  Exchange x;
  std::optional<Reply> reply;
  ASSERT_TRUE(x.run_until([&] { return x.connection->connected(); }));
  x.client->start(Exchange::call(), [&](Reply&& r) { reply = std::move(r); });
  EXPECT_FALSE(reply) << "never inside start()";
  ASSERT_TRUE(x.run_until([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, Errc::ok) << reply->message;
  EXPECT_EQ(reply->body, "echo hello");
}

TEST(RpcExchange, WithoutAConnectionACallFailsAtOnce) {
  Exchange x;
  std::optional<Reply> reply;
  x.client->start(Exchange::call(), [&](Reply&& r) { reply = std::move(r); });
  ASSERT_TRUE(x.run_until([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, Errc::unavailable);
}

TEST(RpcExchange, WhyTheBrokerEndedTheSessionIsTold) {
  Exchange x;
  ASSERT_TRUE(x.run_until([&] { return x.connection->connected() && x.server->attached(); }));
  x.peers[0]->answers = false;
  std::optional<Reply> reply;
  x.client->start(Exchange::call(), [&](Reply&& r) { reply = std::move(r); });
  x.peers[0]->end();
  ASSERT_TRUE(x.run_until([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, Errc::unavailable);
  EXPECT_NE(reply->message.find("the broker ended the session: it failed"), std::string::npos) << reply->message;
}

TEST(RpcExchange, ASilentServiceMeetsTheDeadline) {
  Exchange x;
  ASSERT_TRUE(x.run_until([&] { return x.connection->connected(); }));
  x.peers[0]->answers = false;
  std::optional<Reply> reply;
  x.client->start(Exchange::call(Deadline::after(std::chrono::milliseconds(30))),
                  [&](Reply&& r) { reply = std::move(r); });
  ASSERT_TRUE(x.run_until([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error, Errc::deadline_exceeded);
  EXPECT_EQ(x.client->in_flight(), 0u);
}

TEST(RpcExchange, ACancelledCallEndsOnceAndItsReplyIsLate) {
  Exchange x;
  ASSERT_TRUE(x.run_until([&] { return x.connection->connected(); }));
  std::vector<Errc> ends;
  const auto id = x.client->start(Exchange::call(), [&](Reply&& r) { ends.push_back(r.error); });
  x.client->cancel(id);
  ASSERT_TRUE(x.run_until([&] { return x.client->counters().late_replies == 1; }));
  EXPECT_EQ(ends, std::vector{Errc::cancelled});
}

TEST(RpcExchange, TheBoundRefusesTheNextCall) {
  Exchange x;
  x.client = std::make_unique<Client>(*x.connection, ClientOptions{2});
  ASSERT_TRUE(x.run_until([&] { return x.connection->connected(); }));
  std::vector<Errc> ends;
  for (int i = 0; i < 3; ++i) x.client->start(Exchange::call(), [&](Reply&& r) { ends.push_back(r.error); });
  ASSERT_TRUE(x.run_until([&] { return ends.size() == 3; }));
  EXPECT_EQ(std::count(ends.begin(), ends.end(), Errc::resource_exhausted), 1);
}

// Every step of connecting, attaching, sending, receiving and settling is made to fail once: the call must end exactly once,
// and the next call, on the connection made anew, must succeed.
class FailingExchange : public testing::TestWithParam<Failure> {};

TEST_P(FailingExchange, AtEveryStepEndsTheCallOnceAndHeals) {
  int steps = 0;
  {
    Exchange undisturbed;
    std::optional<Reply> reply;
    ASSERT_TRUE(undisturbed.run_until([&] { return undisturbed.connection->connected(); }));
    undisturbed.client->start(Exchange::call(), [&](Reply&& r) { reply = std::move(r); });
    ASSERT_TRUE(undisturbed.run_until([&] { return reply.has_value(); }));
    steps = undisturbed.peers[0]->steps;
  }
  EXPECT_GT(steps, 8) << "the exchange has more steps than that";
  for (int fatal = 0; fatal <= steps; ++fatal) {
    SCOPED_TRACE("fatal step " + std::to_string(fatal));
    Exchange x(fatal, GetParam());
    int ends = 0;
    Errc end = Errc::ok;
    x.run_until([&] { return x.connection->connected(); });
    // A link that the peer drops may take a message with it that was sent settled: then only the deadline tells. A lost
    // connection ends its calls at once, whatever their deadline.
    const bool may_expire = GetParam() == Failure::detach;
    const auto deadline = may_expire ? std::chrono::milliseconds(200) : std::chrono::milliseconds(60'000);
    x.client->start(Exchange::call(Deadline::after(deadline)), [&](Reply&& r) {
      ++ends;
      end = r.error;
    });
    ASSERT_TRUE(x.run_until([&] { return ends > 0; })) << "the call never ended";
    EXPECT_TRUE(end == Errc::ok || end == Errc::unavailable || (may_expire && end == Errc::deadline_exceeded))
        << to_string(end);
    bool healed = false;
    while (!healed) {
      std::optional<Reply> reply;
      ASSERT_TRUE(x.run_until([&] { return x.connection->connected(); }));
      x.client->start(Exchange::call(Deadline::after(std::chrono::milliseconds(300))),
                      [&](Reply&& r) { reply = std::move(r); });
      ASSERT_TRUE(x.run_until([&] { return reply.has_value(); }));
      healed = reply->error == Errc::ok;
    }
    EXPECT_EQ(ends, 1);
  }
}

std::string name_of(const testing::TestParamInfo<Failure>& tested) {
  constexpr const char* names[] = {"aborts", "closes", "detaches", "ends"};
  return names[static_cast<int>(tested.param)];
}
INSTANTIATE_TEST_SUITE_P(Peer, FailingExchange,
                         testing::Values(Failure::abort, Failure::close, Failure::detach, Failure::end), name_of);

}  // namespace
}  // namespace bascule::rpc
