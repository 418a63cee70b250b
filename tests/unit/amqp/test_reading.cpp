// How a connection reads: a short piece first and longer ones behind it, each written about before the next is read, and the
// next turn begins with a short one again. On a stream that has it all at once, or ends in the middle.
#include <gtest/gtest.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <string>
#include <vector>

#include "bascule/amqp/connection.hpp"
#include "unit/amqp/options.hpp"

namespace bascule::amqp {
namespace {

constexpr int messages = 1000;
constexpr std::size_t first_piece = 4096, second_piece = 16 * 1024, largest = 64 * 1024;

using test::options;

/// A server that takes whatever comes and settles it: each piece it reads gives it something to write.
void serve(pn_event_t* event) {
  switch (pn_event_type(event)) {
    case PN_CONNECTION_REMOTE_OPEN: return pn_connection_open(pn_event_connection(event));
    case PN_SESSION_REMOTE_OPEN:
      // All that was said fits its window, in whatever pieces it is read.
      pn_session_set_incoming_capacity(pn_event_session(event), 64 << 20);
      return pn_session_open(pn_event_session(event));
    case PN_LINK_REMOTE_OPEN: pn_link_open(pn_event_link(event)); return pn_link_flow(pn_event_link(event), messages);
    case PN_DELIVERY: break;
    default: return;
  }
  auto* const delivery = pn_event_delivery(event);
  if (pn_delivery_partial(delivery)) return;
  pn_link_advance(pn_event_link(event));
  pn_delivery_update(delivery, PN_ACCEPTED);
  pn_delivery_settle(delivery);
}

/// Whether it had credit.
bool send_all(pn_event_t* event) {
  if (pn_event_type(event) != PN_LINK_FLOW) return false;
  const std::string body(400, 'x');
  auto* const link = pn_event_link(event);
  for (std::int64_t tag = 0; pn_link_credit(link) > 0; ++tag) {
    pn_delivery(link, pn_dtag(reinterpret_cast<const char*>(&tag), sizeof tag));
    pn_link_send(link, body.data(), body.size());
    pn_link_advance(link);
  }
  return true;
}

/// What a client says to such a server: until it has credit, and then 430 KB of messages.
struct Said {
  std::string opening, burst;
};
const Said& said() {
  static const Said all = [] {
    Engine client(options(false)), server(options(true));
    pn_connection_open(client.connection());
    auto* const session = pn_session(client.connection());
    pn_session_open(session);
    pn_link_open(pn_sender(session, "burst"));
    Said bytes;
    bool flowing = false;
    for (bool more = true; more;) {
      while (auto* const event = client.next_event()) flowing |= send_all(event);
      more = false;
      for (auto out = client.write_buffer(); !out.empty(); out = client.write_buffer()) {
        (flowing ? bytes.burst : bytes.opening) += out;
        server.push(std::string(out));
        client.write_done(out.size());
        while (auto* const event = server.next_event()) serve(event);
        more = true;
      }
      for (auto out = server.write_buffer(); !out.empty(); out = server.write_buffer()) {
        client.push(std::string(out));
        server.write_done(out.size());
        more = true;
      }
    }
    return bytes;
  }();
  return all;
}

struct Step {
  enum class What { read, read_more, write } what;
  std::size_t size;  ///< asked for
};

/// Has the opening, then these bytes at once and then nothing; writes down what is asked of it from then on.
class ScriptedStream final : public Stream {
 public:
  ScriptedStream(Loop& loop, std::string_view bytes, std::vector<Step>& steps)
      : loop_(loop), bytes_(bytes), steps_(steps) {}
  void async_read(std::span<char> buffer, ReadDone done) override {
    const bool opening = !opening_.empty();
    if (!opening) steps_.push_back({Step::What::read, buffer.size()});
    if (!opening && bytes_.empty()) return loop_.stop();
    loop_.post(
        [size = take(opening ? opening_ : bytes_, buffer), done = std::move(done)]() mutable { done({}, size); });
  }
  std::size_t try_read(std::span<char> buffer, error_code& error) override {
    steps_.push_back({Step::What::read_more, buffer.size()});
    if (bytes_.empty()) error = asio::error::would_block;
    return take(bytes_, buffer);
  }
  std::size_t try_write(std::string_view bytes, error_code&) override {
    if (!steps_.empty()) steps_.push_back({Step::What::write, bytes.size()});
    return bytes.size();
  }
  void async_wait_writable(WriteReady) override {}
  void close() noexcept override {}
  const std::string& peer() const noexcept override { return peer_; }
  bool confidential() const noexcept override { return true; }

