// RFC 4013, section 3: its examples; and what else can come in.
#include <gtest/gtest.h>

#include "bascule/amqp/saslprep.hpp"

namespace bascule::amqp {
namespace {

std::string of(std::string_view text, Prepared as = Prepared::query) {
  return saslprep(text, as).value_or("(refused)");
}

TEST(SaslPrep, TheExamplesOfRfc4013) {
  EXPECT_EQ(of("I\u00adX"), "IX") << "a soft hyphen is mapped to nothing";
  EXPECT_EQ(of("user"), "user");
  EXPECT_EQ(of("USER"), "USER") << "case is kept";
  EXPECT_EQ(of("\u00aa"), "a");
  EXPECT_EQ(of("\u2168"), "IX");
  EXPECT_EQ(of("\x07"), "(refused)") << "a control character";
  EXPECT_EQ(of("\u0627\u0031"), "(refused)") << "both directions";
}

TEST(SaslPrep, OneFormForWhatLooksTheSame) {
  EXPECT_EQ(of("Zoe\u0308"), "Zo\u00eb");
  EXPECT_EQ(of("Zo\u00eb"), "Zo\u00eb");
  EXPECT_EQ(of("a\u00a0b"), "a b") << "a space is a space";
  EXPECT_EQ(of("wonder land"), "wonder land");
}

TEST(SaslPrep, WhatUnicodeDidNotHaveThenIsAskedForButNotStored) {
  EXPECT_EQ(of("\U0001f40e"), "\U0001f40e");
  EXPECT_EQ(of("\U0001f40e", Prepared::stored), "(refused)");
}

TEST(SaslPrep, WhatCannotBe) {
  EXPECT_EQ(of(""), "(refused)");
  EXPECT_EQ(of("\u00ad"), "(refused)") << "nothing is left";
  EXPECT_EQ(of(std::string_view("a\0b", 3)), "(refused)");
  for (const char* broken : {"\xff", "\xc3", "a\xe2\x82", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_EQ(of(broken), "(refused)") << "no UTF-8";
  }
  EXPECT_EQ(of(std::string(1024, 'x')).size(), 1024u);
  EXPECT_EQ(of(std::string(1025, 'x')), "(refused)");
  std::string long_ones;
  while (long_ones.size() < 1020) long_ones += "\ufdfa";  // 18 characters each, when it is taken apart
  EXPECT_EQ(of(long_ones).size() / (long_ones.size() / 3), 33u);
}

}  // namespace
}  // namespace bascule::amqp
