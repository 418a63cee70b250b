// Journal: the durable Storage: a segmented, append-only log with group commit.
//
// Everything that arrives while one commit is being flushed makes the next (no timer). The journal itself
// does no I/O while it runs: a JournalDriver takes its commits, carries them out one at a time and reports.
// That is a thread in the daemon (journal_thread.hpp) and a loop under a simulated disk in the tests. Errors:
// the constructor throws journal::Damaged or DiskError. Thread safety: the broker's loop only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "bascule/broker/disk.hpp"
#include "bascule/broker/journal_log.hpp"
#include "bascule/broker/journal_recovery.hpp"
#include "bascule/broker/storage.hpp"

namespace bascule::broker {

/// When `accepted` is sent: after the flush, after the write (flushed every so often), or at once.
enum class Fsync : std::uint8_t { group, interval, never };

struct JournalOptions {
  std::uint64_t segment_size = 16U << 20;
  Fsync fsync = Fsync::group;
  std::chrono::milliseconds interval{100};
};

/// Both clocks, so that a time to live goes on over a restart.
struct Clocks {
  std::function<Time()> steady = [] { return std::chrono::steady_clock::now(); };
  std::function<std::int64_t()> wall_ms = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
};

class JournalDriver {
 public:
  /// There is something to commit, and was not before.
  virtual void work_waiting() = 0;
  virtual ~JournalDriver() = default;
};

class Journal final : public Storage {
 public:
  /// Reads the journal back.
  Journal(Disk& disk, const JournalOptions& options, Clocks clocks = {});

  const JournalOptions& options() const noexcept { return options_; }
  const journal::Ledger& ledger() const noexcept { return log_.ledger(); }
  const std::vector<journal::Torn>& torn() const noexcept { return torn_; }

  // For the driver.
  void drive(JournalDriver* driver) noexcept { driver_ = driver; }
  /// Hands over what it runs on, for one owner of all.
  void own(std::unique_ptr<Disk> disk, std::unique_ptr<JournalDriver> driver) {
    owned_disk_ = std::move(disk);
    owned_driver_ = std::move(driver);
  }
  bool dirty() const noexcept { return log_.dirty(); }
  journal::Commit take() { return log_.take(); }
  /// The commit that was taken is on the medium.
  void committed(Lsn last);
  void set_accepts(bool accepts) noexcept { accepts_ = accepts; }

  void listen(StorageListener* listener) override { listener_ = listener; }
  void recover(Recovery& into, Time now) override;
  QueueId declare(std::string_view address, std::string_view definition) override;
  void remove(QueueId queue) override;
  Lsn publish(const Message& message, std::span<const QueueId> queues) override;
  void settle(QueueId queue, Lsn lsn) override;
  void forget(QueueId, Lsn lsn) override { log_.forget(lsn); }
  Lsn copy(Lsn old, const Message& message, std::span<const QueueCount> queues) override;
  void count_delivery(QueueId queue, Lsn lsn, std::uint32_t delivery_count) override;
  Lsn durable() const noexcept override { return durable_; }
  bool accepts() const noexcept override { return accepts_; }

 private:
  Journal(journal::Recovered recovered, const JournalOptions& options, Clocks clocks);
  journal::Publish describe(const Message& message) const;
  void worked();

  const JournalOptions options_;
  const Clocks clocks_;
  journal::Log log_;
  std::vector<journal::QueueDefinition> queues_;     // until recover()
  std::vector<journal::RecoveredMessage> messages_;  // until recover()
  const std::vector<journal::Torn> torn_;
  StorageListener* listener_ = nullptr;
  JournalDriver* driver_ = nullptr;
  Lsn durable_ = 0;
  bool accepts_ = true;
  std::unique_ptr<Disk> owned_disk_;
  std::unique_ptr<JournalDriver> owned_driver_;  // the last: it commits what is left
};

/// Carries commits out on a disk. Throws DiskFull when a segment cannot be made (carry out the same commit
/// again later), DiskError when nothing is certain any more.
class CommitWriter {
 public:
  explicit CommitWriter(Disk& disk, Fsync fsync = Fsync::group) : disk_(disk), fsync_(fsync) {}
  void carry_out(journal::Commit& commit);
  void sync();

 private:
  void open(const journal::Write& write);

  Disk& disk_;
  const Fsync fsync_;
  std::unique_ptr<DiskFile> file_;
  Lsn segment_ = 0;
};

}  // namespace bascule::broker
