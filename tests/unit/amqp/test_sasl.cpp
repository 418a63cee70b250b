#include <gtest/gtest.h>

#include <map>

#include "bascule/amqp/sasl_client.hpp"
#include "bascule/amqp/sasl_server.hpp"

namespace bascule::amqp {
namespace {

using namespace std::string_literals;
using enum Mechanism;

// A users table with one password check that may be held back.
struct Users final : Authenticator {
  bool admits() override { return admitting; }
  Keys keys_of(std::string_view user) override {
    const auto found = keys.find(std::string(user));
    if (found != keys.end()) return {found->second, true};
    return {ScramKeys::derive("nobody's", "fixed salt", 4096), false};
  }
  void check(const std::string& user, std::string password, UniqueFunction<void(Verdict)> done) override {
    const auto found = keys_of(user);
    const bool right = found.keys.match(password) && found.known;
    if (busy) return done(Verdict::busy);
    if (!late) return done(right ? Verdict::right : Verdict::wrong);
    held = std::move(done);
    held_verdict = right ? Verdict::right : Verdict::wrong;
  }
  void tried(std::string_view user, Mechanism mechanism, bool succeeded) override {
    log.push_back(std::string(user) + " " + std::string(to_string(mechanism)) + (succeeded ? " yes" : " no"));
  }

  std::map<std::string, ScramKeys> keys{{"alice", ScramKeys::derive("secret", "salt of alice", 4096)}};
  bool admitting = true, busy = false, late = false;
  UniqueFunction<void(Verdict)> held;
  Verdict held_verdict = Verdict::wrong;
  std::vector<std::string> log;
};

struct Login {
  explicit Login(std::vector<Mechanism> offered, std::string external = {})
      : server(std::make_shared<SaslServer>(SaslServerOptions{std::move(offered), std::move(external)}, users)) {}

  // Carries bytes both ways, `chunk` at a time, until neither has more.
  void run(SaslClient& client, std::size_t chunk = SIZE_MAX) {
    for (bool moved = true; moved;) {
      moved = carry(client, *server, chunk);
      moved = carry(*server, client, chunk) || moved;
    }
  }
  static bool carry(SaslLayer& from, SaslLayer& to, std::size_t chunk) {
    const auto bytes = from.output().substr(0, chunk);
    if (bytes.empty() || to.state() != SaslLayer::State::talking) return false;
    const auto taken = to.feed(bytes);
    from.written(taken);
    return taken > 0;
  }

