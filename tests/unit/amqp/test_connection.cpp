// Connections over streams in memory: when they write.
#include <gtest/gtest.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>

#include <functional>
#include <vector>

#include "../support/memory_stream.hpp"
#include "bascule/amqp/connection.hpp"
#include "unit/amqp/options.hpp"

namespace bascule::amqp {
namespace {

constexpr int burst = 64;
const std::string payload(200, 'x');

using test::options;

struct Handler final : EventHandler {
  std::function<void(Connection&, pn_event_t*)> on = [](Connection&, pn_event_t*) {};
  void on_event(Connection& connection, pn_event_t* event) override {
    switch (pn_event_type(event)) {
      case PN_CONNECTION_REMOTE_OPEN: pn_connection_open(connection.engine()); break;
      case PN_SESSION_REMOTE_OPEN: pn_session_open(pn_event_session(event)); break;
      default: break;
    }
    on(connection, event);
  }
  void on_closed(Connection&, std::string_view) override {}
};

/// Tells when bytes are written.
class WatchedStream final : public Stream {
 public:
  WatchedStream(std::unique_ptr<Stream> inner, std::function<void()> written)
      : inner_(std::move(inner)), written_(std::move(written)) {}
  void async_read(std::span<char> buffer, ReadDone done) override { inner_->async_read(buffer, std::move(done)); }
  std::size_t try_read(std::span<char> buffer, error_code& error) override { return inner_->try_read(buffer, error); }
  std::size_t try_write(std::string_view bytes, error_code& error) override {
    written_();
    return inner_->try_write(bytes, error);
  }
  void async_wait_writable(WriteReady ready) override { inner_->async_wait_writable(std::move(ready)); }
  void close() noexcept override { inner_->close(); }
  const std::string& peer() const noexcept override { return inner_->peer(); }
  bool confidential() const noexcept override { return inner_->confidential(); }

 private:
  std::unique_ptr<Stream> inner_;
  std::function<void()> written_;
};

// A producer's burst comes in on one connection, and each message makes another connection of the same loop write: the
// shape of a broker.
struct Relay {
  Loop loop;
  Handler producer, incoming, outgoing, consumer;
  std::vector<std::shared_ptr<Connection>> connections;
  std::shared_ptr<Connection> out;
  pn_link_t* asking = nullptr;
  int received = 0;
  std::vector<int> received_at_write;  // messages seen when `out` wrote

  std::shared_ptr<Connection> add(std::unique_ptr<Stream> stream, bool server, Handler& handler) {
    connections.push_back(std::make_shared<Connection>(loop, std::move(stream), options(server), handler));
    return connections.back();
  }

  Relay() {
    auto [client_end, server_end] = test::MemoryStream::pair(loop);
    auto [out_end, consumer_end] = test::MemoryStream::pair(loop);
    incoming.on = [this](Connection&, pn_event_t* event) { on_incoming(event); };
    producer.on = [this](Connection& connection, pn_event_t* event) { on_producer(connection, event); };
    add(std::move(server_end), true, incoming);
    add(std::move(consumer_end), true, consumer);
    auto watched = std::make_unique<WatchedStream>(std::move(out_end), [this] {
      if (received > 0) received_at_write.push_back(received);
    });
    out = add(std::move(watched), false, outgoing);
    const auto client = add(std::move(client_end), false, producer);
    pn_connection_open(out->engine());
    auto* const asking_session = pn_session(out->engine());
    pn_session_open(asking_session);
    asking = pn_receiver(asking_session, "asking");
    pn_link_open(asking);
    pn_connection_open(client->engine());
    auto* const session = pn_session(client->engine());
    pn_session_open(session);
    pn_link_open(pn_sender(session, "burst"));
    for (const auto& connection : connections) connection->start();
  }

  // A connection that reads holds itself.
  ~Relay() {
    for (const auto& connection : connections) {
      connection->detach();
      connection->abort("the test is over");
    }
  }

  void on_incoming(pn_event_t* event) {
    if (pn_event_type(event) == PN_LINK_REMOTE_OPEN) {
      pn_link_open(pn_event_link(event));
      pn_link_flow(pn_event_link(event), burst);
    }
    if (pn_event_type(event) != PN_DELIVERY) return;
    std::string bytes(payload.size(), '\0');
    auto* const delivery = pn_event_delivery(event);
    pn_link_recv(pn_event_link(event), bytes.data(), bytes.size());
    pn_link_advance(pn_event_link(event));
    pn_delivery_settle(delivery);
    pn_link_flow(asking, 1);  // something for `out` to write
    out->wake();
    if (++received == burst) loop.post([this] { loop.stop(); });
  }

  void on_producer(Connection&, pn_event_t* event) {
    if (pn_event_type(event) != PN_LINK_FLOW) return;
    auto* const link = pn_event_link(event);
    for (std::int64_t tag = 0; pn_link_credit(link) > 0; ++tag) {
      auto* const delivery = pn_delivery(link, pn_dtag(reinterpret_cast<const char*>(&tag), sizeof tag));
      pn_link_send(link, payload.data(), payload.size());
      pn_link_advance(link);
      pn_delivery_settle(delivery);
    }
  }
};

TEST(Connection, WhatTheFirstBytesOfATurnAskForIsWrittenBeforeTheRestIsRead) {
  Relay relay;
  relay.loop.run();
  ASSERT_FALSE(relay.received_at_write.empty());
  EXPECT_GT(relay.received_at_write.front(), 0);
  EXPECT_LT(relay.received_at_write.front(), burst / 2) << "the next process sleeps while this one reads all of it";
  EXPECT_LE(relay.received_at_write.size(), 8U) << "writes are shared by what a turn reads";
}

}  // namespace
}  // namespace bascule::amqp
