// Large bodies, in files of their own.
#include "paging_fixture.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

struct BodiesTest : PagingTest {
  void SetUp() override {
    const auto file = journal->new_body();
    for (std::size_t at = 0; at < tail.size(); ++at) tail[at] = static_cast<std::uint8_t>(at * 7);
    for (std::size_t at = 0; at < tail.size(); at += 10'000) {
      file->append(Bytes(tail).subspan(at, std::min<std::size_t>(10'000, tail.size() - at)));
    }
    file->finish(true, [this](SideBody* body) {
      const MessageRef large = message({.body = "front", .durable = true});
      large->set_tail(body);
      queue().publish(large, now);
    });
    jobs();
    commit();
    name = body_files().front();
  }
  std::vector<std::string> body_files() {
    auto names = disk.list();
    std::erase_if(names, [](const std::string& one) { return !journal::is_side_file_name(one); });
    return names;
  }
  /// All of the body; what is wrong with it.
  std::string read(std::vector<std::uint8_t>& into) {
    Sink sink(queue(), 1);
    jobs();
    std::string wrong;
    for (std::uint64_t block = 0; block * body_block < tail.size(); ++block) {
      journal->read_body(*sink.messages.at(0)->tail(), block, 1, [&](Bytes bytes, const std::string& why) {
        into.insert(into.end(), bytes.begin(), bytes.end());
        wrong += why;
      });
      jobs();
    }
    sink.settle(0, {.kind = Outcome::Kind::released});
    return wrong;
  }
  std::vector<std::uint8_t> tail = std::vector<std::uint8_t>(150'000);
  std::string name;
};

TEST_F(BodiesTest, ALargeBodyIsInAFileUntilItsMessageIsSettled) {
  for (const bool restarted : {false, true}) {
    if (restarted) {
      disk.restart();
      open();
    }
    std::vector<std::uint8_t> found;
    EXPECT_EQ(read(found), "");
    EXPECT_EQ(found, tail);
  }
  Sink sink(queue(), 1);
  jobs();
  sink.settle(0);
  sink.messages.clear();
  commit();
  jobs();
  EXPECT_TRUE(body_files().empty());
}

TEST_F(BodiesTest, AnyFlippedByteOfItIsNoticedByFileAndOffset) {
  const auto good = disk.bytes(name);
  std::mt19937 random(3);
  for (int i = 0; i < 60; ++i) {
    const std::size_t at = i < 8 ? static_cast<std::size_t>(i) : random() % good.size();
    disk.bytes(name) = good;
    disk.bytes(name)[at] ^= 0x10;
    std::vector<std::uint8_t> found;
    EXPECT_NE(read(found).find("/simulated/" + name + " is damaged at offset"), std::string::npos) << at;
  }
  disk.bytes(name) = good;
}

TEST_F(BodiesTest, ATruncatedOrMissingOneStopsItsQueue) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, disk.bytes(name).size() - 1}) {
    disk.bytes(name).resize(size);
    open();
    EXPECT_NE(queue().stopped().find(name), std::string::npos) << size;
  }
  disk.remove(name);
  open();
  EXPECT_NE(queue().stopped().find("missing"), std::string::npos);
}

TEST_F(BodiesTest, WhatWasNeverPublishedGoes) {
  {
    const auto file = journal->new_body();
    file->append(tail);
    file->append(tail);
    jobs();
    EXPECT_EQ(body_files().size(), 2u);
  }
  jobs();
  EXPECT_EQ(body_files().size(), 1u) << "given up while it came";
  const auto file = journal->new_body();
  file->append(tail);
  file->append(tail);
  jobs();
  disk.restart();
  open();
  EXPECT_EQ(body_files(), std::vector<std::string>{name}) << "left by a crash";
}

TEST_F(BodiesTest, ADiskThatFindsOutWhenItFlushesThatItIsFullIsFullToo) {
  disk.full_at_sync = true;
  bool finished = false;
  {
    const auto file = journal->new_body();
    file->append(tail);
    file->finish(true, [&](SideBody* body) {
      finished = true;
      EXPECT_EQ(body, nullptr) << "it is not on the medium: nothing may name it";
    });
    jobs();
  }
  jobs();
  EXPECT_TRUE(finished);
  EXPECT_EQ(body_files(), std::vector<std::string>{name}) << "what was written of it goes";
}

TEST_F(BodiesTest, TheFileIsSharedByTheDeadLetter) {
  Sink sink(queue(), 1);
  jobs();
  sink.settle(0, {.kind = Outcome::Kind::rejected});
  commit();
  disk.restart();
  open();
  ASSERT_EQ(body_files().size(), 1u);
  Sink letters(queue("dlq.q"), 1);
  jobs();
  ASSERT_NE(letters.messages.at(0)->tail(), nullptr);
  EXPECT_EQ(letters.messages[0]->tail()->size(), tail.size());
  letters.settle(0);
  letters.messages.clear();
  commit();
  EXPECT_TRUE(body_files().empty());
}

TEST_F(BodiesTest, WhoStillReadsItCanReadItToItsEndThoughAnotherSettledIt) {
  Sink browser(queue(), 1, {.browses = true});
  jobs();
  MessageRef reading = browser.messages.at(0);
  browser.messages.clear();
  Sink taker(queue(), 1);
  jobs();
  taker.settle(0);
  taker.messages.clear();
  commit();
  commit();
  std::string found;
  journal->read_body(*reading->tail(), 1, 1, [&found](Bytes bytes, const std::string& why) {
    EXPECT_EQ(why, "");
    found = as_text(bytes);
  });
  jobs();
  EXPECT_EQ(found, as_text(Bytes(tail).subspan(body_block, body_block)));
  EXPECT_FALSE(journal->dirty()) << "nothing to do until then";
  reading = {};
  EXPECT_EQ(body_files().size(), 1u) << "the settlement is flushed first";
  commit();
  EXPECT_TRUE(body_files().empty());
}

struct VolatileBodiesTest : BodiesTest {
  void SetUp() override {
    for (int i = 0; i < 20; ++i) {
      const auto file = journal->new_body();
      file->append(tail);
      file->finish(false, [&](SideBody* body) {
        const MessageRef large = message({.body = std::to_string(i) + std::string(50'000, '.'), .durable = i == 7});
        large->set_tail(body);
        queue().enqueue(large, 0, now);
      });
      jobs();
    }
  }
};

TEST_F(VolatileBodiesTest, WhatIsInMemoryOfALargeMessageLeavesItTooAndComesBackWithTheRest) {
  relieve();
  EXPECT_LT(in_memory(), 100'000u) << "of a million bytes";
  EXPECT_EQ(body_files().size(), 20u);
  EXPECT_GT(journal->scratch().messages(), 17u);
  {
    Sink sink(queue(), 100);
    expect_all(sink, 20);
    for (std::size_t i = 0; i < 20; ++i) {
      ASSERT_NE(sink.messages[i]->tail(), nullptr);
      EXPECT_EQ(sink.messages[i]->tail()->size(), tail.size());
      EXPECT_EQ(sink.headers[i].durable, i == 7) << "as it was sent, though its queue is not";
      sink.settle(i);
    }
    EXPECT_EQ(body_files().size(), 20u) << "they may still be sent";
  }
  jobs();
  EXPECT_TRUE(body_files().empty());
  EXPECT_TRUE(scratch_files().empty());
}

TEST_F(VolatileBodiesTest, TheFilesOfBothGoWithTheirQueue) {
  relieve();
  router->remove(queue());
  jobs();
  EXPECT_TRUE(body_files().empty());
  EXPECT_TRUE(scratch_files().empty());
}

TEST_F(BodiesTest, AFullDiskSaysSo) {
  disk.free_files = 0;
  bool failed = false;
  const auto file = journal->new_body();
  file->append(tail);
  file->finish(true, [&failed](SideBody* body) { failed = body == nullptr; });
  jobs();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace bascule::broker
