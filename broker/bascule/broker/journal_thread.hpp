// JournalThread: carries a Journal's commits and jobs out on threads of its own, so that the loop never waits for the
// disk: one commits, one reads messages back, one makes files, one writes large bodies.
//
// At the end of a turn, when no commit is under way, all that was appended goes to the committing thread; its end is
// posted back. The next segment is made while the last is mostly empty; the loop waits for it only when more comes than
// has room in front of it. On a full disk it is tried again every 200 ms, and when a segment went. Any other I/O error but
// of reading ends the process at once with a log line (what an acknowledgement promises cannot be kept any more).
// Lifetime: the journal and the disk outlive it; the destructor commits what is left. Thread safety: the loop's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "bascule/broker/journal.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::broker {

/// Runs jobs on a thread, in order; their `done` on the loop.
class JobThread {
 public:
  JobThread(Loop& loop, Disk& disk);
  ~JobThread() { stop(); }
  /// Waits for the job under way; what has not begun is dropped.
  void stop();
  void push(JournalJob job);

 private:
  void run();

  Loop& loop_;
  Disk& disk_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<JournalJob> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

class JournalThread final : public JournalDriver, private EndOfTurn {
 public:
  JournalThread(Loop& loop, Journal& journal, Disk& disk);
  ~JournalThread();

  void work_waiting() override;
  void make_now(const journal::Ahead& segment) override;

 private:
  /// A segment that the file lane makes.
  struct Making {
    journal::Ahead segment;
    std::mutex mutex;
    std::condition_variable ended;
    bool over = false;
    std::string full;  // why there is no space
  };

  void end_of_turn() override;
  void run();
  void committed(Lsn last, bool removed);
  void begin_making(const journal::Ahead& segment);
  void made(const Making& making);
  void arm_mark();
  void arm_space();
  void judge(Disk::Space space);

  Loop& loop_;
  Journal& journal_;
  Disk& disk_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool asked_ = false, busy_ = false;  // the loop's
  bool mark_armed_ = false;
  std::uint64_t commits_ = 0;
  std::shared_ptr<Making> making_;
  asio::steady_timer mark_timer_, space_timer_;
  JobThread reads_, files_, bodies_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<journal::Commit> commit_;
  bool stopping_ = false;
  std::thread thread_;
};

/// The journal in a folder, with its threads. Throws journal::Damaged, OtherFormat or DiskError.
std::unique_ptr<Storage> open_journal(Loop& loop, const std::string& folder, const JournalOptions& options);

}  // namespace bascule::broker
