#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bascule/contracts/registry.hpp"

namespace bascule::contracts {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

DescriptorPtr descriptor(const std::string& digest, const std::string& service = "shop.Catalog") {
  return std::make_shared<const thrift::Descriptor>(thrift::Descriptor::parse(
      R"({"bascule":1,"name":"shop","namespace":"shop","digest":")" + digest +
      R"(","types":{},"constants":{},"events":{},"services":{")" + service +
      R"(":{"extends":null,"doc":"","annotations":{},"address":"rpc.)" + service + R"(","methods":[]}}})"));
}

struct RegistryTest : testing::Test {
  Registry registry;
  Clock::time_point now{std::chrono::hours(1)};

  void say(const std::string& instance, const std::string& digest,
           Announcement::State state = Announcement::State::up) {
    registry.announced({"shop.Catalog", instance, "rpc.shop.Catalog", digest, state, milliseconds(1000)}, now);
  }
  std::vector<std::string> wanted() {
    std::vector<std::string> digests;
    for (const auto& each : registry.take_wanted()) digests.push_back(each.digest);
    return digests;
  }
  /// "A up", "A down", "none".
  std::string catalog() {
    for (const auto& service : registry.services()) {
      if (service.name == "shop.Catalog" && service.contract)
        return service.contract->digest + (service.up ? " up" : " down");
    }
    return "none";
  }
  void learn(const std::string& digest) {
    registry.take_wanted();
    registry.described("shop.Catalog", digest, descriptor(digest));
  }
};

TEST_F(RegistryTest, AContractIsAskedForOncePerDigest) {
  say("1", "A");
  EXPECT_THAT(wanted(), ElementsAre("A"));
  say("2", "A");
  EXPECT_THAT(wanted(), ElementsAre());
  EXPECT_EQ(catalog(), "none");
  EXPECT_FALSE(registry.take_changed());
  registry.described("shop.Catalog", "A", descriptor("A"));
  EXPECT_EQ(catalog(), "A up");
  EXPECT_TRUE(registry.take_changed());
  say("1", "A");
  EXPECT_FALSE(registry.take_changed()) << "a renewed lease changes nothing";
}

TEST_F(RegistryTest, TheLastInstanceThatLeavesTakesTheServiceDown) {
  say("1", "A");
  say("2", "A");
  learn("A");
  registry.take_changed();
  say("1", "A", Announcement::State::down);
  EXPECT_EQ(catalog(), "A up");
  EXPECT_FALSE(registry.take_changed());
  say("2", "A", Announcement::State::down);
  EXPECT_EQ(catalog(), "A down") << "its routes stay known";
  EXPECT_TRUE(registry.take_changed());
  say("3", "A");
  EXPECT_EQ(catalog(), "A up");
  EXPECT_THAT(wanted(), ElementsAre()) << "the contract is known";
}

TEST_F(RegistryTest, ThreeMissedIntervalsMeanGone) {
  say("1", "A");
  learn("A");
  registry.take_changed();
  now += milliseconds(2999);
  registry.tick(now);
  EXPECT_EQ(catalog(), "A up");
  now += milliseconds(1);
  registry.tick(now);
  EXPECT_EQ(catalog(), "A down");
  EXPECT_TRUE(registry.take_changed());
}

TEST_F(RegistryTest, ADeploymentSwapsOnceAndARollbackSwapsBack) {
  say("1", "A");
  learn("A");
  say("2", "B");
  EXPECT_EQ(catalog(), "A up") << "not before its contract is here";
  learn("B");
  EXPECT_EQ(catalog(), "B up");
  registry.take_changed();
  say("1", "A");
  EXPECT_FALSE(registry.take_changed()) << "an old instance does not swap it back";
  say("2", "B", Announcement::State::down);
  EXPECT_EQ(catalog(), "A up");
}

TEST_F(RegistryTest, TheNewestWinsWhateverItsDigestIsCalled) {
  say("1", "z");
  learn("z");
  say("2", "a");
  learn("a");
  EXPECT_EQ(catalog(), "a up");
  say("3", "m");
  learn("m");
  EXPECT_EQ(catalog(), "m up");
}

TEST_F(RegistryTest, AnotherInstancesAnswerIsUsedAndTheRightOneAskedAgain) {
  say("1", "A");
  say("2", "B");
  EXPECT_THAT(wanted(), ElementsAre("A", "B"));
  registry.described("shop.Catalog", "A", descriptor("B"));  // the broker gave the question to instance 2
  EXPECT_EQ(catalog(), "B up");
  EXPECT_THAT(wanted(), ElementsAre("A"));
}

TEST_F(RegistryTest, NoAnswerIsAskedAgainARefusedContractIsNot) {
  say("1", "A");
  EXPECT_THAT(wanted(), ElementsAre("A"));
  registry.undescribed("shop.Catalog", "A", true);
  EXPECT_THAT(wanted(), ElementsAre("A"));
  registry.undescribed("shop.Catalog", "A", false);
  say("1", "A");
  EXPECT_THAT(wanted(), ElementsAre());
  say("1", "B");
  EXPECT_THAT(wanted(), ElementsAre("B")) << "a new contract is";
}

TEST_F(RegistryTest, AContractWithoutTheServiceIsUnusable) {
  say("1", "A");
  registry.take_wanted();
  registry.described("shop.Catalog", "A", descriptor("A", "shop.Other"));
  EXPECT_EQ(catalog(), "none");
  EXPECT_THAT(wanted(), ElementsAre());
}

TEST_F(RegistryTest, BoundsHold) {
  for (int i = 0; i < 1001; ++i) {
    registry.announced({"s" + std::to_string(i), "1", "a", "A", Announcement::State::up, milliseconds(1000)}, now);
  }
  EXPECT_EQ(registry.services().size(), 1000u);
  EXPECT_EQ(registry.refused(), 1u);
}

TEST_F(RegistryTest, OldDigestsMakeWayButLiveOnesDoNot) {
  for (int i = 0; i < 40; ++i) say("1", "D" + std::to_string(i));
  EXPECT_EQ(registry.refused(), 0u);
  learn("D39");
  EXPECT_EQ(catalog(), "D39 up");
  for (int i = 0; i < 17; ++i) say("i" + std::to_string(i), "L" + std::to_string(i));
  EXPECT_GT(registry.refused(), 0u);
  EXPECT_EQ(catalog(), "D39 up");
}

TEST_F(RegistryTest, DownOfSomebodyUnknownIsNothing) {
  say("1", "A", Announcement::State::down);
  EXPECT_TRUE(registry.services().empty());
}

}  // namespace
}  // namespace bascule::contracts
