// The whole broker core on a disk whose power is cut at every operation in turn, against a ledger kept
// outside.
//
// What was acknowledged and not settled is there after the restart; what was settled and flushed never comes
// back; nothing that was never sent is there; each queue keeps its order. What was sent and not acknowledged
// may be there or not.
#include <gtest/gtest-spi.h>

#include <set>

#include "bascule/broker/journal.hpp"
#include "bascule/broker/router.hpp"
#include "simulated_disk.hpp"
#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;

struct Outside {
  std::map<int, Lsn> sent;      // not acknowledged yet
  std::set<int> acknowledged;   // and not settled
  std::map<int, Lsn> settling;  // settled, durable once the journal is beyond this
  std::set<int> gone;           // settled and flushed
};

class World final : public StorageListener {
 public:
  World(unsigned seed, SimulatedDisk& disk, Outside& outside) : random_(seed), disk_(disk), outside_(outside) {}

  /// Opens what is on the disk and holds it against the ledger.
  void open() {
    writer_.emplace(disk_);
    journal_ = std::make_unique<Journal>(disk_, JournalOptions{.segment_size = 2048},
                                         Clocks{[] { return start; }, [] { return std::int64_t{0}; }});
    router_ = std::make_unique<Router>(RouterSettings{}, *journal_);
    journal_->recover(*router_, start);
    journal_->listen(this);
    check();
    // What may or may not be there is there now, or not.
    outside_.sent.clear();
    outside_.settling.clear();
    outside_.acknowledged = found_;
  }

  void step() {
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
      case 3: return publish();
      case 4:
      case 5: return settle();
      default: return commit();
    }
  }

  void durable(Lsn lsn) override {
    std::erase_if(outside_.sent, [&](const auto& item) {
      if (item.second > lsn) return false;
      if (!outside_.settling.contains(item.first) && !outside_.gone.contains(item.first)) {
        outside_.acknowledged.insert(item.first);
      }
      return true;
    });
    std::erase_if(outside_.settling, [&](const auto& item) {
      if (item.second > lsn) return false;
      outside_.gone.insert(item.first);
      return true;
    });
  }
  void holders(Lsn lsn, std::vector<Holding>& queues) override { router_->holders(lsn, queues); }

 private:
  void publish() {
    const int id = next_id++;
    Node* topic = router_->open(id % 2 == 0 ? "events.a" : "plain", {}).node;
    if (id % 2 == 0) router_->subscribe({"events.a", "group", true});
    const std::string body = std::to_string(id) + std::string(random_() % 600, '.');
    const auto admission = topic->publish(message({.body = body, .durable = true}), start);
    outside_.sent[id] = admission.lsn;
  }
  void settle() {
    Node* node = router_->find(random_() % 2 == 0 ? "events.a::group" : "plain");
    if (node == nullptr) return;
    Sink sink(static_cast<Queue&>(*node), 1 + random_() % 3);
    jobs();
    for (std::size_t i = 0; i < sink.bodies.size(); ++i) {
      if (random_() % 4 == 0) {
        sink.settle(i, {.kind = Outcome::Kind::modified, .delivery_failed = true});
        continue;
      }
      const int id = std::stoi(sink.bodies[i]);
      sink.settle(i);
      outside_.acknowledged.erase(id);
      taken_.push_back(id);
    }
  }
  void commit() {
    journal::Commit commit = journal_->take();
    const Lsn last = commit.last;
    for (const int id : std::exchange(taken_, {})) outside_.settling[id] = last;
    writer_->carry_out(commit);
    journal_->committed(last);
    if (random_() % 4 == 0) journal_->idle();
    jobs();
  }
  void jobs() {
    while (journal_->has_jobs()) {
      for (JournalJob& job : journal_->take_jobs()) {
        job.work(disk_);
        job.done();
      }
    }
  }
  void check() {
    found_.clear();
    for (const char* address : {"plain", "events.a::group"}) {
      Node* node = router_->find(address);
      if (node == nullptr) continue;
      auto& queue = static_cast<Queue&>(*node);
      int last = -1;
      Sink sink(queue, 1'000'000);
      jobs();
      queue.not_ready(sink);
      for (std::size_t i = 0; i < sink.bodies.size(); ++i) {
        const int id = std::stoi(sink.bodies[i]);
        ASSERT_GT(id, last) << "reordered in " << address;
        last = id;
        ASSERT_LT(id, next_id) << "never sent";
        ASSERT_FALSE(outside_.gone.contains(id)) << id << " was settled and flushed, and came back";
        ASSERT_TRUE(found_.insert(id).second) << id << " twice";
        sink.settle(i, {.kind = Outcome::Kind::released});
      }
    }
    for (const int id : outside_.acknowledged)
      ASSERT_TRUE(found_.contains(id)) << id << " was acknowledged, and is lost";
  }

  std::mt19937 random_;
  SimulatedDisk& disk_;
  Outside& outside_;
  std::optional<CommitWriter> writer_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Router> router_;
  std::set<int> found_;
  std::vector<int> taken_;  // settled since the last commit was taken

 public:
  static inline int next_id = 0;
};

// One history: a cut, a restart, a cut, … The ledger outlives them all.
void run(unsigned seed, int cuts, bool lying) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World::next_id = 0;
  SimulatedDisk disk(seed);
  disk.lying_sync = lying;
  Outside outside;
  std::mt19937 random(seed);
  for (int round = 0; round < cuts && !::testing::Test::HasFailure(); ++round) {
    disk.cut_after(static_cast<int>(random() % 60));  // recovery itself is cut, too
    try {
      World world(static_cast<unsigned>(random()), disk, outside);
      world.open();
      for (int i = 0; i < 10'000 && !::testing::Test::HasFailure(); ++i) world.step();
    } catch (const PowerCut&) {
    }
    disk.restart();
  }
  World world(1, disk, outside);
  world.open();
}

TEST(JournalPowerCut, NothingAcknowledgedIsLostAndNothingSettledComesBack) {
  for (unsigned seed = 1; seed <= 60 && !HasFailure(); ++seed) run(seed, 40, false);
}

TEST(JournalPowerCut, ADiskThatLiesIsCaught) {
  EXPECT_FATAL_FAILURE(
      {
        try {
          run(7, 40, true);
        } catch (const journal::Damaged&) {
          FAIL() << "damaged: lost";
        }
      },
      "lost");
}

}  // namespace
}  // namespace bascule::broker