  std::shared_ptr<Users> users = std::make_shared<Users>();
  std::shared_ptr<SaslServer> server;
};

SaslClientOptions as(std::string user, std::string password, bool may_send = true) {
  return {.hostname = "here", .user = std::move(user), .password = std::move(password), .may_send_password = may_send};
}

class SaslChunks : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, SaslChunks, testing::Values(1, 7, SIZE_MAX));

TEST_P(SaslChunks, EachMechanismLogsIn) {
  for (const auto mechanism : {scram_sha_256, plain, anonymous, external}) {
    Login login({mechanism}, "CN of a certificate");
    auto options = as(mechanism == anonymous || mechanism == external ? "" : "alice", "secret");
    options.has_certificate = mechanism == external;
    SaslClient client(options);
    login.run(client, GetParam());
    ASSERT_EQ(login.server->state(), SaslLayer::State::done) << to_string(mechanism) << login.server->error();
    ASSERT_EQ(client.state(), SaslLayer::State::done) << to_string(mechanism) << client.error();
    EXPECT_EQ(login.server->identity().mechanism, mechanism);
    EXPECT_EQ(login.server->identity().user, mechanism == anonymous  ? "anonymous"
                                             : mechanism == external ? "CN of a certificate"
                                                                     : "alice");
  }
}

TEST_P(SaslChunks, WrongPasswordsAndUnknownUsersGetTheSameAnswer) {
  for (const auto mechanism : {scram_sha_256, plain}) {
    std::vector<std::string> answers;
    for (const auto& [user, password] :
         {std::pair{"alice", "hunter2"}, {"mallory", "secret"}, {"mallory", "nobody's"}}) {
      Login login({mechanism});
      SaslClient client(as(user, password));
      login.run(client, GetParam());
      EXPECT_EQ(login.server->state(), SaslLayer::State::failed);
      EXPECT_EQ(client.state(), SaslLayer::State::failed);
      EXPECT_NE(client.error().find("unknown user or wrong password"), std::string::npos) << client.error();
      EXPECT_EQ(client.error().find(password), std::string::npos) << "a password in an error";
      answers.push_back(login.server->error());
      EXPECT_EQ(login.users->log.back(), std::string(user) + " " + std::string(to_string(mechanism)) + " no");
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_EQ(answers[0], answers[2]);
  }
}

TEST(Sasl, TheStrongestIsTaken) {
  Login login({external, scram_sha_256, plain, anonymous});
  SaslClient client(as("alice", "secret"));
  login.run(client);
  EXPECT_EQ(login.server->identity().mechanism, scram_sha_256);
}

TEST(Sasl, APasswordIsNotSentWhereItCanBeHeard) {
  Login login({plain});
  SaslClient client(as("alice", "secret", false));
  login.run(client);
  EXPECT_EQ(client.state(), SaslLayer::State::failed);
  EXPECT_NE(client.error().find("TLS"), std::string::npos) << client.error();
  EXPECT_NE(login.server->state(), SaslLayer::State::done);
}

TEST(Sasl, AUserIsNotDegradedToAnonymous) {
  Login login({anonymous});
  SaslClient client(as("alice", "secret"));
  login.run(client);
  EXPECT_EQ(client.state(), SaslLayer::State::failed);
}

TEST(Sasl, AVerdictMayComeLate) {
  Login login({plain});
  login.users->late = true;
  bool told = false;
  login.server->on_change([&told] { told = true; });
  SaslClient client(as("alice", "secret"));
  login.run(client);
  EXPECT_EQ(login.server->state(), SaslLayer::State::waiting);
  EXPECT_EQ(login.server->feed("more"), 0U) << "nothing is taken meanwhile";
  login.users->held(login.users->held_verdict);
  EXPECT_TRUE(told);
  login.run(client);
  EXPECT_EQ(client.state(), SaslLayer::State::done);
}

TEST(Sasl, AVerdictAfterTheEndIsHarmless) {
  Login login({plain});
  login.users->late = true;
  SaslClient client(as("alice", "secret"));
  login.run(client);
  login.server.reset();
  login.users->held(Authenticator::Verdict::right);
}

TEST(Sasl, WhoFailedTooOftenIsRefusedWithoutWork) {
  Login login({scram_sha_256, plain});
  login.users->admitting = false;
  SaslClient client(as("alice", "secret"));
  login.run(client);
  EXPECT_EQ(login.server->state(), SaslLayer::State::failed);
  EXPECT_TRUE(login.users->log.empty());
  EXPECT_NE(client.error().find("tried again"), std::string::npos) << client.error();
}

// A client made by hand, for what a proper one would not send.
std::string frame(std::uint8_t code, const std::vector<std::string>& binaries, const std::string& mechanism = {}) {
  std::string body;
  Writer w(body);
  w.descriptor(code);
  const auto mark = w.begin_list();
  if (!mechanism.empty()) w.symbol(mechanism);
  for (const auto& b : binaries) w.binary(b);
  w.end(mark, static_cast<std::uint32_t>(binaries.size() + (mechanism.empty() ? 0 : 1)));
  std::string out{0, 0, static_cast<char>((body.size() + 8) >> 8), static_cast<char>(body.size() + 8), 2, 1, 0, 0};
  return out + body;
}
const std::string header = "AMQP\x03\x01\x00\x00"s;

SaslLayer::State after(std::vector<Mechanism> offered, const std::string& bytes, std::string external_user = {}) {
  Login login(std::move(offered), std::move(external_user));
  login.server->feed(bytes);
  return login.server->state();
}

TEST(SaslServer, HostileBytesAreRefused) {
  const auto failed = SaslLayer::State::failed;
  EXPECT_EQ(after({anonymous}, header + frame(sasl::init, {}, "PLAIN")), failed) << "not offered";
  EXPECT_EQ(after({anonymous}, header + frame(sasl::init, {}, "CRAM-MD5")), failed) << "unknown";
  EXPECT_EQ(after({anonymous}, header + frame(sasl::init, {})), failed) << "no mechanism";
  EXPECT_EQ(after({plain}, header + frame(sasl::outcome, {"\0"s})), failed) << "the client's own outcome";
  EXPECT_EQ(after({plain}, header + frame(sasl::mechanisms, {}, "PLAIN")), failed);
  EXPECT_EQ(after({plain}, header + frame(sasl::response, {"\0alice\0secret"s})), failed) << "response before init";
  EXPECT_EQ(after({plain}, header + frame(0x10, {"x"})), failed) << "OPEN in a SASL frame";
  EXPECT_EQ(after({plain}, header + "\x00\x00\x04\x01\x02\x01\x00\x00"s), failed) << "too large: not waited for";
  EXPECT_EQ(after({plain}, header + "\x00\x00\x00\x08\x02\x00\x00\x00"s), failed) << "an AMQP frame";
  EXPECT_EQ(after({plain}, header + "\x00\x00\x00\x07\x02\x01\x00\x00"s), failed) << "size 7";
  EXPECT_EQ(after({plain}, header + header), failed);
  EXPECT_EQ(after({plain}, "GET / HT"), failed);
  EXPECT_EQ(after({plain}, "AMQP\x00\x01\x00\x00"s), failed) << "no login";
  EXPECT_EQ(after({anonymous}, "AMQP\x00\x01\x00\x00"s), SaslLayer::State::done) << "none is needed";
  EXPECT_EQ(after({external}, header + frame(sasl::init, {""}, "EXTERNAL")), failed) << "no certificate";
  EXPECT_EQ(after({external}, header + frame(sasl::init, {"bob"}, "EXTERNAL"), "alice"), failed) << "as another";
  EXPECT_EQ(after({external}, header + frame(sasl::init, {"alice"}, "EXTERNAL"), "alice"), SaslLayer::State::done);
}

TEST(SaslServer, PlainIsReadStrictly) {
  const auto tried = [](const std::string& response) {
    return after({plain}, header + frame(sasl::init, {response}, "PLAIN")) == SaslLayer::State::done;
  };
  EXPECT_TRUE(tried("\0alice\0secret"s));
  EXPECT_TRUE(tried("alice\0alice\0secret"s));
  EXPECT_FALSE(tried("bob\0alice\0secret"s)) << "to act as another";
  EXPECT_FALSE(tried("\0alice\0secret\0"s));
  EXPECT_FALSE(tried("\0alice"s));
  EXPECT_FALSE(tried("\0\0secret"s));
  EXPECT_FALSE(tried("\0alice\0"s));
  EXPECT_FALSE(tried(""));
}

TEST(SaslServer, AnInitialResponseMayComeLater) {
  Login login({plain});
  login.server->feed(header + frame(sasl::init, {}, "PLAIN"));
  EXPECT_EQ(login.server->state(), SaslLayer::State::talking);
  login.server->feed(frame(sasl::response, {"\0alice\0secret"s}));
  EXPECT_EQ(login.server->state(), SaslLayer::State::done);
}

TEST(SaslServer, WhatComesBehindIsNotTaken) {
  Login login({anonymous});
  const auto login_bytes = header + frame(sasl::init, {}, "ANONYMOUS");
  EXPECT_EQ(login.server->feed(login_bytes + "AMQP\x00\x01\x00\x00"s), login_bytes.size());
  EXPECT_EQ(login.server->state(), SaslLayer::State::done);
  EXPECT_EQ(login.server->feed("more"), 0U);
}

TEST(SaslClient, AServerThatKnowsNoKeysIsRefused) {
  // It lets everybody in, without proof.
  SaslClient client(as("alice", "secret"));
  client.feed(header + frame(sasl::mechanisms, {}, "SCRAM-SHA-256"));
  ASSERT_EQ(client.state(), SaslLayer::State::talking);
  client.feed("\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50\x00"s);
  EXPECT_EQ(client.state(), SaslLayer::State::failed);
  EXPECT_NE(client.error().find("not the one it says"), std::string::npos) << client.error();
}

TEST(SaslClient, AnOutcomeBeforeTheMechanismsIsRefused) {
  SaslClient client(as("", ""));
  client.feed(header + "\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50\x00"s);
  EXPECT_EQ(client.state(), SaslLayer::State::failed);
}

}  // namespace
}  // namespace bascule::amqp
