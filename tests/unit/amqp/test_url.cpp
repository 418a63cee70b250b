#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>

#include "bascule/amqp/url.hpp"

namespace bascule::amqp {
namespace {

std::string why_not(const std::string& text) {
  try {
    Url::parse(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Url, ReadsThePathOfAUnixSocket) {
  const auto url = Url::parse("amqp+unix:///run/bascule/broker.sock");
  EXPECT_EQ(url.path, "/run/bascule/broker.sock");
  EXPECT_EQ(url.where(), "/run/bascule/broker.sock");
  EXPECT_FALSE(url.tls);
  EXPECT_TRUE(Url::parse("amqp://h").path.empty());
  EXPECT_NE(why_not("amqp+unix://"), "");
  EXPECT_NE(why_not("amqp+unix:///"), "");
  EXPECT_EQ(why_not("amqp+unix:///" + std::string(106, 'b')), "");
  EXPECT_NE(why_not("amqp+unix:///" + std::string(107, 'b')), "") << "longer than a Unix socket's path can be";
  EXPECT_NE(why_not("amqp+unix:///run/b.sock?ca=x.pem"), "") << "a Unix socket has no TLS";
}

TEST(Url, ReadsHostPortUserAndPassword) {
  const auto url = Url::parse("amqp://al%40ice:p%2Fw@broker.example:1234");
  EXPECT_EQ(url.host, "broker.example");
  EXPECT_EQ(url.port, "1234");
  EXPECT_EQ(url.user, "al@ice");
  EXPECT_EQ(url.password, "p/w");
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(Url::parse("amqp://[::1]:7").host, "::1");
  EXPECT_EQ(Url::parse("amqp://h").port, "5672");
}

TEST(Url, AmqpsBringsSettingsOfTls) {
  const auto url = Url::parse("amqps://h?ca=/a.pem&cert=/c.pem&key=/k.pem&server_name=other&verify=false");
  EXPECT_TRUE(url.tls);
  EXPECT_EQ(url.port, "5671");
  EXPECT_EQ(url.tls_options.ca, "/a.pem");
  EXPECT_EQ(url.tls_options.certificate, "/c.pem");
  EXPECT_EQ(url.tls_options.key, "/k.pem");
  EXPECT_EQ(url.tls_options.server_name, "other");
  EXPECT_FALSE(url.tls_options.verify);
  EXPECT_TRUE(Url::parse("amqps://h").tls_options.verify) << "on unless told otherwise";
}

TEST(Url, ThePasswordMayComeFromAFileOrTheEnvironment) {
  const auto path = "/tmp/bascule-url-test-" + std::to_string(::getpid());
  std::ofstream(path) << "from file\n";
  EXPECT_EQ(Url::parse("amqp://u@h?password_file=" + path).password, "from file");
  EXPECT_EQ(Url::parse("amqp://u:own@h?password_file=" + path).password, "own");
  ::unlink(path.c_str());
  EXPECT_NE(why_not("amqp://u@h?password_file=" + path).find(path), std::string::npos);
  ::setenv("BASCULE_BROKER_PASSWORD", "from environment", 1);
  EXPECT_EQ(Url::parse("amqp://u@h").password, "from environment");
  EXPECT_EQ(Url::parse("amqp://h").password, "");
  ::unsetenv("BASCULE_BROKER_PASSWORD");
}

TEST(Url, MistakesAreNamedAndPasswordsAreNot) {
  EXPECT_NE(why_not("http://h").find("amqps://"), std::string::npos);
  EXPECT_NE(why_not("amqp://u:hunter2@h?kaese=1").find("'kaese'"), std::string::npos);
  EXPECT_NE(why_not("amqp://u:hunter2@h?ca=/x").find("amqps"), std::string::npos);
  EXPECT_NE(why_not("amqps://h?cert=/x").find("'key'"), std::string::npos);
  EXPECT_NE(why_not("amqps://h?verify=maybe").find("'verify'"), std::string::npos);
  for (const auto* text : {"amqp://u:hunter2@", "amqq://u:hunter2@h", "amqp://u:hunter2@h?x=1"}) {
    EXPECT_EQ(why_not(text).find("hunter2"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace bascule::amqp
