#include "bascule/broker/journal_thread.hpp"

#include <cstdlib>

#include "bascule/telemetry/log.hpp"

namespace bascule::broker {
namespace {

constexpr std::chrono::milliseconds full_retry{200};
constexpr int exit_io_error = 74;  // EX_IOERR

}  // namespace

JournalThread::JournalThread(Loop& loop, Journal& journal, Disk& disk)
    : loop_(loop), journal_(journal), disk_(disk), thread_([this] { run(); }) {
  journal_.drive(this);
}

JournalThread::~JournalThread() {
  journal_.drive(nullptr);
  loop_.forget(*this);
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (!journal_.dirty()) return;
  CommitWriter writer(disk_);
  journal::Commit rest = journal_.take();
  try {
    writer.carry_out(rest);
  } catch (const DiskError& error) {
    telemetry::error("the journal's last commit failed", {{"error", error.what()}});
  }
}

void JournalThread::work_waiting() {
  if (asked_ || busy_) return;
  asked_ = true;
  loop_.at_end_of_turn(*this);
}

void JournalThread::end_of_turn() {
  asked_ = false;
  if (busy_ || !journal_.dirty()) return;
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    commit_ = journal_.take();
  }
  changed_.notify_one();
}

void JournalThread::committed(Lsn last) {
  busy_ = false;
  journal_.committed(last);
  if (journal_.dirty()) work_waiting();
}

void JournalThread::report_space(bool there_is) {
  loop_.post([this, alive = alive_, there_is] {
    if (*alive) journal_.set_accepts(there_is);
  });
}

std::unique_ptr<Storage> open_journal(Loop& loop, const std::string& folder, const JournalOptions& options) {
  auto disk = open_folder(folder);
  auto journal = std::make_unique<Journal>(*disk, options);
  for (const auto& torn : journal->torn()) {
    telemetry::warn("the journal's last flush never ended; nothing in it was acknowledged, and it was cut off",
                    {{"file", torn.file}, {"offset", torn.offset}, {"bytes", torn.bytes}});
  }
  auto thread = std::make_unique<JournalThread>(loop, *journal, *disk);
  journal->own(std::move(disk), std::move(thread));
  return journal;
}

void JournalThread::run() {
  CommitWriter writer(disk_, journal_.options().fsync);
  const bool by_interval = journal_.options().fsync == Fsync::interval;
  auto next_sync = std::chrono::steady_clock::now() + journal_.options().interval;
  for (std::unique_lock lock(mutex_);;) {
    const auto ready = [this] { return commit_.has_value() || stopping_; };
    by_interval ? void(changed_.wait_until(lock, next_sync, ready)) : changed_.wait(lock, ready);
    std::optional<journal::Commit> commit = std::exchange(commit_, {});
    if (!commit && stopping_) return;
    lock.unlock();
    try {
      if (commit) {
        const Lsn last = commit->last;
        carry_out(writer, *commit);
        loop_.post([this, alive = alive_, last] {
          if (*alive) committed(last);
        });
      }
      if (by_interval && std::chrono::steady_clock::now() >= next_sync) {
        writer.sync();
        next_sync = std::chrono::steady_clock::now() + journal_.options().interval;
      }
    } catch (const DiskError& error) {
      telemetry::error("the journal cannot be written: stopping at once, nothing more is certain",
                       {{"error", error.what()}});
      std::_Exit(exit_io_error);
    }
    lock.lock();
  }
}

void JournalThread::carry_out(CommitWriter& writer, journal::Commit& commit) {
  for (bool full = false;; full = true) {
    try {
      writer.carry_out(commit);
      if (full) report_space(true);
      return;
    } catch (const DiskFull& error) {
      if (!full) {
        telemetry::error("the journal's disk is full: durable messages are refused until there is space",
                         {{"error", error.what()}});
        report_space(false);
      }
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, full_retry, [this] { return stopping_; })) return;
    }
  }
}

}  // namespace bascule::broker
