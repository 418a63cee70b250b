// The whole broker core on a disk whose power is cut at every operation in turn, against a ledger kept
// outside.
//
// What was acknowledged and not settled is there after the restart; what was settled and flushed never comes
// back; nothing that was never sent is there; each queue keeps its order. What was sent and not acknowledged
// may be there or not. Messages leave memory as soon as they can be read back; some have a part in a file of its own;
// stragglers make the journal copy them forward; pairs are sent all or nothing. The same with I/O errors (the process
// ends at once) and with a full disk (it goes on) in place of the cut.
#include <gtest/gtest-spi.h>

#include <cstdlib>
#include <set>

#include "bascule/broker/router.hpp"
#include "journal_fixture.hpp"

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
    maker_.emplace(*journal_, disk_);
    router_ = std::make_unique<Router>(
        RouterSettings{.queue = {.max_deliveries = 0}, .memory_pages = 0, .memory_high = 1U << 30}, *journal_);
    journal_->recover(*router_, start);
    journal_->listen(this);
    check();
    // What may or may not be there is there now, or not.
    outside_.sent.clear();
    outside_.settling.clear();
    outside_.acknowledged = found_;
  }

  void step() {
    switch (random_() % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: return publish();
      case 6: return publish_large();
      case 7: return publish_pair();
      case 8:
      case 9:
      case 10:
      case 11: return settle();
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
    Node* topic = router_->open(id % 2 == 0 ? "events.a" : id % 32 == 1 ? "stragglers" : "plain", {}).node;
    if (id % 2 == 0) router_->subscribe({"events.a", "group", true});
    const std::string body = std::to_string(id) + std::string(random_() % 600, '.');
    const auto admission = topic->publish(message({.body = body, .durable = true}), start);
    if (admission.result == Admission::Result::accepted) outside_.sent[id] = admission.lsn;
  }
  static std::string tail_of(int id) { return std::to_string(id) + std::string(static_cast<unsigned>(id % 400), '-'); }
  // Its file is on the medium before it is published; if the disk is full it is not.
  void publish_large() {
    const auto body = journal_->new_body();
    const int id = next_id++;
    const std::string tail = tail_of(id);
    body->append({reinterpret_cast<const std::uint8_t*>(tail.data()), tail.size()});
    body->finish(true, [this, id](SideBody* written) {
      if (written == nullptr) return;
      const MessageRef whole = message({.body = std::to_string(id), .durable = true});
      whole->set_tail(written);
      const auto admission = router_->open("plain", {}).node->publish(whole, start);
      if (admission.result == Admission::Result::accepted) outside_.sent[id] = admission.lsn;
    });
    jobs();
  }
  void publish_pair() {
    Node* pairs = router_->open("pairs", {}).node;
    if (static_cast<Queue*>(pairs)->size() > 20) return router_->remove(*pairs);
    const int id = next_pair++;
    std::array<MessageRef, 2> both;
    Demand demand;
    for (std::size_t i = 0; i < both.size(); ++i) {
      both[i] = message({.body = std::to_string(id) + "ab"[i] + std::string(random_() % 900, '.'), .durable = true});
      demand += pairs->demand_of(*both[i]);
    }
    if (!journal_->takes(demand, Purpose::messages)) return;
    journal_->begin();
    for (const MessageRef& half : both) {
      ASSERT_EQ(pairs->publish(half, start).result, Admission::Result::accepted) << "there was room for both";
    }
    journal_->end();
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
    for (const int id : std::exchange(taken_, {})) {
      outside_.settling[id] = commit.last;
      outside_.acknowledged.erase(id);  // it was settled while the commit that acknowledged it waited
    }
    const Lsn last = commit.last;
    writer_->carry_out(commit);
    if (journal_->log().waiting() > 0) outside_.settling.clear();  // some of them
    journal_->committed(last);
    maker_->look();
    was_full += std::exchange(maker_->was_full, 0);
    moved += journal_->log().state().places.empty() ? 0 : 1;
    if (random_() % 4 == 0) journal_->idle();
    router_->relieve_memory();
    jobs();
  }
  void jobs() { run_jobs(*journal_, disk_); }
  void check() {
    found_.clear();
    for (const char* address : {"plain", "events.a::group", "stragglers"}) {
      Node* node = router_->find(address);
      if (node == nullptr) continue;
      auto& queue = static_cast<Queue&>(*node);
      ASSERT_EQ(queue.stopped(), "");
      int last = -1;
      Sink sink(queue, 1'000'000);
      jobs();
      queue.not_ready(sink);
      ASSERT_EQ(queue.stopped(), "");
      ASSERT_EQ(queue.available(), 0u) << address;
      for (std::size_t i = 0; i < sink.bodies.size(); ++i) {
        const int id = std::stoi(sink.bodies[i]);
        ASSERT_GT(id, last) << "reordered in " << address;
        last = id;
        ASSERT_LT(id, next_id) << "never sent";
        ASSERT_FALSE(outside_.gone.contains(id)) << id << " was settled and flushed, and came back";
        ASSERT_TRUE(found_.insert(id).second) << id << " twice";
        check_tail(*sink.messages[i], id);
        sink.settle(i, {.kind = Outcome::Kind::released});
      }
    }
    check_pairs();
    for (const int id : outside_.acknowledged)
      ASSERT_TRUE(found_.contains(id)) << id << " was acknowledged, and is lost";
  }

  void check_tail(const Message& found, int id) {
    if (found.tail() == nullptr) return;
    std::string tail;
    journal_->read_body(*found.tail(), 0, 1, [&tail](Bytes bytes, const std::string& why) {
      EXPECT_EQ(why, "");
      tail = as_text(bytes);
    });
    jobs();
    ASSERT_EQ(tail, tail_of(id));
    ++large;
  }
  void check_pairs() {
    Node* node = router_->find("pairs");
    if (node == nullptr) return;
    Sink sink(static_cast<Queue&>(*node), 1'000'000);
    jobs();
    sink.queue->not_ready(sink);
    ASSERT_EQ(sink.bodies.size() % 2, 0u) << "a half of a pair";
    for (std::size_t i = 0; i < sink.bodies.size(); i += 2) {
      ASSERT_EQ(std::stoi(sink.bodies[i]), std::stoi(sink.bodies[i + 1])) << "a half of a pair";
    }
    for (std::size_t i = 0; i < sink.bodies.size(); ++i) sink.settle(i, {.kind = Outcome::Kind::released});
  }

  std::mt19937 random_;
  SimulatedDisk& disk_;
  Outside& outside_;
  std::optional<CommitWriter> writer_;
  std::unique_ptr<Journal> journal_;
  std::optional<SegmentMaker> maker_;
  std::unique_ptr<Router> router_;
  std::set<int> found_;
  std::vector<int> taken_;  // settled since the last commit was taken

 public:
  static inline int next_id = 0, next_pair = 0;
  static inline int moved = 0, large = 0, was_full = 0;  // how often it came to that
};

