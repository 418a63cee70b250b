// The selector's language: JMS 2.0, 3.8.1.
#include "bascule/broker/selector.hpp"

#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

// priority 7, durable; subject "order", group "g-1" sequence 3, message-id "ID:1", correlation-id ulong 42.
MessageRef sample() {
  std::vector<std::uint8_t> bytes, items;
  Writer out(bytes), item(items);
  out.raw(encode(Header{.durable = true, .priority = 7}).view());
  item.symbol("x-opt-site"), item.string("north");
  out.section(Section::message_annotations);
  out.map(2, items);
  items.clear();
  item.string("ID:1"), item.binary("me"), item.null(), item.string("order"), item.null(), item.ulong(42);
  item.null(), item.null(), item.null(), item.timestamp(1'700'000'000'000), item.string("g-1"), item.uint(3);
  out.section(Section::properties);
  out.list(12, items);
  items.clear();
  item.string("price"), item.int_(15);
  item.string("weight"), item.double_(2.5);
  item.string("region"), item.string("EU");
  item.string("sku"), item.string("a_b%c");
  item.string("street"), item.string(
                             "Stra\xc3\x9f"
                             "e");
  item.string("express"), item.boolean(true);
  item.string("nothing"), item.null();
  item.string("big"), item.long_(INT64_MAX);
  out.section(Section::application_properties);
  out.map(16, items);
  out.section(Section::amqp_value);
  out.null();
  return make_message(bytes, start);
}

bool selects(const std::string& text) { return Selector(text).matches(*sample(), 1); }

struct Case {
  const char* text;
  bool selected;
};

TEST(Selector, Conditions) {
  for (const auto& [text, selected] : std::initializer_list<Case>{
           {"price = 15", true},
           {"price <> 15", false},
           {"price > 14 AND price < 16", true},
           {"price >= 15 and price <= 15", true},
           {"price = 15.0", true},
           {"price = 0xF AND price = 017 AND price = 15L", true},
           {"weight = 2.5 AND weight < 25e-1 + 1 AND weight > .5 AND weight < 3.f AND weight = 2.5d", true},
           {"region = 'EU'", true},
           {"region = 'eu'", false},
           {"region <> 'US'", true},
           {"express", true},
           {"NOT express", false},
           {"express = TRUE", true},
           {"express <> false", true},
           {"TRUE", true},
           {"FALSE OR TRUE", true},
           {"price = 1 OR price = 15", true},
           {"price = 1 OR price = 15 AND region = 'US'", false},  // AND binds closer
           {"(price = 1 OR price = 15) AND region = 'EU'", true},
           {"NOT price = 1 AND NOT region = 'US'", true},
       }) {
    EXPECT_EQ(selects(text), selected) << text;
  }
}

TEST(Selector, Arithmetic) {
  for (const auto& [text, selected] : std::initializer_list<Case>{
           {"price + 1 = 16", true},
           {"price - 1 - 1 = 13", true},  // from the left
           {"2 + price * 2 = 32", true},
           {"(2 + price) * 2 = 34", true},
           {"price / 2 = 7", true},
           {"weight / 2 = 1.25", true},
           {"-price = -15", true},
           {"- - price = 15", true},
           {"+price = 15", true},
           {"price / 0 = 1", false},
           {"NOT price / 0 = 1", false},  // unknown stays unknown
           {"big + 1 > big", false},      // as a real: it does not wrap around
           {"big + 1 > 0", true},
           {"-9223372036854775808 < 0", true},
           {"price * weight = 37.5", true},
           {"region + 1 = 2", false},
       }) {
    EXPECT_EQ(selects(text), selected) << text;
  }
}

