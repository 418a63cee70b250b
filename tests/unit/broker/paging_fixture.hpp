// A router on a journal on a simulated disk, whose messages leave memory as soon as they can.
#pragma once

#include <set>

#include "bascule/broker/journal.hpp"
#include "bascule/broker/router.hpp"
#include "simulated_disk.hpp"
#include "support.hpp"

namespace bascule::broker::testing {

struct PagingTest : ::testing::Test, StorageListener {
  PagingTest() { open(); }
  ~PagingTest() override {
    router.reset();
    EXPECT_EQ(Message::in_memory(), before);
  }
  void open() {
    router.reset();
    journal.emplace(disk, JournalOptions{.segment_size = 64U << 10},
                    Clocks{[this] { return now; }, [] { return std::int64_t{0}; }});
    router.emplace(RouterSettings{.memory_pages = 16U << 10, .memory_high = 64U << 10}, *journal);
    journal->recover(*router, now);
    journal->listen(this);
    writer.emplace(disk);
  }
  void durable(Lsn) override {}
  void holders(Lsn lsn, std::vector<Holding>& queues) override { router->holders(lsn, queues); }
  void spoilt(Lsn lsn, const std::string& why) override { router->spoilt(lsn, why); }
  void paged_out() override { ++told_paged_out; }

  Queue& queue(const std::string& address = "q") { return static_cast<Queue&>(*router->open(address, {}).node); }
  void publish(int count, bool durable, std::optional<std::uint32_t> ttl = {}) {
    for (int i = 0; i < count; ++i) {
      const std::string body = std::to_string(next++) + std::string(200, '.');
      ASSERT_EQ(queue().publish(message({.body = body, .durable = durable, .ttl = ttl}, now), now).result,
                Admission::Result::accepted);
    }
  }
  void commit() {
    journal::Commit taken = journal->take();
    const Lsn last = taken.last;
    writer->carry_out(taken);
    journal->committed(last);
    jobs();
  }
  void jobs() {
    while (journal->has_jobs()) {
      for (JournalJob& job : journal->take_jobs()) {
        job.work(disk);
        job.done();
      }
    }
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
  Time now = start;
  int next = 0;
  SimulatedDisk disk{1};
  std::optional<Journal> journal;
  std::optional<CommitWriter> writer;
  std::optional<Router> router;
};

}  // namespace bascule::broker::testing