// One history: a cut, a restart, a cut, … The ledger outlives them all.
void run(unsigned seed, int cuts, bool lying, Fault fault = Fault::power_cut) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  World::next_id = 0;
  SimulatedDisk disk(seed);
  disk.lying_sync = lying;
  Outside outside;
  std::mt19937 random(seed);
  for (int round = 0; round < cuts && !::testing::Test::HasFailure(); ++round) {
    disk.cut_after(static_cast<int>(random() % 120), fault);  // recovery itself is cut, too
    try {
      World world(static_cast<unsigned>(random()), disk, outside);
      world.open();
      const int steps = fault == Fault::disk_full ? 300 : 10'000;  // it goes on behind that one
      for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) world.step();
    } catch (const PowerCut&) {
    } catch (const DiskError&) {
    }
    disk.restart();
  }
  World world(1, disk, outside);
  world.open();
}

// BASCULE_POWER_CUT_SEEDS: more of them, for a night.
unsigned seeds() {
  const char* wanted = std::getenv("BASCULE_POWER_CUT_SEEDS");
  return wanted == nullptr ? 60 : static_cast<unsigned>(std::atoi(wanted));
}

TEST(JournalPowerCut, NothingAcknowledgedIsLostAndNothingSettledComesBack) {
  World::moved = World::large = 0;
  for (unsigned seed = 1; seed <= seeds() && !HasFailure(); ++seed) run(seed, 40, false);
  EXPECT_GT(World::moved, 100) << "stragglers were copied forward";
  EXPECT_GT(World::large, 100) << "large bodies came back";
}

TEST(JournalPowerCut, AnIoErrorAtAnyCallLosesNothing) {
  for (unsigned seed = 1; seed <= seeds() / 2 && !HasFailure(); ++seed) run(seed, 40, false, Fault::io_error);
}

TEST(JournalPowerCut, AFullDiskAtAnyCallLosesNothing) {
  World::was_full = 0;
  for (unsigned seed = 1; seed <= seeds() / 2 && !HasFailure(); ++seed) run(seed, 10, false, Fault::disk_full);
  EXPECT_GT(World::was_full, 20);
}

TEST(JournalPowerCut, ADiskThatLiesIsCaught) {
  EXPECT_FATAL_FAILURE(
      {
        try {
          run(7, 40, true);
        } catch (const std::runtime_error&) {  // Damaged, or a file that is not there
          FAIL() << "damaged: lost";
        }
      },
      "lost");
}

}  // namespace
}  // namespace bascule::broker
