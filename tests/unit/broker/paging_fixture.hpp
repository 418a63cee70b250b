// A router on a journal on a simulated disk, whose messages leave memory as soon as they can.
#pragma once

#include <functional>
#include <set>

#include "stored_router.hpp"

namespace bascule::broker::testing {

struct PagingTest : StoredRouter {
  PagingTest() { open(); }
  ~PagingTest() override {
    router.reset();
    EXPECT_EQ(Message::in_memory(), before);
  }
  void open() {
    router.reset();
    journal.emplace(disk, JournalOptions{.segment_size = 64U << 10}, clocks());
    router.emplace(RouterSettings{.memory_pages = 16U << 10, .memory_high = 64U << 10}, *journal);
    journal->recover(*router, now);
    journal->listen(this);
    writer.emplace(disk);
  }
  void paged_out() override { ++told_paged_out; }

  void publish(int count, bool durable, std::optional<std::uint32_t> ttl = {}) {
    for (int i = 0; i < count; ++i) {
      const std::string body = std::to_string(next++) + std::string(200, '.');
      ASSERT_EQ(queue().publish(message({.body = body, .durable = durable, .ttl = ttl}, now), now).result,
                Admission::Result::accepted);
    }
  }
  void commit() {
    write_commit(*journal, *writer);
    jobs();
  }
  /// 20 messages in and out, 400 times or until `done`: 2.5 MB, 36 segments.
  void churn(const std::function<bool()>& done = [] { return false; }) {
    Sink sink(queue(), 1'000'000);
    sink.settles = true;
    for (int i = 0; i < 400 && !done(); ++i) {
      publish(20, true);
      sink.messages.clear();
      commit();
    }
  }
  /// Flips a bit of this text, wherever it is on the disk.
  void damage(std::string_view text) {
    int found = 0;
    for (const std::string& name : disk.list()) {
      auto& bytes = disk.bytes(name);
      const auto at = std::search(bytes.begin(), bytes.end(), text.begin(), text.end());
      if (at != bytes.end()) *at ^= 1, ++found;
    }
    EXPECT_EQ(found, 1) << text;
  }
  void relieve() {
    for (int i = 0; i < 3; ++i) {
      router->relieve_memory();
      jobs();
    }
  }
  std::uint64_t in_memory() const { return Message::in_memory() - before; }
  void expect_all(Sink& sink, int count) {
    while (sink.bodies.size() < static_cast<std::size_t>(count) && journal->has_jobs()) jobs();
    ASSERT_EQ(sink.bodies.size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) ASSERT_EQ(std::stoi(sink.bodies[static_cast<std::size_t>(i)]), i);
  }
  std::set<std::string> scratch_files() {
    std::set<std::string> found;
    for (const std::string& name : disk.list()) {
      if (name.find("scratch") != std::string::npos) found.insert(name);
    }
    return found;
  }

  int told_paged_out = 0;
  const std::uint64_t before = Message::in_memory();
  int next = 0;
};

}  // namespace bascule::broker::testing