 private:
  static std::size_t take(std::string_view& from, std::span<char> buffer) {
    const auto piece = from.substr(0, buffer.size());
    std::copy(piece.begin(), piece.end(), buffer.begin());
    from.remove_prefix(piece.size());
    return piece.size();
  }
  Loop& loop_;
  std::string_view opening_ = said().opening, bytes_;
  std::vector<Step>& steps_;
  const std::string peer_ = "script";
};

/// Another connection of the loop, for which each message has something.
struct Other final : EndOfTurn {
  explicit Other(std::vector<Step>& all) : steps(all) {}
  void ask(Loop& loop) {
    if (!std::exchange(asked, true)) loop.at_end_of_turn(*this);
  }
  void end_of_turn() override {
    asked = false;
    steps.push_back({Step::What::write, 0});
  }
  std::vector<Step>& steps;
  bool asked = false;
};

struct Server final : EventHandler {
  void on_event(Connection& connection, pn_event_t* event) override {
    serve(event);
    if (pn_event_type(event) != PN_DELIVERY) return;
    ++accepted;
    if (other != nullptr) other->ask(connection.loop());
  }
  void on_closed(Connection& connection, std::string_view reason) override {
    ADD_FAILURE() << "it closed: " << reason;
    connection.loop().stop();
  }
  int accepted = 0;
  Other* other = nullptr;
};

/// Alone on its loop, or beside another connection: they write by different ways.
class Reading : public testing::TestWithParam<int> {
 protected:
  std::vector<Step> steps_of(std::string_view bytes) {
    std::vector<Step> steps;
    Loop loop;
    Other other(steps);
    if (GetParam() == 2) {
      loop.stream_added();
      server.other = &other;
    }
    const auto connection =
        std::make_shared<Connection>(loop, std::make_unique<ScriptedStream>(loop, bytes, steps), options(true), server);
    connection->start();
    loop.run();
    EXPECT_EQ(connection->bytes_read(), said().opening.size() + bytes.size());
    connection->detach();
    loop.forget(other);
    return steps;
  }
  static std::vector<std::size_t> reads(const std::vector<Step>& steps) {
    std::vector<std::size_t> sizes;
    for (const Step& step : steps) {
      if (step.what != Step::What::write) sizes.push_back(step.size);
    }
    return sizes;
  }
  Server server;
};

TEST_P(Reading, PiecesGrowWithinATurnAndTheNextTurnBeginsWithAShortOne) {
  const auto steps = steps_of(said().burst);
  EXPECT_EQ(server.accepted, messages);
  auto sizes = reads(steps);
  ASSERT_GT(sizes.size(), 12U);
  // Of the last turn, which finds the end, only the beginning is told.
  for (std::size_t i = 0; i + 3 < sizes.size(); ++i) {
    const std::size_t grown[] = {first_piece, second_piece, largest};
    EXPECT_EQ(sizes[i], grown[i % 3]) << "read " << i;
  }
  EXPECT_EQ(sizes.back(), first_piece);
}

TEST_P(Reading, WhatAPieceAskedForIsWrittenBeforeTheNextIsRead) {
  const auto steps = steps_of(said().burst);
  ASSERT_GT(steps.size(), 12U);
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i].what != Step::What::write) {
      EXPECT_EQ(steps[i - 1].what, Step::What::write) << "step " << i;
    }
  }
}

TEST_P(Reading, APieceThatIsNotFullWasTheLastOfItsTurn) {
  for (const std::size_t size : {first_piece - 1, first_piece + 100, first_piece + second_piece + 100}) {
    const auto sizes = reads(steps_of(std::string_view(said().burst).substr(0, size)));
    const std::vector<std::size_t> wanted{first_piece, second_piece, largest};
    const std::size_t pieces = size < first_piece ? 1 : size < first_piece + second_piece ? 2 : 3;
    ASSERT_EQ(sizes.size(), pieces + 1) << size;
    for (std::size_t i = 0; i < pieces; ++i) EXPECT_EQ(sizes[i], wanted[i]) << size;
    EXPECT_EQ(sizes.back(), first_piece) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, Reading, testing::Values(1, 2),
                         [](const auto& tested) { return tested.param == 1 ? "Alone" : "BesideAnother"; });

}  // namespace
}  // namespace bascule::amqp
