// Who may talk to the API at all, and what Authorization says.
#include "bascule/admin/guard.hpp"

#include <gtest/gtest.h>

namespace bascule::admin {
namespace {

AdminHead from_here() {
  return {.method = "GET", .target = "/api/v1/queues", .host = "127.0.0.1:80", .loopback = true};
}

int status_of(const AdminHead& head, const std::vector<std::string>& hosts = {}) {
  const auto problem = refused_by_guard(head, hosts);
  return problem ? problem->status : 200;
}

TEST(AdminGuard, OnlyOverLoopback) {
  AdminHead head = from_here();
  EXPECT_EQ(status_of(head), 200);
  head.loopback = false;
  EXPECT_EQ(status_of(head), 403);
  EXPECT_EQ(status_of(head, {"127.0.0.1"}), 403);
}

// A page whose name was made to point at this machine (DNS rebinding) has that name in Host.
TEST(AdminGuard, OnlyByItsOwnName) {
  for (const char* own :
       {"localhost", "localhost:8161", "LocalHost:1", "127.0.0.1", "127.1.2.3:5", "[::1]", "[::1]:80"}) {
    AdminHead head = from_here();
    head.host = own;
    EXPECT_EQ(status_of(head), 200) << own;
  }
  for (const char* other : {"", ":80", "evil.example", "localhost.evil.example", "evil.example:80", "10.0.0.1",
                            "0.0.0.0", "127.0.0.1.evil.example", "localhost@evil.example", "[::1", "[::1]evil", "::1",
                            "0x7f.1", "broker.example.evil"}) {
    AdminHead head = from_here();
    head.host = other;
    EXPECT_EQ(status_of(head, {"broker.example"}), 421) << other;
  }
  AdminHead head = from_here();
  head.host = "Broker.example:443";
  EXPECT_EQ(status_of(head, {"broker.example"}), 200);
}

TEST(AdminGuard, NoWebPage) {
  for (const char* origin : {"http://evil.example", "null", "http://127.0.0.1:80", "http://localhost"}) {
    AdminHead head = from_here();
    head.origin = origin;
    EXPECT_EQ(status_of(head), 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site", "same-origin", "x"}) {
    AdminHead head = from_here();
    head.fetch_site = site;
    EXPECT_EQ(status_of(head), 403) << site;
  }
  AdminHead head = from_here();
  head.fetch_site = "none";  // typed by a person
  EXPECT_EQ(status_of(head), 200);
}

TEST(AdminCredentials, WhatAuthorizationSays) {
  const auto kind = [](const char* text) { return read_credentials(text).index(); };
  EXPECT_EQ(kind(""), 0u);
  for (const char* bad :
       {"Bearer", "Bearer ", "Bearer a b", "Basic !!!", "Basic YWxpY2U=", "Basic OnB3", "Digest x", "x"}) {
    EXPECT_EQ(kind(bad), 1u) << bad;
  }
  EXPECT_EQ(std::get<Bearer>(read_credentials("bearer  tok.en=")).token, "tok.en=");
  const auto basic = std::get<Basic>(read_credentials("BASIC YWxpY2U6d29uZGVyOmxhbmQ="));
  EXPECT_EQ(basic.user, "alice");
  EXPECT_EQ(basic.password, "wonder:land");
  EXPECT_EQ(std::get<Basic>(read_credentials("Basic YWxpY2U6")).password, "");
}

TEST(AdminCredentials, ATokenIsRightOrWrong) {
  const std::string token(40, 'a');
  EXPECT_TRUE(same_token(token, token));
  EXPECT_FALSE(same_token(token + "a", token));
  EXPECT_FALSE(same_token(token.substr(1), token));
  EXPECT_FALSE(same_token("", token));
  EXPECT_FALSE(same_token("", "")) << "no token is nobody's";
}

}  // namespace
}  // namespace bascule::admin
