// The room that is kept on a full disk, of the log alone: who may use which part of it, and what is begun where.
#include "bascule/broker/journal_log.hpp"

#include "support.hpp"

namespace bascule::broker {
namespace {

using namespace testing;
using journal::Commit;
using journal::Log;

constexpr std::uint64_t segment_size = 4096;  // 1024 bytes for settlements, of these 512 for copies

struct LogRoom : ::testing::Test {
  LogRoom() {
    log.only_made();
    make(segment_size);
    queue = log.declare("q", "");
  }
  void make(std::uint64_t capacity) {
    journal::Ahead next = log.next_segment();
    next.capacity = capacity;
    log.made(next);
  }
  Commit commit() {
    Commit taken = log.take(0);
    for (const auto& write : taken.writes) EXPECT_LE(write.offset + write.bytes.size(), write.capacity);
    return taken;
  }
  /// As messages are taken: while the room for settlements is left behind them. Their names, oldest first.
  std::vector<Lsn> fill(std::size_t size) {
    std::vector<Lsn> all;
    const std::vector<std::uint8_t> body(size, 'x');
    while (log.fits(Demand().record(size + 4), log.settlement_room())) {
      all.push_back(log.publish({.queues = {{.queue = queue}}}, body));
    }
    commit();
    return all;
  }
  /// One by one, each in a flush of its own, until one has to wait; how many were settled.
  std::size_t settle_until_one_waits(const std::vector<Lsn>& all) {
    std::size_t done = 0;
    while (done < all.size() && log.waiting() == 0) {
      log.settle(queue, all[done++]);
      commit();
    }
    EXPECT_GT(log.waiting(), 0U);
    return done;
  }
  Log log{{}, segment_size};
  QueueId queue = 0;
};

TEST_F(LogRoom, SettlementsLeaveHalfOfTheirRoomToCopies) {
  for (int i = 0; i < 3; ++i) make(segment_size);
  settle_until_one_waits(fill(1));
  EXPECT_GE(log.left(), log.copy_room());
  EXPECT_LT(log.left(), log.copy_room() + 150) << "and use the other half";
}

TEST_F(LogRoom, MarksLeaveRoomToSettlements) {
  const auto all = fill(1);
  std::size_t marks = 0;
  for (const Lsn one : all) {
    log.settle(queue, one);
    commit();
    log.mark();
    if (!log.marked()) break;
    commit();
    ++marks;
    ASSERT_GE(log.left(), log.settlement_room() / 4 * 3) << marks;
  }
  EXPECT_GT(marks, 0U);
  EXPECT_FALSE(log.marked());
}

TEST_F(LogRoom, KeysThatAreKeptWaitForRoomOfTheirOwn) {
  for (int i = 0; i < 6; ++i) log.remember({queue, 1'000'000, std::vector<std::uint8_t>(40, 'k')});
  make(segment_size);
  const auto all = fill(300);
  const Lsn first_ends = log.ledger().segments().front().end();
  ASSERT_EQ(log.ledger().segments().size(), 2U);
  for (const Lsn one : all) {
    if (one < first_ends) log.settle(queue, one);
  }
  EXPECT_TRUE(commit().removals.empty());
  EXPECT_EQ(log.ledger().segments().size(), 2U) << "nothing lives there but keys, and there is no room for them";
  EXPECT_GE(log.left(), log.copy_room());
  EXPECT_FALSE(log.dirty()) << "nothing to do until there is room";
  make(segment_size);
  log.settle(queue, all.back());
  EXPECT_EQ(commit().removals, std::vector<std::string>{journal::segment_name(64)});
  EXPECT_EQ(log.state().keys.size(), 6U);
}

TEST_F(LogRoom, SettlementsOfSegmentsThatAreGoneAreForgotten) {
  for (int i = 0; i < 6; ++i) make(segment_size);
  const auto all = fill(1);
  for (const Lsn one : all) {
    log.settle(queue, one);
    commit();
  }
  ASSERT_EQ(log.ledger().segments().size(), 1U);
  const Lsn newest = log.ledger().newest()->start;
  const auto of_newest = std::count_if(all.begin(), all.end(), [&](Lsn one) { return one >= newest; });
  EXPECT_GT(log.waiting(), 0U);
  EXPECT_LE(log.waiting(), static_cast<std::size_t>(of_newest)) << "of " << all.size();
}

TEST_F(LogRoom, TheFilesOfAQueueThatIsRemovedGoBehindTheRecordOfIt) {
  const QueueId removed = log.declare("removed", "");
  const Lsn large = log.publish({.side = {7, 100}, .queues = {{.queue = removed}}}, {});
  settle_until_one_waits(fill(1));
  log.forget(large);
  log.remove(removed);
  EXPECT_EQ(log.waiting(), 2U) << "there is no room to say that it is removed";
  EXPECT_TRUE(commit().removals.empty()) << "after a crash the message would be there, without its body";
  make(segment_size);
  const Commit later = commit();
  EXPECT_FALSE(later.writes.empty());
  EXPECT_EQ(later.removals, std::vector<std::string>{journal::side_file_name(7)});
}

TEST_F(LogRoom, NothingIsBegunInASegmentThatIsTooSmallForTheListOfQueues) {
  make(3 * segment_size);
  for (int i = 0; i < 4; ++i) log.declare("long", std::string(1200, 'd'));
  commit();
  const Lsn small = log.next_segment().start;
  make(segment_size);
  make(3 * segment_size);
  const Lsn large = small + segment_size;
  for (int i = 0; log.ledger().newest()->start < large; ++i) {
    ASSERT_LT(i, 100);
    log.publish({.queues = {{.queue = queue}}}, std::vector<std::uint8_t>(300, 'x'));
    for (const auto& write : commit().writes) EXPECT_NE(write.segment, small) << "the list alone is larger";
  }
  EXPECT_EQ(log.ledger().newest()->start, large);
  EXPECT_GT(log.ledger().newest()->used, 4 * 1200U);
}

}  // namespace
}  // namespace bascule::broker
