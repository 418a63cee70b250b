// Credit that is taken back without a drain, between two engines joined by copying bytes, which cross on their way.
#include "bascule/amqp/credit.hpp"

#include <gtest/gtest.h>
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/event.h>
#include <proton/session.h>

#include <string>

#include "bascule/amqp/engine.hpp"

namespace bascule::amqp {
namespace {

class Credit : public testing::Test {
 protected:
  Credit() {
    pn_connection_open(client_.connection());
    auto* const session = pn_session(client_.connection());
    pn_session_open(session);
    receiver_ = pn_receiver(session, "calls");
    pn_link_open(receiver_);
    settle_down();
    pn_link_flow(receiver_, 10);
    settle_down();
  }
  static EngineOptions options(bool server) {
    EngineOptions o;
    o.server = server;
    o.container_id = server ? "server" : "client";
    return o;
  }
  void on_server(pn_event_t* event) {
    switch (pn_event_type(event)) {
      case PN_CONNECTION_REMOTE_OPEN: return pn_connection_open(server_.connection());
      case PN_SESSION_REMOTE_OPEN: return pn_session_open(pn_event_session(event));
      case PN_LINK_REMOTE_OPEN: pn_link_open(sender_ = pn_event_link(event)); return;
      default: return;
    }
  }
  void on_client(pn_event_t* event) {
    if (pn_event_type(event) != PN_DELIVERY) return;
    ++came_;
    pn_delivery_settle(pn_event_delivery(event));
    if (pn_link_remote_credit(receiver_) < 0) take_back_credit(receiver_);
  }
  static std::string said_by(Engine& engine) {
    std::string all;
    for (auto out = engine.write_buffer(); !out.empty(); out = engine.write_buffer()) {
      all += out;
      engine.write_done(out.size());
    }
    return all;
  }
  void to_server(const std::string& bytes) {
    server_.push(bytes);
    while (auto* const event = server_.next_event()) on_server(event);
  }
  void to_client(const std::string& bytes) {
    client_.push(bytes);
    while (auto* const event = client_.next_event()) on_client(event);
  }
  void settle_down() {
    for (bool more = true; more;) {
      const auto up = said_by(client_), down = said_by(server_);
      to_server(up);
      to_client(down);
      more = !up.empty() || !down.empty();
    }
  }
  void send() {
    const std::string tag = std::to_string(++sent_);
    pn_delivery(sender_, pn_dtag(tag.data(), tag.size()));
    pn_link_send(sender_, "x", 1);
    pn_link_advance(sender_);
  }

  Engine client_{options(false)}, server_{options(true)};
  pn_link_t *receiver_ = nullptr, *sender_ = nullptr;
  int sent_ = 0, came_ = 0;
};

TEST_F(Credit, ItIsGoneAndNothingWasDrained) {
  ASSERT_EQ(pn_link_credit(sender_), 10);
  take_back_credit(receiver_);
  settle_down();
  EXPECT_EQ(pn_link_credit(sender_), 0);
  EXPECT_FALSE(pn_link_get_drain(sender_));
}

TEST_F(Credit, WhatWasOnItsWayComesAndGivesNoCredit) {
  for (int i = 0; i < 3; ++i) send();
  const auto crossing = said_by(server_);
  take_back_credit(receiver_);
  to_server(said_by(client_));
  EXPECT_LE(pn_link_credit(sender_), 0);
  to_client(crossing);
  settle_down();
  EXPECT_EQ(came_, 3);
  EXPECT_EQ(pn_link_credit(sender_), 0);
  EXPECT_EQ(pn_link_remote_credit(receiver_), 0);
}

TEST_F(Credit, ItCanBeGivenAgain) {
  take_back_credit(receiver_);
  settle_down();
  pn_link_flow(receiver_, 2);
  settle_down();
  EXPECT_EQ(pn_link_credit(sender_), 2);
}

}  // namespace
}  // namespace bascule::amqp
