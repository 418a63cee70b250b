// A router on a journal on a simulated disk; what the journal's threads do is done at once.
#pragma once

#include <optional>

#include "bascule/broker/journal.hpp"
#include "bascule/broker/router.hpp"
#include "simulated_disk.hpp"
#include "support.hpp"

namespace bascule::broker::testing {

/// What the threads that read and make files do, and what they are asked for meanwhile.
inline void run_jobs(Journal& journal, Disk& disk) {
  while (journal.has_jobs()) {
    for (JournalJob& job : journal.take_jobs()) {
      job.work(disk);
      job.done();
    }
  }
}

/// What the thread that writes does.
inline void write_commit(Journal& journal, CommitWriter& writer) {
  journal::Commit taken = journal.take();
  const Lsn last = taken.last;
  writer.carry_out(taken);
  journal.committed(last);
}

/// Who derives from it opens journal, router and writer, in this order.
struct StoredRouter : ::testing::Test, StorageListener {
  ~StoredRouter() override { router.reset(); }
  void durable(Lsn) override {}
  void holders(Lsn lsn, std::vector<Holding>& queues) override { router->holders(lsn, queues); }
  void spoilt(Lsn lsn, const std::string& why) override { router->spoilt(lsn, why); }

  Clocks clocks() {
    return {[this] { return now; }, [] { return std::int64_t{0}; }};
  }
  Queue& queue(const std::string& address = "q") { return static_cast<Queue&>(*router->open(address, {}).node); }
  void jobs() { run_jobs(*journal, disk); }

  Time now = start;
  SimulatedDisk disk{1};
  std::optional<Journal> journal;
  std::optional<CommitWriter> writer;
  std::optional<Router> router;
};

}  // namespace bascule::broker::testing
