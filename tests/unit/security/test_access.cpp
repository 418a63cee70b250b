#include <gtest/gtest.h>

#include "bascule/broker/access.hpp"
#include "bascule/config/error.hpp"

namespace bascule::broker {
namespace {

using enum Operation;

TEST(Covers, NamesAndWildcards) {
  EXPECT_TRUE(covers("a.b", "a.b"));
  EXPECT_FALSE(covers("a.b", "a"));
  EXPECT_FALSE(covers("a.b", "a.b.c"));
  EXPECT_FALSE(covers("a.b", "a.bc"));
  EXPECT_TRUE(covers("a.*", "a.b"));
  EXPECT_FALSE(covers("a.*", "a"));
  EXPECT_FALSE(covers("a.*", "a.b.c"));
  EXPECT_TRUE(covers("a.#", "a"));
  EXPECT_TRUE(covers("a.#", "a.b.c"));
  EXPECT_FALSE(covers("a.#", "ab"));
  EXPECT_TRUE(covers("#", "anything.at.all"));
  EXPECT_TRUE(covers("#.z", "a.b.z"));
  EXPECT_TRUE(covers("a.#.z", "a.z"));
  EXPECT_TRUE(covers("a.#.z.#", "a.z.z.y"));
  EXPECT_FALSE(covers("a.#.z", "a.b.y"));
  EXPECT_FALSE(covers("", "a"));
}

TEST(Covers, APatternIsCoveredOnlyByOneAsWide) {
  EXPECT_TRUE(covers("a.*", "a.*"));
  EXPECT_TRUE(covers("a.#", "a.*"));
  EXPECT_TRUE(covers("a.#", "a.#"));
  EXPECT_TRUE(covers("a.#", "a.b.*.c"));
  EXPECT_TRUE(covers("*.*", "a.*"));
  EXPECT_FALSE(covers("a.*", "a.#"));
  EXPECT_FALSE(covers("a.*", "*.b"));
  EXPECT_FALSE(covers("a.b", "a.*"));
  EXPECT_FALSE(covers("a.b", "a.#"));
  EXPECT_FALSE(covers("*", "#"));
  EXPECT_FALSE(covers("a.#", "#"));
  EXPECT_FALSE(covers("*.#", "#"));
}

TEST(Covers, WhatIsTheBrokersIsNamed) {
  for (const auto* pattern : {"#", "*", "*.#"}) EXPECT_FALSE(covers(pattern, "$management")) << pattern;
  EXPECT_TRUE(covers("$management", "$management"));
  EXPECT_TRUE(covers("a.*", "a.$b")) << "at the front only";
}

TEST(Covers, AgreesWithAllSmallWords) {
  // Whatever pattern covers a pattern matches every address that this one matches.
  const std::vector<std::string> words{"a", "b", "*", "#"};
  std::vector<std::string> patterns, addresses;
  for (const auto& x : words) {
    patterns.push_back(x);
    for (const auto& y : words) {
      patterns.push_back(x + "." + y);
      for (const auto& z : words) patterns.push_back(x + "." + y + "." + z);
    }
  }
  for (const auto& p : patterns) {
    if (p.find_first_of("*#") == std::string::npos) addresses.push_back(p);
  }
  for (const auto& wide : patterns) {
    for (const auto& narrow : patterns) {
      if (!covers(wide, narrow)) continue;
      for (const auto& address : addresses) {
        if (covers(narrow, address))
          EXPECT_TRUE(covers(wide, address)) << wide << " over " << narrow << " at " << address;
      }
    }
  }
}

const char* const rules = R"(
[[rule]]
users = ["alice"]
addresses = ["orders.#", "inbox.{user}"]
operations = ["send"]
[[rule]]
roles = ["shop"]
addresses = ["stock"]
operations = ["receive", "create"]
[[rule]]
users = ["*"]
addresses = ["all"]
operations = ["send"]
[[rule]]
users = ["anonymous"]
addresses = ["public"]
operations = ["send"]
)";

amqp::Identity user(const std::string& name) { return {name, amqp::Mechanism::plain}; }

TEST(Access, OnlyWhatARuleAllows) {
  const auto access = Access::parse(rules, "rules");
  const auto alice = access.of(user("alice"), {"shop"});
  EXPECT_TRUE(alice.allow(send, "orders.one"));
  EXPECT_FALSE(alice.allow(receive, "orders.one"));
  EXPECT_FALSE(alice.allow(manage, "orders.one"));
  EXPECT_TRUE(alice.allow(send, "inbox.alice"));
  EXPECT_FALSE(alice.allow(send, "inbox.bob"));
  EXPECT_TRUE(alice.allow(receive, "stock"));
  EXPECT_TRUE(alice.allow(create, "stock"));
  EXPECT_FALSE(alice.allow(send, "stock"));
  EXPECT_TRUE(alice.allow(send, "all"));
  EXPECT_FALSE(alice.allow(send, "public"));
  EXPECT_TRUE(alice.allow(receive, "stock::a subscription"));
  EXPECT_FALSE(alice.allow(receive, "other::stock"));
  EXPECT_FALSE(access.of(user("bob"), {}).allow(receive, "stock"));
  EXPECT_TRUE(access.of(user("bob"), {"shop"}).allow(receive, "stock"));
}

TEST(Access, AnonymousIsNobodysName) {
  const auto access = Access::parse(rules, "rules");
  const auto nobody = access.of({}, {"shop"});
  EXPECT_TRUE(nobody.allow(send, "public"));
  EXPECT_FALSE(nobody.allow(send, "all")) << "has not logged in";
  EXPECT_FALSE(nobody.allow(receive, "stock")) << "has no roles";
  // A certificate may bear the name; it is not what the rule means.
  EXPECT_FALSE(access.of({"anonymous", amqp::Mechanism::external}, {}).allow(send, "public"));
}

TEST(Access, ANameCannotBecomeAPattern) {
  const auto access = Access::parse(rules, "rules");
  for (const auto* name : {"#", "*", "a.b", "{user}", "x.#"}) {
    const auto grants = access.of(user(name), {});
    EXPECT_FALSE(grants.allow(send, "inbox.alice")) << name;
    EXPECT_FALSE(grants.allow(send, "inbox." + std::string(name))) << name;
  }
}

TEST(Access, MistakesAreNamed) {
  const auto why = [](const std::string& toml) -> std::string {
    try {
      Access::parse(toml, "rules.toml");
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(why("[[rule]]\nusers = [\"a\"]\naddresses = [\"x\"]\noperations = [\"read\"]").find("'read'"),
            std::string::npos);
  EXPECT_NE(why("[[rule]]\naddresses = [\"x\"]\noperations = [\"send\"]").find("users or roles"), std::string::npos);
  EXPECT_NE(why("[[rule]]\nusers = [\"a\"]\noperations = [\"send\"]").find("addresses"), std::string::npos);
  EXPECT_NE(why("[[rule]]\nusers = [\"a\"]\naddresses = [\"x\"]").find("operations"), std::string::npos);
  EXPECT_NE(why("[[rule]]\nuser = [\"a\"]\nusers = [\"a\"]\naddresses = [\"x\"]\noperations = [\"send\"]").find("user"),
            std::string::npos);
  EXPECT_NE(why("[[rules]]\nusers = [\"a\"]").find("rules"), std::string::npos)
      << "a misspelt table would allow nothing";
  EXPECT_EQ(why(""), "");
}

TEST(Permissions, RememberAndForget) {
  const auto access = Access::parse(rules, "rules");
  Permissions permissions(user("alice"), std::make_shared<Grants>(access.of(user("alice"), {})));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(permissions.may_send("orders.one"));
    EXPECT_FALSE(permissions.may_send("stock"));
  }
  for (int i = 0; i < 5000; ++i) EXPECT_FALSE(permissions.may_send("x" + std::to_string(i)));
  permissions.change(std::make_shared<Grants>(access.of(user("bob"), {})));
  EXPECT_FALSE(permissions.may_send("orders.one")) << "the remembered answers are of the old rules";
  permissions.change(nullptr);
  EXPECT_TRUE(permissions.may_send("stock"));
  EXPECT_TRUE(permissions.may_claim("alice"));
  EXPECT_TRUE(permissions.may_claim(""));
  EXPECT_FALSE(permissions.may_claim("bob"));
  EXPECT_NE(permissions.refusal(receive, "stock").find("'alice' may not receive from 'stock'"), std::string::npos);
}

}  // namespace
}  // namespace bascule::broker
