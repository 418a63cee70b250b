// The administrator's token: which files are taken.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "bascule/broker/admin_token.hpp"
#include "bascule/broker/failures.hpp"

namespace bascule::broker {
namespace {

struct AdminToken : ::testing::Test {
  ~AdminToken() override { ::unlink(path.c_str()); }
  std::string why(const std::string& text, ::mode_t mode = 0600) {
    ::unlink(path.c_str());
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    try {
      token = load_admin_token(path);
      return "";
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  const std::string path = ::testing::TempDir() + "admin-token-" + std::to_string(::getpid());
  const std::string good = std::string(30, 'a') + "-._~+/9=";
  std::string token;
};

TEST_F(AdminToken, OneLineThatOnlyTheOwnerAndGroupRead) {
  for (const ::mode_t mode : {0600, 0400, 0640, 0440}) {
    EXPECT_EQ(why(good + "\n", mode), "") << std::oct << mode;
    EXPECT_EQ(token, good);
  }
  for (const ::mode_t mode : {0644, 0604, 0602, 0660, 0620, 0601}) {
    EXPECT_NE(why(good, mode).find("chmod g-w,o="), std::string::npos) << std::oct << mode;
  }
}

TEST_F(AdminToken, WhatIsNoToken) {
  for (const auto& bad : {std::string(), std::string("short"), std::string(31, 'a'), std::string(513, 'a'),
                          std::string(40, 'a') + "\n" + std::string(40, 'b'), std::string(40, ' '), good + "\r\n",
                          "=" + good, std::string(40, 'a') + std::string(1, '\0'), std::string(5000, 'a')}) {
    EXPECT_NE(why(bad), "") << bad.size();
  }
  EXPECT_NE(why("short").find("openssl rand"), std::string::npos) << "it says how to make one";
}

TEST_F(AdminToken, WhatIsNoFile) {
  ::unlink(path.c_str());
  EXPECT_THROW(load_admin_token(path), std::exception);
  EXPECT_THROW(load_admin_token("/"), std::exception);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(load_admin_token(path), std::exception) << "and does not wait for a writer";
}

TEST(Failures, AreForgivenOneByOne) {
  const Failures::Time start{std::chrono::hours(1)};
  Failures failures(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(failures.admits("a", start));
    failures.failed("a", start);
  }
  EXPECT_FALSE(failures.admits("a", start));
  EXPECT_TRUE(failures.admits("b", start));
  EXPECT_FALSE(failures.admits("a", start + Failures::refill / 2));
  EXPECT_TRUE(failures.admits("a", start + Failures::refill));
  failures.failed("a", start + Failures::refill);
  EXPECT_FALSE(failures.admits("a", start + Failures::refill));
}

}  // namespace
}  // namespace bascule::broker
