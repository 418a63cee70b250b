#include "bascule/broker/journal_thread.hpp"

#include <algorithm>
#include <cstdlib>

#include "bascule/telemetry/log.hpp"

namespace bascule::broker {
namespace {

constexpr std::chrono::milliseconds full_retry{200}, space_check{1000};
constexpr std::uint64_t usual_disk_low = 256U << 20;
constexpr int exit_io_error = 74;  // EX_IOERR

[[noreturn]] void stop_at_once(const DiskError& error) {
  telemetry::error("the journal cannot be written: stopping at once, nothing more is certain",
                   {{"error", error.what()}});
  std::_Exit(exit_io_error);
}

}  // namespace

JobThread::JobThread(Loop& loop, Disk& disk) : loop_(loop), disk_(disk), thread_([this] { run(); }) {}

void JobThread::stop() {
  if (!thread_.joinable()) return;
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void JobThread::push(JournalJob job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void JobThread::run() {
  for (std::unique_lock lock(mutex_);;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    JournalJob job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    try {
      job.work(disk_);
    } catch (const DiskError& error) {
      stop_at_once(error);
    }
    loop_.post([alive = alive_, done = std::move(job.done)] {
      if (*alive) done();
    });
    job = {};  // what it holds is not held while waiting
    lock.lock();
  }
}

JournalThread::JournalThread(Loop& loop, Journal& journal, Disk& disk)
    : loop_(loop),
      journal_(journal),
      disk_(disk),
      mark_timer_(loop.context()),
      space_timer_(loop.context()),
      reads_(loop, disk),
      files_(loop, disk),
      bodies_(loop, disk),
      thread_([this] { run(); }) {
  journal_.drive(this);
  judge(disk_.space());
  arm_space();
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
  files_.stop();  // it may be making the very segment that the last commit goes to
  CommitWriter writer(disk_);
  try {
    for (int part = 0; part < 2; ++part) {  // what is left, then the mark behind it
      if (part == 1) journal_.idle();
      if (!journal_.dirty()) continue;
      journal::Commit rest = journal_.take();
      writer.carry_out(rest);
    }
  } catch (const DiskError& error) {
    telemetry::error("the journal's last commit failed", {{"error", error.what()}});
  }
}

void JournalThread::work_waiting() {
  if (asked_ || (busy_ && !journal_.has_jobs())) return;
  asked_ = true;
  loop_.at_end_of_turn(*this);
}

void JournalThread::end_of_turn() {
  asked_ = false;
  for (JournalJob& job : journal_.take_jobs()) {
    JobThread& lane = job.lane == JournalJob::Lane::read   ? reads_
                      : job.lane == JournalJob::Lane::body ? bodies_
                                                           : files_;
    lane.push(std::move(job));
  }
  if (busy_ || !journal_.dirty()) return;
  busy_ = true;
  {
    const std::lock_guard lock(mutex_);
    commit_ = journal_.take();
  }
  changed_.notify_one();
}

void JournalThread::committed(Lsn last, bool removed) {
  busy_ = false;
  ++commits_;
  journal_.committed(last);
  if (!making_) {
    const bool again = journal_.is_full() && removed;
    const journal::Ahead wanted = again                ? journal_.wants_space()
                                  : journal_.is_full() ? journal::Ahead{}
                                                       : journal_.wants_ahead();
    if (wanted.start != 0) begin_making(wanted);
  }
  if (!journal_.marked() && !mark_armed_) arm_mark();
  if (journal_.dirty()) work_waiting();
}

void JournalThread::begin_making(const journal::Ahead& segment) {
  making_ = std::make_shared<Making>();
  making_->segment = segment;
  files_.push({JournalJob::Lane::file,
               [making = making_](Disk& disk) {
                 std::string full;
                 try {
                   make_ahead(disk, making->segment);
                 } catch (const DiskFull& error) {
                   full = error.what();
                 }
                 const std::lock_guard lock(making->mutex);
                 making->full = std::move(full);
                 making->over = true;
                 making->ended.notify_one();
               },
               [this, making = making_] {
                 if (making_ == making) made(*making);
               }});
}

void JournalThread::make_now(const journal::Ahead& segment) {
  if (!making_) begin_making(segment);
  const auto making = making_;
  {
    std::unique_lock lock(making->mutex);
    making->ended.wait(lock, [&making] { return making->over; });
  }
  made(*making);
}

void JournalThread::made(const Making& making) {
  const auto kept = std::exchange(making_, nullptr);
  const bool was_full = journal_.is_full();
  if (making.full.empty()) {
    journal_.segment_made(making.segment);
    if (was_full) telemetry::info("the journal's disk has space again", {});
    return;
  }
  if (!was_full) {
    telemetry::error("the journal's disk is full: durable messages are refused until there is space",
                     {{"error", making.full}});
  }
  journal_.disk_full();
}

// A mark is written when nothing was committed for a while: then the last flush can be told from a torn one.
void JournalThread::arm_mark() {
  mark_armed_ = true;
  mark_timer_.expires_after(journal_.options().mark_after);
  mark_timer_.async_wait([this, alive = alive_, seen = commits_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    mark_armed_ = false;
    if (journal_.marked()) return;
    if (seen != commits_ || busy_) return arm_mark();
    journal_.idle();
  });
}

void JournalThread::arm_space() {
  space_timer_.expires_after(journal_.is_full() ? full_retry : space_check);
  space_timer_.async_wait([this, alive = alive_](const boost::system::error_code& error) {
    if (error || !*alive) return;
    if (journal_.is_full() && !making_) begin_making(journal_.wants_space());
    const auto space = std::make_shared<Disk::Space>();
    files_.push({JournalJob::Lane::file, [space](Disk& disk) { *space = disk.space(); },
                 [this, space] {
                   judge(*space);
                   arm_space();
                 }});
  });
}

// On a small file system the watermark is a twentieth of it, unless it was set.
void JournalThread::judge(Disk::Space space) {
  const std::uint64_t mark =
      journal_.options().disk_low.value_or(std::min<std::uint64_t>(usual_disk_low, space.total / 20));
  const bool was = journal_.disk_low();
  const bool low = space.free < (was ? mark / 4 * 5 : mark);
  if (low && !was) {
    telemetry::warn("disk-low watermark: publishers get no credit; consumers go on",
                    {{"free_bytes", space.free}, {"broker.disk_low", mark}});
  } else if (!low && was) {
    telemetry::info("disk-low watermark is clear: publishers get credit again", {{"free_bytes", space.free}});
  }
  journal_.set_disk_low(low);
}

std::unique_ptr<Storage> open_journal(Loop& loop, const std::string& folder, const JournalOptions& options) {
  auto disk = open_folder(folder);
  auto journal = std::make_unique<Journal>(*disk, options);
  for (const auto& torn : journal->torn()) {
    telemetry::warn("the journal's last flush never ended; nothing in it was acknowledged, and it was cut off",
                    {{"file", torn.file}, {"offset", torn.offset}, {"bytes", torn.bytes}});
  }
  for (const auto& spoilt : journal->spoilt()) {
    if (spoilt.queues.empty()) {
      telemetry::warn("damage in the journal, in a message that nobody waits for", {{"error", spoilt.why}});
    } else {
      telemetry::error("damage in the journal: the queues that hold the message are stopped", {{"error", spoilt.why}});
    }
  }
  auto thread = std::make_unique<JournalThread>(loop, *journal, *disk);
  journal->own(std::move(disk), std::move(thread));
  return journal;
}

void JournalThread::run() {
  CommitWriter writer(disk_, journal_.options().fsync);
  const bool by_interval = journal_.options().fsync == Fsync::interval;
  auto next_sync = std::chrono::steady_clock::now() + journal_.options().interval;
  Lsn written = 0;
  for (std::unique_lock lock(mutex_);;) {
    const auto ready = [this] { return commit_.has_value() || stopping_; };
    by_interval ? void(changed_.wait_until(lock, next_sync, ready)) : changed_.wait(lock, ready);
    std::optional<journal::Commit> commit = std::exchange(commit_, {});
    if (!commit && stopping_) return;
    lock.unlock();
    try {
      if (commit) {
        written = commit->last;
        const bool removes = !commit->removals.empty();
        writer.carry_out(*commit);
        loop_.post([this, alive = alive_, written, removes] {
          if (*alive) committed(written, removes);
        });
      }
      if (by_interval && std::chrono::steady_clock::now() >= next_sync) {
        writer.sync();
        next_sync = std::chrono::steady_clock::now() + journal_.options().interval;
        loop_.post([this, alive = alive_, written] {
          if (*alive) journal_.flushed(written);
        });
      }
    } catch (const DiskError& error) {
      stop_at_once(error);
    }
    lock.lock();
  }
}

}  // namespace bascule::broker
