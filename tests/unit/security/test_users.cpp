#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "bascule/broker/users.hpp"

namespace bascule::broker {
namespace {

Users two() {
  Users users;
  users.set("alice", {amqp::ScramKeys::derive("secret", "salt of alice", 4096), {"shop", "ops"}});
  users.set("dora", {std::nullopt, {}});
  return users;
}

TEST(Users, AFileReadsAsItWasWritten) {
  const auto users = Users::parse(two().text(), "users");
  ASSERT_NE(users.find("alice"), nullptr);
  EXPECT_EQ(users.find("alice")->roles, (std::vector<std::string>{"shop", "ops"}));
  EXPECT_TRUE(users.find("alice")->keys->match("secret"));
  EXPECT_FALSE(users.find("alice")->keys->match("Secret"));
  EXPECT_FALSE(users.find("dora")->keys);
  EXPECT_EQ(Users::parse(users.text(), "users").text(), users.text());
}

TEST(Users, StandInsLookLikeUsersAndStayTheSame) {
  const auto users = two();
  const auto known = users.keys_of("alice");
  const auto unknown = users.keys_of("mallory");
  EXPECT_TRUE(known.known);
  EXPECT_FALSE(unknown.known);
  EXPECT_FALSE(users.keys_of("dora").known) << "without a password";
  EXPECT_EQ(unknown.keys.iterations, known.keys.iterations);
  const auto again = Users::parse(users.text(), "after a restart").keys_of("mallory");
  EXPECT_EQ(again.keys.salt, unknown.keys.salt);
  EXPECT_NE(users.keys_of("trudy").keys.salt, unknown.keys.salt);
  EXPECT_EQ(Users().keys_of("x").keys.iterations, Users::default_iterations);
}

TEST(Users, MistakesAreNamedWithTheirLine) {
  const auto why = [](const std::string& text) -> std::string {
    try {
      Users::parse(text, "users");
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  const auto line =
      "user alice roles= SCRAM-SHA-256$4096:c2FsdA==$" + std::string(43, 'A') + "=:" + std::string(43, 'A') + "=";
  EXPECT_EQ(why(line), "");
  EXPECT_EQ(why("# a note\n\n" + line), "");
  const std::string key = std::string(43, 'A') + "=";
  const std::vector<std::string> mistakes{
      "usr alice",
      "user alice",
      "user alice roles=",
      line + " more",
      "secret x",
      "secret c2hvcnQ=",
      "user anonymous roles= -",
      "user a,b roles= -",
      "user alice roles= SCRAM-SHA-1$4096:c2FsdA==$A:A",
      "user alice roles= SCRAM-SHA-256$1:c2FsdA==$" + key + ":" + key,
      "user alice roles= SCRAM-SHA-256$4096:$" + key + ":" + key,
  };
  for (const auto& bad : mistakes) {
    EXPECT_NE(why("# one\n" + bad).find("users:2: "), std::string::npos) << bad << why("# one\n" + bad);
  }
  EXPECT_NE(why(line + "\n" + line).find("twice"), std::string::npos);
}

TEST(Users, NamesHaveNoWhiteSpaceOrControlCharacters) {
  for (const auto* good : {"alice", "alice@example.com", "O=Shop/CN=svc", "zo\xc3\xab"})
    EXPECT_EQ(Users::why_bad_name(good), "");
  for (const auto* bad : {"", "a b", "a\tb", "a\nb", "a,b", "\x7f", "anonymous"})
    EXPECT_NE(Users::why_bad_name(bad), "");
  EXPECT_NE(Users::why_bad_name(std::string(129, 'x')), "");
}

TEST(Users, AreKeptFromEverybodyElse) {
  const auto path = testing::TempDir() + "users-" + std::to_string(::getpid());
  two().save(path);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ::chmod(path.c_str(), 0640);
  two().save(path);
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640U) << "a group that was let in stays in";
  EXPECT_NO_THROW(Users::load(path));
  ::chmod(path.c_str(), 0644);
  EXPECT_THROW(Users::load(path), std::runtime_error);
  std::filesystem::remove(path);
  EXPECT_THROW(Users::load(path), std::system_error);
}

}  // namespace
}  // namespace bascule::broker
