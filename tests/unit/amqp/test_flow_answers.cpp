// A drain without credit is answered, wherever the stream is cut, and the session goes on with the right ids.
#include <gtest/gtest.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/link.h>
#include <proton/session.h>
#include <proton/transport.h>

#include <string>

#include "bascule/amqp/engine.hpp"
#include "bascule/amqp/writer.hpp"
#include "unit/amqp/options.hpp"

namespace bascule::amqp {
namespace {

using test::options;

// A client's receiver and a server's sender, on two engines joined by copying bytes.
class Drain : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    pn_connection_open(client_.connection());
    auto* const session = pn_session(client_.connection());
    pn_session_open(session);
    receiver_ = pn_receiver(session, "in");
    pn_link_open(receiver_);
    back_ = pn_sender(session, "out");
    pn_link_open(back_);
    run();
    ASSERT_NE(sender_, nullptr);
  }

  void on_server(pn_event_t* event) {
    auto* const link = pn_event_link(event);
    switch (pn_event_type(event)) {
      case PN_CONNECTION_REMOTE_OPEN: pn_connection_open(pn_event_connection(event)); return;
      case PN_SESSION_REMOTE_OPEN: pn_session_open(pn_event_session(event)); return;
      case PN_LINK_REMOTE_OPEN:
        pn_link_open(link);
        pn_link_is_sender(link) ? static_cast<void>(sender_ = link) : pn_link_flow(link, 100);
        return;
      case PN_LINK_FLOW:
        if (pn_link_is_sender(link) && server_.take_empty_drain(pn_link_name(link))) {
          ++drains_;
          if (answers_) server_.answer_drain(pn_link_name(link), sent_);
        }
        if (pn_link_is_sender(link) && server_.take_echo(pn_link_name(link))) {
          ++echoes_;
          server_.answer_echo(pn_link_name(link), [this]() -> std::optional<LinkState> {
            if (!tells_) return std::nullopt;
            return LinkState{.delivery_count = sent_, .credit = static_cast<std::uint32_t>(pn_link_credit(sender_))};
          });
        }
        return;
      case PN_DELIVERY:
        if (!pn_link_is_receiver(link)) return;
        pn_link_advance(link);
        pn_delivery_settle(pn_event_delivery(event));
        ++received_;
        return;
      default: return;
    }
  }

  void on_client(pn_event_t* event) {
    if (pn_event_type(event) == PN_LINK_FLOW && pn_event_link(event) == receiver_) ++flows_;
    if (pn_event_type(event) == PN_LINK_FLOW && pn_event_link(event) == back_) ++flows_back_;
    if (pn_event_type(event) == PN_DELIVERY && pn_event_link(event) == receiver_) ++arrived_;
    EXPECT_NE(pn_event_type(event), PN_TRANSPORT_ERROR);
  }

  bool carry(Engine& from, Engine& to) {
    const auto bytes = from.write_buffer();
    if (bytes.empty()) return false;
    const std::string part(bytes.substr(0, GetParam()));
    from.write_done(part.size());
    EXPECT_TRUE(to.push(part));
    return true;
  }

  void run() {
    for (bool moved = true; moved;) {
      while (auto* const event = client_.next_event()) on_client(event);
      while (auto* const event = server_.next_event()) on_server(event);
      moved = carry(client_, server_);
      moved = carry(server_, client_) || moved;
    }
  }

  void send(pn_link_t* link, std::uint32_t& count) {
    const std::string body(100, 'x');
    pn_delivery(link, pn_dtag(reinterpret_cast<const char*>(&count), sizeof count));
    pn_link_send(link, body.data(), body.size());
    pn_link_advance(link);
    ++count;
  }

  Engine client_{options(false)}, server_{options(true)};
  pn_link_t* receiver_ = nullptr;
  pn_link_t* back_ = nullptr;
  pn_link_t* sender_ = nullptr;
  bool answers_ = true, tells_ = true;
  int echoes_ = 0;
  int drains_ = 0, flows_ = 0, flows_back_ = 0, arrived_ = 0, received_ = 0;
  std::uint32_t sent_ = 0, sent_back_ = 0;
};

TEST_P(Drain, WithoutCreditIsAnswered) {
  pn_link_drain(receiver_, 0);
  run();
  EXPECT_EQ(drains_, 1);
  EXPECT_EQ(flows_, 1);
}

TEST_P(Drain, TheEngineAloneDoesNot) {
  answers_ = false;
  pn_link_drain(receiver_, 0);
  run();
  EXPECT_EQ(flows_, 0) << "the engine has learnt it: FlowAnswers is not needed any more";
}

TEST_P(Drain, TheSessionGoesOn) {
  for (int round = 1; round <= 20; ++round) {
    pn_link_set_drain(receiver_, false);
    pn_link_flow(receiver_, 2);
    run();
    send(sender_, sent_);
    send(sender_, sent_);
    send(back_, sent_back_);
    run();
    EXPECT_EQ(arrived_, 2 * round);
    EXPECT_EQ(received_, round);
    while (auto* const delivery = pn_link_current(receiver_)) {
      pn_link_advance(receiver_);
      pn_delivery_settle(delivery);
    }
    flows_ = 0;
    pn_link_drain(receiver_, 0);
    run();
    EXPECT_EQ(flows_, 1);
    EXPECT_EQ(pn_link_credit(receiver_), 0);
    EXPECT_EQ(pn_link_credit(sender_), 0);
  }
}

