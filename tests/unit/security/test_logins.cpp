#include <gtest/gtest.h>

#include "bascule/broker/logins.hpp"
#include "bascule/telemetry/log.hpp"

namespace bascule::broker {
namespace {

using Verdict = amqp::Authenticator::Verdict;

struct World {
  World() {
    auto users = std::make_shared<Users>();
    users->set("alice", {amqp::ScramKeys::derive("secret", "salt", 4096), {}});
    logins->set_users(std::move(users));
  }
  // The verdict on a password, waiting for the thread; nullopt when it was given inside the call.
  Verdict check(const std::string& user, const std::string& password, bool* at_once = nullptr) {
    std::optional<Verdict> verdict;
    logins->authenticator("127.0.0.1:1")->check(user, password, [&](Verdict v) { verdict = v; });
    if (at_once != nullptr) *at_once = verdict.has_value();
    while (!verdict) loop.context().run_one();
    return *verdict;
  }
  Loop loop;
  asio::executor_work_guard<asio::io_context::executor_type> more{loop.context().get_executor()};
  std::shared_ptr<Logins> logins = std::make_shared<Logins>(loop, 3);
};

TEST(Logins, ARightPasswordIsRememberedAndAWrongOneIsNot) {
  World world;
  bool at_once = true;
  EXPECT_EQ(world.check("alice", "wrong", &at_once), Verdict::wrong);
  EXPECT_FALSE(at_once);
  EXPECT_EQ(world.check("alice", "secret", &at_once), Verdict::right);
  EXPECT_FALSE(at_once);
  EXPECT_EQ(world.check("alice", "secret", &at_once), Verdict::right);
  EXPECT_TRUE(at_once);
  EXPECT_EQ(world.check("alice", "wrong", &at_once), Verdict::wrong);
  EXPECT_FALSE(at_once);
  EXPECT_EQ(world.check("bob", "secret", &at_once), Verdict::wrong);
  EXPECT_FALSE(at_once) << "an unknown user costs the same";
}

TEST(Logins, NewUsersForgetWhatWasRemembered) {
  World world;
  EXPECT_EQ(world.check("alice", "secret"), Verdict::right);
  auto changed = std::make_shared<Users>();
  changed->set("alice", {amqp::ScramKeys::derive("other", "salt", 4096), {}});
  world.logins->set_users(changed);
  EXPECT_EQ(world.check("alice", "secret"), Verdict::wrong);
  EXPECT_EQ(world.check("alice", "other"), Verdict::right);
  world.logins->set_users(std::make_shared<Users>());
  EXPECT_EQ(world.check("alice", "other"), Verdict::wrong);
}

TEST(Logins, TooManyAtOnceAreTurnedAway) {
  World world;
  std::size_t busy = 0, answered = 0;
  const auto authenticator = world.logins->authenticator("127.0.0.1:1");
  constexpr std::size_t asked = Logins::max_waiting + 10;
  for (std::size_t i = 0; i < asked; ++i) {
    authenticator->check("alice", "wrong", [&](Verdict verdict) {
      ++answered;
      if (verdict == Verdict::busy) ++busy;
    });
  }
  EXPECT_EQ(busy, 10U);
  while (answered < asked) world.loop.context().run_one();
  EXPECT_EQ(busy, 10U) << "and the others had their answer";
}

TEST(Logins, FailuresOfAnAddressAreCounted) {
  World world;
  const auto one = world.logins->authenticator("192.0.2.1:1000");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(one->admits());
    one->tried("alice", amqp::Mechanism::plain, false);
  }
  EXPECT_FALSE(one->admits());
  EXPECT_FALSE(world.logins->authenticator("192.0.2.1:1001")->admits()) << "another port is the same address";
  EXPECT_TRUE(world.logins->authenticator("192.0.2.2:1000")->admits()) << "another address is not";
  EXPECT_EQ(world.logins->counters().failed, 3U);
  EXPECT_EQ(world.logins->counters().throttled, 2U);
}

TEST(Logins, TheTableOfAddressesIsBounded) {
  telemetry::log_start("", telemetry::Level::error);  // ten thousand lines would say nothing
  World world;
  for (std::size_t i = 0; i < Logins::max_peers + 100; ++i) {
    world.logins->authenticator("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ":1")
        ->tried("x", amqp::Mechanism::plain, false);
  }
  EXPECT_LE(world.logins->peers(), Logins::max_peers);
}

TEST(Logins, AVerdictAfterTheEndIsHarmless) {
  Loop loop;
  auto logins = std::make_shared<Logins>(loop, 3);
  logins->authenticator("127.0.0.1:1")->check("alice", "x", [](Verdict) {});
  logins.reset();
  loop.context().poll();
}

}  // namespace
}  // namespace bascule::broker
