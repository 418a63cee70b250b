#include "native/bridge/link_cache.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace bascule::python {
namespace {

struct Link {
  struct State {
    std::size_t queued = 0;
    bool closed = false;
  };
  std::shared_ptr<State> state = std::make_shared<State>();
  std::size_t queued() const { return state->queued; }
  void close() { state->closed = true; }
};

struct Opened {
  std::vector<std::string> addresses;
  LinkCache<Link> cache{3, [this](const LinkCache<Link>::Key& key) {
                          addresses.push_back(key.first);
                          return Link();
                        }};
  Link at(const std::string& address) { return *cache.at({address, {"queue"}}); }
};

TEST(LinkCache, OpensOneLinkAnAddress) {
  Opened opened;
  for (int i = 0; i < 100; ++i) opened.at(i % 2 == 0 ? "a" : "b");
  EXPECT_EQ(opened.addresses, (std::vector<std::string>{"a", "b"}));
  opened.cache.at({"a", {"topic"}});
  EXPECT_EQ(opened.cache.size(), 3u) << "a topic is no queue";
}

TEST(LinkCache, TheOneUsedLongestAgoGivesWay) {
  Opened opened;
  const Link a = opened.at("a"), b = opened.at("b"), c = opened.at("c");
  opened.at("a");
  opened.at("d");
  EXPECT_TRUE(b.state->closed);
  EXPECT_FALSE(a.state->closed || c.state->closed);
  EXPECT_EQ(opened.cache.size(), 3u);
  opened.at("b");
  EXPECT_TRUE(c.state->closed);
  EXPECT_EQ(opened.addresses, (std::vector<std::string>{"a", "b", "c", "d", "b"}));
}

TEST(LinkCache, WhatHasMessagesQueuedStays) {
  Opened opened;
  const Link a = opened.at("a"), b = opened.at("b"), c = opened.at("c");
  a.state->queued = c.state->queued = 1;
  opened.at("d");
  EXPECT_TRUE(b.state->closed);
  opened.at("d").state->queued = 1;
  EXPECT_EQ(opened.cache.at({"e", {"queue"}}), nullptr);
  EXPECT_FALSE(a.state->closed || c.state->closed);
  a.state->queued = 0;
  EXPECT_NE(opened.cache.at({"e", {"queue"}}), nullptr);
}

}  // namespace
}  // namespace bascule::python
