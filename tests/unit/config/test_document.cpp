#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/config/document.hpp"

namespace bascule::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// What ConfigError says, or "" when nothing is thrown.
template <class Work>
std::string complaint(Work work) {
  try {
    work();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

constexpr std::string_view file = R"([broker]
url = "amqp://127.0.0.1:5672"
depth = 100
durable = true
[gateway]
listen = "127.0.0.1:8080"
timeout = "5s"
body = "1MiB"
ratio = 0.5
tags = ["a", "b"]
[service.orders]
database = "dbname=orders"
)";

TEST(Document, ReadsEveryType) {
  const Document document = Document::parse(file, "b.toml");
  const Section broker = document.section("broker"), gateway = document.section("gateway");
  EXPECT_EQ(broker.string("url", ""), "amqp://127.0.0.1:5672");
  EXPECT_EQ(broker.integer("depth", 1, 0, 1000), 100);
  EXPECT_TRUE(broker.boolean("durable", false));
  EXPECT_EQ(gateway.endpoint("listen", {}), (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(gateway.duration("timeout", milliseconds(1)), milliseconds(5000));
  EXPECT_EQ(gateway.size("body", 0), 1048576u);
  EXPECT_EQ(gateway.number("ratio", 0, 0, 1), 0.5);
  EXPECT_THAT(gateway.strings("tags", {}), ElementsAre("a", "b"));
  EXPECT_EQ(document.section("service.orders").required_string("database"), "dbname=orders");
  EXPECT_NO_THROW(document.finish());
}

TEST(Document, TakesDefaultsForWhatIsAbsent) {
  const Document document = Document::empty({});
  const Section section = document.section("service.catalog");
  EXPECT_FALSE(section.present());
  EXPECT_EQ(section.string("database", "none"), "none");
  EXPECT_EQ(section.duration("timeout", milliseconds(7)), milliseconds(7));
  EXPECT_NO_THROW(document.finish());
}

TEST(Document, EnvironmentWinsOverTheFile) {
  const Document document = Document::parse(file, "b.toml",
                                            {{"BASCULE_BROKER__DEPTH", "7"},
                                             {"BASCULE_SERVICE__ORDERS__DATABASE", "x"},
                                             {"BASCULE_GATEWAY__TAGS", "c,d"},
                                             {"BASCULE_HOME", "/opt"}});
  EXPECT_EQ(document.section("broker").integer("depth", 1, 0, 1000), 7);
  EXPECT_EQ(document.section("service.orders").string("database", ""), "x");
  EXPECT_THAT(document.section("gateway").strings("tags", {}), ElementsAre("c", "d"));
}

TEST(Document, AWrongTypeNamesFileLineKeyAndWhatIsExpected) {
  const Document document = Document::parse(file, "b.toml");
  const Section broker = document.section("broker"), gateway = document.section("gateway");
  EXPECT_EQ(complaint([&] { broker.integer("url", 1, 0, 9); }),
            "b.toml:2: broker.url: expected an integer, got a value of type string");
  EXPECT_THAT(complaint([&] { broker.string("depth", ""); }), StartsWith("b.toml:3: broker.depth: expected a string"));
  EXPECT_THAT(complaint([&] { broker.boolean("depth", true); }), HasSubstr("expected true or false"));
  EXPECT_THAT(complaint([&] { gateway.duration("listen", milliseconds(1)); }), HasSubstr("expected a time span"));
  EXPECT_THAT(complaint([&] { gateway.strings("ratio", {}); }), HasSubstr("expected an array of strings"));
  EXPECT_THAT(complaint([&] { gateway.tables("tags"); }), HasSubstr("array of tables"));
  EXPECT_THAT(complaint([&] { gateway.section("tags"); }), HasSubstr("expected a table"));
  EXPECT_THAT(complaint([&] { document.section("broker.url"); }), StartsWith("b.toml:2: broker.url: must be a table"));
}

TEST(Document, AWrongVariableNamesTheVariable) {
  const Document document = Document::parse(file, "b.toml", {{"BASCULE_BROKER__DEPTH", "many"}});
  EXPECT_EQ(complaint([&] { document.section("broker").integer("depth", 1, 0, 9); }),
            "environment BASCULE_BROKER__DEPTH: broker.depth: expected an integer, got 'many'");
}

TEST(Document, RangesAreInclusive) {
  const Section broker = Document::parse(file, "b.toml").section("broker");
  EXPECT_EQ(broker.integer("depth", 1, 100, 100), 100);
  EXPECT_EQ(complaint([&] { broker.integer("depth", 1, 0, 99); }),
            "b.toml:3: broker.depth: 100 is out of range, 0 to 99");
}

TEST(Document, AnUnknownKeyIsAnErrorWithASuggestion) {
  const Document document = Document::parse("[gateway]\nlisten = ':1'\nlissten = ':2'\n", "b.toml");
  document.section("gateway").endpoint("listen", {});
  EXPECT_EQ(complaint([&] { document.finish(); }), "b.toml:3: gateway.lissten: unknown key (did you mean 'listen'?)");
}

TEST(Document, ABorrowedSectionsOtherKeysAreNotChecked) {
  const Document document =
      Document::parse("[broker]\nurl = 'a'\nlisten = ':1'\n", "b.toml", {{"BASCULE_BROKER__X", "1"}});
  EXPECT_EQ(document.borrow("broker").string("url", ""), "a");
  EXPECT_NO_THROW(document.finish());
  document.section("broker").string("url", "");
  EXPECT_THAT(complaint([&] { document.finish(); }), HasSubstr("broker.listen: unknown key"));
  document.borrow("broker");
  EXPECT_THAT(complaint([&] { document.finish(); }), HasSubstr("broker.listen: unknown key")) << "it is ours too";
}

TEST(Document, AnUnknownSectionIsAnErrorEvenWhenItIsNotOpened) {
  const Document document = Document::parse("[gatway]\n", "b.toml");
  EXPECT_EQ(complaint([&] { document.finish(); }), "b.toml:1: gatway: unknown section (did you mean 'gateway'?)");
}

TEST(Document, AnUnknownVariableOfAnOpenedSectionIsAnError) {
  const Document document = Document::empty({{"BASCULE_GATEWAY__LISTN", ":1"}, {"BASCULE_BROKER__WHATEVER", "1"}});
  document.section("gateway").endpoint("listen", {});
  EXPECT_EQ(complaint([&] { document.finish(); }),
            "environment: BASCULE_GATEWAY__LISTN: unknown setting (did you mean 'BASCULE_GATEWAY__LISTEN'?)");
}

TEST(Document, AMissingRequiredKeyNamesTheSectionsLine) {
  const Document document = Document::parse("\n[service.orders]\n", "b.toml");
  EXPECT_EQ(complaint([&] { document.section("service.orders").required_string("database"); }),
            "b.toml:2: service.orders.database: is required and missing");
}

TEST(Document, AChoiceOutsideItsListIsAnError) {
  const Section log = Document::parse("[log]\nlevel = 'inof'\n", "b.toml").section("log");
  EXPECT_EQ(complaint([&] { log.choice("level", "info", {"debug", "info"}); }),
            "b.toml:2: log.level: 'inof' is not a value it can have (did you mean 'info'?)");
}

TEST(Document, SyntaxErrorsAndMissingFilesAreErrors) {
  EXPECT_THAT(complaint([] { Document::parse("[gateway]\nlisten = \n", "b.toml"); }),
              StartsWith("b.toml:2: not TOML: "));
  EXPECT_THAT(complaint([] { Document::load("/nonexistent/b.toml", {}); }),
              StartsWith("/nonexistent/b.toml: cannot be read"));
}

TEST(Document, ReadsFilesOfOtherShapes) {
  const Document document =
      Document::parse("[home]\n[[home.part]]\nname='a'\n[[home.part]]\nname='b'\nx=1\n", "a.toml");
  const Section root = document.root();
  EXPECT_THAT(root.keys(), ElementsAre("home"));
  const auto parts = root.section("home").tables("part");
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].string("name", "") + parts[1].string("name", ""), "ab");
  EXPECT_THAT(complaint([&] { document.finish(); }), StartsWith("a.toml:6: home.part[1].x: unknown key"));
}

}  // namespace
}  // namespace bascule::config
