#include <gtest/gtest.h>

#include "bascule/broker/listeners.hpp"
#include "bascule/broker/tally.hpp"

namespace bascule::broker {
namespace {

using enum amqp::Mechanism;
using Offered = std::vector<amqp::Mechanism>;

struct FakeStream final : amqp::Stream {
  FakeStream(bool safe, std::string name) : confidential_(safe), user_(std::move(name)) {}
  void async_read(std::span<char>, ReadDone) override {}
  std::size_t try_read(std::span<char>, amqp::error_code&) override { return 0; }
  std::size_t try_write(std::string_view, amqp::error_code&) override { return 0; }
  void async_wait_writable(WriteReady) override {}
  void close() noexcept override {}
  const std::string& peer() const noexcept override { return peer_; }
  bool confidential() const noexcept override { return confidential_; }
  const std::string& external_user() const noexcept override { return user_; }
  std::string peer_ = "192.0.2.1:5";
  bool confidential_;
  std::string user_;
};

Offered offered(const BrokerOptions& options, const ListenerOptions& listener, bool safe,
                const std::string& user = {}) {
  return mechanisms_of(options, listener, FakeStream(safe, user));
}

TEST(Listeners, AnonymousOnLoopbackWhileNobodyHasAName) {
  const BrokerOptions none;
  EXPECT_EQ(offered(none, {.listen = "127.0.0.1:5672"}, true), Offered{anonymous});
  EXPECT_EQ(offered(none, {.listen = "[::1]:5672"}, true), Offered{anonymous});
  EXPECT_EQ(offered(none, {.listen = "localhost:5672"}, true), Offered{anonymous});
  for (const auto* outside : {"0.0.0.0:5672", "[::]:5672", "192.0.2.1:5672", "broker.example:5672"}) {
    EXPECT_EQ(offered(none, {.listen = outside}, false), Offered{}) << outside;
    EXPECT_EQ(offered(none, {.listen = outside, .anonymous = true}, false), Offered{anonymous}) << outside;
  }
  BrokerOptions users;
  users.users = "file";
  EXPECT_EQ(offered(users, {.listen = "127.0.0.1:5672"}, true), (Offered{scram_sha_256, plain}));
  EXPECT_EQ(offered(users, {.listen = "127.0.0.1:5672", .anonymous = true}, true),
            (Offered{scram_sha_256, plain, anonymous}));
}

TEST(Listeners, PlainIsNotOfferedInTheClear) {
  BrokerOptions users;
  users.users = "file";
  EXPECT_EQ(offered(users, {.listen = "0.0.0.0:5672"}, false), Offered{scram_sha_256});
  EXPECT_EQ(offered(users, {.listen = "0.0.0.0:5671", .tls = true}, true), (Offered{scram_sha_256, plain}));
  EXPECT_EQ(offered(users, {.listen = "0.0.0.0:5672", .allow_plain_without_tls = true}, false),
            (Offered{scram_sha_256, plain}));
}

TEST(Listeners, ExternalNeedsACertificateThatNamesSomebody) {
  BrokerOptions certificates;
  certificates.tls.client_ca = "ca";
  EXPECT_EQ(offered(certificates, {.listen = "0.0.0.0:5671", .tls = true}, true, "dora"), Offered{external});
  EXPECT_EQ(offered(certificates, {.listen = "0.0.0.0:5671", .tls = true}, true), Offered{});
}

std::string why_not(const BrokerOptions& options) {
  Loop loop;
  Listeners listeners(loop, options, [](std::unique_ptr<amqp::Stream>, const ListenerOptions&) {});
  try {
    listeners.open();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(Listeners, OneThatNobodyCanLogInToStopsTheStart) {
  BrokerOptions options;
  options.listen = "0.0.0.0:0";
  EXPECT_NE(why_not(options).find("anonymous = true"), std::string::npos) << why_not(options);
  options.listen = "127.0.0.1:0";
  EXPECT_EQ(why_not(options), "");
  options.listeners.push_back({.listen = "127.0.0.1:0", .tls = true});
  EXPECT_NE(why_not(options).find("[broker.tls] cert"), std::string::npos) << why_not(options);
  options.tls = {.certificate = "/nowhere/cert.pem", .key = "/nowhere/key.pem"};
  EXPECT_NE(why_not(options).find("/nowhere/cert.pem"), std::string::npos) << why_not(options);
}

TEST(Tally, GivesBackPlaces) {
  Tally tally;
  auto one = tally.take("a", 2);
  auto two = tally.take("a", 2);
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(tally.take("a", 2));
  EXPECT_TRUE(tally.take("b", 2)) << "each key for itself, and given back at once";
  EXPECT_EQ(tally.count("b"), 0U);
  std::vector<Tally::Place> held;
  held.push_back(std::move(*one));
  EXPECT_EQ(tally.count("a"), 2U) << "moving takes no other place";
  held.clear();
  EXPECT_EQ(tally.count("a"), 1U);
  EXPECT_TRUE(tally.take("a", 0)) << "no bound";
}

}  // namespace
}  // namespace bascule::broker