TEST(Selector, UnknownIsNeitherTrueNorFalse) {
  for (const auto& [text, selected] : std::initializer_list<Case>{
           {"absent = 1", false},
           {"NOT absent = 1", false},
           {"absent <> 1", false},
           {"absent IS NULL", true},
           {"absent IS NOT NULL", false},
           {"nothing IS NULL", true},
           {"price IS NOT NULL", true},
           {"absent = 1 OR price = 15", true},
           {"absent = 1 OR price = 1", false},
           {"absent = 1 AND price = 15", false},        // unknown and true is unknown
           {"NOT (absent = 1 OR price = 1)", false},    // unknown or false is unknown
           {"NOT (absent = 1 AND price = 1)", true},    // unknown and false is false
           {"NOT (absent = 1 AND price = 15)", false},  // unknown and true is unknown
           {"NOT (absent = 1 OR price = 15)", false},
           {"absent", false},
           {"NOT absent", false},
           {"absent + 1 = 1 OR NOT absent + 1 = 1", false},
           {"absent = absent", false},
           {"absent IN ('a')", false},
           {"absent NOT IN ('a')", false},
           {"absent LIKE '%'", false},
           {"absent NOT LIKE 'x'", false},
           {"absent BETWEEN 1 AND 2", false},
           {"NOT absent BETWEEN 1 AND 2", false},
           {"NOT price BETWEEN absent AND 2", true},  // 15 <= 2 is false whatever absent is
       }) {
    EXPECT_EQ(selects(text), selected) << text;
  }
}

TEST(Selector, ValuesOfDifferentTypesAreNeitherEqualNorUnequal) {
  for (const char* text : {"price = '15'", "price <> '15'", "region = 1", "express = 1", "express <> 'x'"}) {
    EXPECT_FALSE(selects(text)) << text;
  }
}

TEST(Selector, InBetweenLike) {
  for (const auto& [text, selected] : std::initializer_list<Case>{
           {"region IN ('US', 'EU')", true},
           {"region NOT IN ('US', 'EU')", false},
           {"region NOT IN ('US')", true},
           {"price BETWEEN 15 AND 15", true},
           {"price BETWEEN 16 AND 20", false},
           {"price NOT BETWEEN 16 AND 20", true},
           {"price BETWEEN 20 AND 10", false},
           {"sku LIKE 'a%'", true},
           {"sku LIKE 'a_b_c'", true},
           {"sku LIKE 'a\\_b\\%c' ESCAPE '\\'", true},
           {"region LIKE 'E\\_' ESCAPE '\\'", false},
           {"region LIKE 'E_'", true},
           {"region LIKE 'E'", false},
           {"region LIKE '%U'", true},
           {"region LIKE '%'", true},
           {"region LIKE ''", false},
           {"region NOT LIKE 'X%'", true},
           {"street LIKE 'Stra_e'", true},  // one character, two bytes
           {"price LIKE '15'", false},
           {"region = 'it''s'", false},
           {"'it''s' = 'it''s'", true},
       }) {
    EXPECT_EQ(selects(text), selected) << text;
  }
}

TEST(Selector, HeadersAndProperties) {
  for (const auto& [text, selected] : std::initializer_list<Case>{
           {"JMSPriority = 7", true},
           {"JMSDeliveryMode = 'PERSISTENT'", true},
           {"JMSMessageID = 'ID:1'", true},
           {"JMSCorrelationID = 'ID:AMQP_ULONG:42'", true},
           {"JMSType = 'order'", true},
           {"JMSTimestamp = 1700000000000", true},
           {"JMSXGroupID = 'g-1' AND JMSXGroupSeq = 3", true},
           {"JMSXUserID = 'me'", true},
           {"JMSXDeliveryCount = 2", true},
           {"m.x-opt-site = 'north'", false},  // a minus sign, as JMS has it
           {"m.site IS NULL", true},
       }) {
    EXPECT_EQ(selects(text), selected) << text;
  }
}

TEST(Selector, AMessageWithoutPropertiesIsFine) {
  const Selector selector("JMSXGroupID IS NULL AND price IS NULL AND JMSMessageID IS NULL");
  EXPECT_TRUE(selector.matches(*message("x"), 0));
  EXPECT_FALSE(Selector("price = 1").matches(*message("x"), 0));
}

struct Bad {
  const char* text;
  std::size_t position;
};

