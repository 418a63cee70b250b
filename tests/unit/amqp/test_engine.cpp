#include <gtest/gtest.h>
#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/transport.h>

#include <vector>

#include "bascule/amqp/engine.hpp"

namespace bascule::amqp {
namespace {

EngineOptions options(bool server) {
  EngineOptions o;
  o.server = server;
  o.container_id = server ? "server" : "client";
  return o;
}

// Two engines joined by copying bytes: a whole exchange without a socket.
struct Pair {
  Engine client{options(false)}, server{options(true)};
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
