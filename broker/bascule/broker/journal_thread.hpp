// JournalThread: carries a Journal's commits out on a thread of its own, so that the loop never waits for the
// disk.
//
// At the end of a turn, when no commit is under way, all that was appended goes to the thread; its end is
// posted back. Errors: when the disk is full it tries again every 200 ms and the journal refuses new durable
// messages meanwhile; any other I/O error ends the process at once with a log line (what an acknowledgement
// promises cannot be kept any more). Lifetime: the journal and the disk outlive it; the destructor commits
// what is left. Thread safety: the loop's thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "bascule/broker/journal.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::broker {

class JournalThread final : public JournalDriver, private EndOfTurn {
 public:
  JournalThread(Loop& loop, Journal& journal, Disk& disk);
  ~JournalThread();

  void work_waiting() override;

 private:
  void end_of_turn() override;
  void run();
  void carry_out(CommitWriter& writer, journal::Commit& commit);
  void committed(Lsn last);
  void report_space(bool there_is);

  Loop& loop_;
  Journal& journal_;
  Disk& disk_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool asked_ = false, busy_ = false;  // the loop's

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<journal::Commit> commit_;
  bool stopping_ = false;
  std::thread thread_;
};

/// The journal in a folder, with its thread. Throws journal::Damaged or DiskError.
std::unique_ptr<Storage> open_journal(Loop& loop, const std::string& folder, const JournalOptions& options);

}  // namespace bascule::broker