TEST(Selector, WhatIsNoSelectorIsRefusedWithItsPlace) {
  for (const auto& [text, position] : std::initializer_list<Bad>{
           {"", 1},
           {"price =", 8},
           {"price = = 1", 9},
           {"price 15", 7},
           {"(price = 1", 11},
           {"price = 1)", 10},
           {"price = 'x", 9},
           {"price = \"x\"", 9},
           {"1", 1},
           {"'x'", 1},
           {"price + 1", 1},
           {"price AND", 10},
           {"1 AND price", 1},
           {"NOT 1", 5},
           {"price > 'x'", 9},
           {"price > TRUE", 9},
           {"'x' + 1 = 1", 1},
           {"price BETWEEN 1", 16},
           {"price BETWEEN 1 OR 2", 17},
           {"price IN ()", 11},
           {"price IN (1)", 11},
           {"price IN 'x'", 10},
           {"1 IN ('x')", 1},
           {"price LIKE 1", 12},
           {"price LIKE region", 12},
           {"price LIKE 'a\\' ESCAPE '\\'", 12},
           {"price LIKE 'a' ESCAPE 'xy'", 23},
           {"price LIKE 'a' ESCAPE", 22},
           {"price IS 1", 10},
           {"1 IS NULL", 1},
           {"price NOT = 1", 11},
           {"price = 99999999999999999999", 9},
           {"price = 9223372036854775808", 9},
           {"price = 1x", 10},
           {"price = 0x", 9},
           {"price = 1e", 9},
           {"price # 1", 7},
           {"price != 1", 7},
           {"price = 1 ; DROP", 11},
       }) {
    try {
      const Selector selector(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const SelectorError& error) {
      EXPECT_EQ(error.position, position) << text << ": " << error.what();
    }
  }
}

TEST(Selector, LengthDepthAndSizeAreBounded) {
  const auto repeat = [](std::size_t n, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += text;
    return all;
  };
  EXPECT_TRUE(selects(repeat(60, "(") + "TRUE" + repeat(60, ")")));
  EXPECT_THROW(selects(repeat(100, "(") + "TRUE" + repeat(100, ")")), SelectorError);
  EXPECT_THROW(selects(repeat(100, "NOT ") + "TRUE"), SelectorError);
  EXPECT_THROW(selects("price = " + repeat(100, "- ") + "1"), SelectorError);
  EXPECT_TRUE(selects(repeat(300, "FALSE OR ") + "TRUE"));
  EXPECT_THROW(selects(repeat(5000, " ") + "TRUE"), SelectorError);
  EXPECT_THROW(selects(repeat(1100, "1+") + "1 = 1"), SelectorError);
  EXPECT_TRUE(selects("price" + repeat(500, "+1") + " = 515"));
}

TEST(Selector, LikeIsLinearInWhatAttackersWrite) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "%a";
  const Selector selector("kind LIKE '" + pattern + "b'");
  EXPECT_FALSE(selector.matches(*message({.kind = std::string(100'000, 'a')}), 0));
}

TEST(Selector, RandomTextNeverCrashes) {
  static constexpr const char* words[] = {"price", "'EU'", "1",   "(", ")", "AND",     "OR",     "NOT",  "=",    "<>",
                                          "<",     "+",    "-",   "*", "/", "BETWEEN", "IN",     "LIKE", "NULL", "IS",
                                          ",",     "TRUE", "2.5", "%", "'", "ESCAPE",  "region", "\xff", "0x",   "."};
  unsigned state = 1;
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (unsigned n = 1 + (state >> 16) % 9; n > 0; --n) {
      state = state * 1'103'515'245 + 12'345;
      text += words[(state >> 16) % std::size(words)];
      text += ' ';
    }
    try {
      selects(text);
      ++taken;
    } catch (const SelectorError& error) {
      EXPECT_GE(error.position, 1u);
      EXPECT_LE(error.position, text.size() + 1);
    }
  }
  EXPECT_GT(taken, 20);
}

}  // namespace
}  // namespace bascule::broker