TEST_P(Drain, WithCreditIsTheEnginesOwnToAnswer) {
  pn_link_drain(receiver_, 5);
  run();
  EXPECT_EQ(drains_, 0);
  pn_link_drained(sender_);
  run();
  EXPECT_EQ(pn_link_credit(receiver_), 0);
}

TEST_P(Drain, OfALinkThatIsGoneIsForgotten) {
  answers_ = false;
  pn_link_drain(receiver_, 0);
  run();
  server_.answer_drain("in", 0);
  pn_link_close(sender_);
  run();
  server_.answer_drain("in", 0);
  server_.answer_drain("never was", 0);
  run();
  EXPECT_LE(flows_, 1);
}

// The client's FLOW with `echo`, which its engine cannot send: made by hand, of the state that the engine has.
TEST_P(Drain, AnEchoIsAnsweredAndChangesNothing) {
  pn_link_flow(receiver_, 5);
  run();
  send(sender_, sent_);
  run();
  std::string fields, frame("\0\0\0\0\2\0\0\0", 8);
  Writer item(fields), out(frame);
  for (const std::uint32_t value : {sent_, 0x7fff'ffffU, sent_back_, 0x7fff'ffffU, 0U, sent_, 4U}) item.uint(value);
  item.null();
  item.boolean(false);
  item.boolean(true);
  out.descriptor(0x13);
  out.list(10, as_bytes(fields));
  frame[3] = static_cast<char>(frame.size());
  flows_ = 0;
  ASSERT_TRUE(server_.push(frame));
  run();
  EXPECT_EQ(echoes_, 1);
  EXPECT_EQ(flows_, 1);
  EXPECT_EQ(pn_link_credit(sender_), 4);
  send(sender_, sent_);
  run();
  EXPECT_EQ(arrived_, 2);

  tells_ = false;
  frame[3] = static_cast<char>(frame.size());
  ASSERT_TRUE(server_.push(frame));
  run();
  EXPECT_EQ(echoes_, 2);
  EXPECT_EQ(flows_, 1) << "nothing was to tell";
}

// A FLOW with `echo` on a link of which we are the receiver: what the engine knows of it is not asked.
std::string echo_of(std::initializer_list<std::uint32_t> numbers, std::uint32_t count) {
  std::string fields, frame("\0\0\0\0\2\0\0\0", 8);
  Writer item(fields), out(frame);
  for (const std::uint32_t value : numbers) item.uint(value);
  while (count++ < 9) item.null();
  item.boolean(true);
  out.descriptor(0x13);
  out.list(10, as_bytes(fields));
  frame[3] = static_cast<char>(frame.size());
  return frame;
}

TEST_P(Drain, ASendersEchoIsAnsweredWithCountAndCredit) {
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (int n = 0; n < 7; ++n) send(back_, sent_back_);
    run();
    ASSERT_EQ(received_, static_cast<int>(sent_back_));
    flows_back_ = 0;
    ASSERT_TRUE(server_.push(echo_of({sent_, 0x7fff'ffffU, sent_back_, 0x7fff'ffffU, 1U, sent_back_, 0U, 3U}, 8)));
    run();
    EXPECT_EQ(flows_back_, 1);
    EXPECT_EQ(pn_link_credit(back_), static_cast<int>(100 - sent_back_)) << "as it was";
  }
  pn_link_close(back_);
  run();
}

TEST_P(Drain, AnEchoOfALinkThatGoesIsForgotten) {
  ASSERT_TRUE(server_.push(echo_of({sent_, 0x7fff'ffffU, 0U, 0x7fff'ffffU, 1U, 0U, 0U, 0U}, 8)));
  std::string fields, detach("\0\0\0\0\2\0\0\0", 8);
  Writer(fields).uint(1);
  Writer out(detach);
  out.descriptor(0x16);
  out.list(1, as_bytes(fields));
  detach[3] = static_cast<char>(detach.size());
  ASSERT_TRUE(server_.push(detach));
  flows_back_ = 0;
  run();
  EXPECT_EQ(flows_back_, 0);
}

TEST_P(Drain, AnEchoOfTheSessionIsAnswered) {
  EXPECT_TRUE(server_.write_buffer().empty());
  ASSERT_TRUE(server_.push(echo_of({sent_, 0x7fff'ffffU, sent_back_, 0x7fff'ffffU}, 4)));
  while (auto* const event = server_.next_event()) on_server(event);
  const std::string answer(server_.write_buffer());
  // Its four fields and no more: 00 53 13, a list of 4.
  ASSERT_GE(answer.size(), 14u);
  EXPECT_EQ(answer.substr(8, 3), std::string("\0\x53\x13", 3));
  EXPECT_EQ(answer[static_cast<unsigned char>(answer[11]) == 0xc0 ? 13 : 19], 4);
  run();
  EXPECT_TRUE(server_.write_buffer().empty()) << "once";
}

INSTANTIATE_TEST_SUITE_P(Chunks, Drain, testing::Values(1, 3, 7, 11, 64, SIZE_MAX));

}  // namespace
}  // namespace bascule::amqp
