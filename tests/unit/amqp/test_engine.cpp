#include <gtest/gtest.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/transport.h>

#include <vector>

#include "bascule/amqp/engine.hpp"
#include "bascule/amqp/sasl_client.hpp"
#include "bascule/amqp/sasl_server.hpp"
#include "unit/amqp/options.hpp"

namespace bascule::amqp {
namespace {

using test::options;

// Two engines joined by copying bytes: a whole exchange without a socket.
struct Pair {
  Pair() : Pair(options(false), options(true)) {}
  Pair(const EngineOptions& client_options, const EngineOptions& server_options)
      : client(client_options), server(server_options) {}

  Engine client, server;
  std::vector<pn_event_type_t> client_events, server_events;
  std::size_t chunk = SIZE_MAX;  // bytes carried at a time

  bool carry(Engine& from, Engine& to) {
    const auto bytes = from.write_buffer();
    if (bytes.empty()) return false;
    const auto part = bytes.substr(0, chunk);
    const bool taken = to.push(part);
    from.write_done(part.size());
    return taken;
  }
  static void drain(Engine& engine, std::vector<pn_event_type_t>& seen) {
    while (auto* const event = engine.next_event()) seen.push_back(pn_event_type(event));
  }
  void run() {
    for (bool moved = true; moved;) {
      drain(client, client_events);
      drain(server, server_events);
      moved = carry(client, server);
      moved = carry(server, client) || moved;
    }
  }
};

std::string sasl_init(const std::string& response) {
  std::string body;
  Writer w(body);
  w.descriptor(sasl::init);
  const auto mark = w.begin_list();
  w.symbol("PLAIN");
  w.binary(response);
  w.end(mark, 2);
  return std::string{0, 0, 0, static_cast<char>(body.size() + 8), 2, 1, 0, 0} + body;
}

bool saw(const std::vector<pn_event_type_t>& events, pn_event_type_t type) {
  return std::find(events.begin(), events.end(), type) != events.end();
}

class EngineExchange : public testing::TestWithParam<std::size_t> {};

TEST_P(EngineExchange, OpensAndCloses) {
  Pair pair;
  pair.chunk = GetParam();
  pn_connection_open(pair.client.connection());
  pair.run();
  ASSERT_TRUE(saw(pair.server_events, PN_CONNECTION_REMOTE_OPEN));
  EXPECT_STREQ(pn_connection_remote_container(pair.server.connection()), "client");
  pn_connection_open(pair.server.connection());
  pair.run();
  EXPECT_TRUE(saw(pair.client_events, PN_CONNECTION_REMOTE_OPEN));
  pn_connection_close(pair.client.connection());
  pair.run();
  pn_connection_close(pair.server.connection());
  pair.run();
  pair.client.read_close();
  pair.server.read_close();
  pair.run();
  EXPECT_TRUE(pair.client.finished());
}

// A server that knows one password, and checks it when it is told to.
struct OneUser final : Authenticator {
  bool admits() override { return true; }
  Keys keys_of(std::string_view) override { return {ScramKeys::derive("secret", "salt", 4096), true}; }
  void check(const std::string&, std::string password, UniqueFunction<void(Verdict)> done) override {
    verdict = password == "secret" ? Verdict::right : Verdict::wrong;
    late ? static_cast<void>(held = std::move(done)) : done(verdict);
  }
  void tried(std::string_view, Mechanism, bool) override {}
  bool late = false;
  Verdict verdict = Verdict::wrong;
  UniqueFunction<void(Verdict)> held;
};

struct LoginPair : Pair {
  LoginPair(Mechanism mechanism, const std::string& password, std::shared_ptr<OneUser> users)
      : Pair(logging_in(password), asking(mechanism, std::move(users))) {}
  static EngineOptions logging_in(const std::string& password) {
    auto o = options(false);
    o.sasl = std::make_shared<SaslClient>(
        SaslClientOptions{.user = "alice", .password = password, .may_send_password = true});
    return o;
  }
  static EngineOptions asking(Mechanism mechanism, std::shared_ptr<OneUser> users) {
    auto o = options(true);
    o.sasl = std::make_shared<SaslServer>(SaslServerOptions{{mechanism}, {}}, std::move(users));
    return o;
  }
};

TEST_P(EngineExchange, ALoginComesFirst) {
  for (const auto mechanism : {Mechanism::plain, Mechanism::scram_sha_256}) {
    LoginPair pair(mechanism, "secret", std::make_shared<OneUser>());
    pair.chunk = GetParam();
    pn_connection_open(pair.client.connection());
    pair.run();
    EXPECT_TRUE(saw(pair.server_events, PN_CONNECTION_REMOTE_OPEN)) << to_string(mechanism);
  }
}

TEST_P(EngineExchange, AWrongLoginOpensNothing) {
  for (const auto mechanism : {Mechanism::plain, Mechanism::scram_sha_256}) {
    LoginPair pair(mechanism, "hunter2", std::make_shared<OneUser>());
    pair.chunk = GetParam();
    pn_connection_open(pair.client.connection());
    pair.run();
    EXPECT_FALSE(saw(pair.server_events, PN_CONNECTION_REMOTE_OPEN));
    EXPECT_TRUE(pair.server.read_buffer().empty()) << "nothing more may be read";
    EXPECT_TRUE(pair.server.write_buffer().empty()) << "and no OPEN follows the outcome";
    EXPECT_STREQ(pn_condition_get_name(pn_transport_condition(pair.client.transport())), "amqp:unauthorized-access");
  }
}

TEST_P(EngineExchange, WhatComesBehindAPasswordWaitsForItsVerdict) {
  for (const bool right : {true, false}) {
    const auto users = std::make_shared<OneUser>();
    users->late = true;
    LoginPair pair(Mechanism::plain, "not used", users);
    // A client that does not wait: password, protocol header and OPEN at once.
    std::string eager("AMQP\x03\x01\x00\x00", 8);
    eager += sasl_init(right ? std::string("\0alice\0secret", 13) : std::string("\0alice\0hunter", 13));
    eager +=
        std::string("AMQP\x00\x01\x00\x00", 8) + std::string(
                                                     "\x00\x00\x00\x11\x02\x00\x00\x00\x00\x53\x10\xc0\x04\x01\xa1\x01"
                                                     "c",
                                                     17);
    for (std::size_t at = 0; at<eager.size(); at += GetParam()> eager.size() ? eager.size() : GetParam()) {
      pair.server.push(std::string_view(eager).substr(at, GetParam()));
    }
    Pair::drain(pair.server, pair.server_events);
    EXPECT_FALSE(saw(pair.server_events, PN_CONNECTION_REMOTE_OPEN)) << "not before the verdict";
    users->held(users->verdict);
    while (!pair.server.write_buffer().empty()) {
      pair.server.write_done(pair.server.write_buffer().size());
      Pair::drain(pair.server, pair.server_events);
    }
    Pair::drain(pair.server, pair.server_events);
    EXPECT_EQ(saw(pair.server_events, PN_CONNECTION_REMOTE_OPEN), right);
  }
}

INSTANTIATE_TEST_SUITE_P(Chunks, EngineExchange, testing::Values(1, 7, 64, SIZE_MAX));

TEST(Engine, RefusedBytesCloseTheConnectionWithTheReason) {
  Pair pair;
  pn_connection_open(pair.client.connection());
  pair.run();
  pn_connection_open(pair.server.connection());
  pair.run();
  const char bomb[] = "\x00\x00\x00\x07\x02\x00\x00\x00";
  EXPECT_FALSE(pair.server.push({bomb, 8}));
  EXPECT_TRUE(pair.server.read_buffer().empty()) << "nothing more may be read";
  pair.run();
  auto* const condition = pn_connection_remote_condition(pair.client.connection());
  EXPECT_STREQ(pn_condition_get_name(condition), "amqp:connection:framing-error");
}

TEST(Engine, ASilentPeerIsGivenUp) {
  auto o = options(true);
  o.idle_timeout = std::chrono::milliseconds(1000);
  Engine server(o);
  Engine client(options(false));
  pn_connection_open(client.connection());
  pn_connection_open(server.connection());
  const auto start = Clock::time_point(std::chrono::hours(1));
  for (int i = 0; i < 8; ++i) {
    for (Engine* e : {&client, &server}) {
      while (e->next_event() != nullptr) {
      }
    }
    auto bytes = client.write_buffer();
    if (!bytes.empty() && server.push(bytes)) client.write_done(bytes.size());
    bytes = server.write_buffer();
    if (!bytes.empty() && client.push(bytes)) server.write_done(bytes.size());
  }
  const auto next = server.tick(start);
  ASSERT_FALSE(next.is_never());
  server.tick(start + std::chrono::milliseconds(500));
  server.tick(start + std::chrono::milliseconds(1100));
  std::vector<pn_event_type_t> events;
  Pair::drain(server, events);
  EXPECT_TRUE(saw(events, PN_TRANSPORT_ERROR));
}

}  // namespace
}  // namespace bascule::amqp
