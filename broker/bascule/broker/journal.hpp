// Journal: the durable Storage: a segmented, append-only log with group commit.
//
// Everything that arrives while one commit is being flushed makes the next (no timer). The journal itself
// does no I/O while it runs: a JournalDriver takes its commits and its jobs, carries them out and reports. That is
// some threads in the daemon (journal_thread.hpp) and a loop under a simulated disk in the tests.
//
// A full disk: with a driver nothing is appended for which there is no room in segments that are there (takes(),
// journal_room.hpp), so that a commit never meets one. Settlements that find no room wait in memory, in less of it than
// what they settled had, and a segment in which nothing lives goes all the same. Errors:
// the constructor throws journal::Damaged, OtherFormat or DiskError. Thread safety: the broker's loop only.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "bascule/broker/disk.hpp"
#include "bascule/broker/journal_log.hpp"
#include "bascule/broker/journal_reader.hpp"
#include "bascule/broker/journal_recovery.hpp"
#include "bascule/broker/scratch.hpp"
#include "bascule/broker/storage.hpp"

namespace bascule::broker {

/// When `accepted` is sent: after the flush, after the write (flushed every so often), or at once.
enum class Fsync : std::uint8_t { group, interval, never };

struct JournalOptions {
  std::uint64_t segment_size = 16U << 20;
  Fsync fsync = Fsync::group;
  std::chrono::milliseconds interval{100};
  std::optional<std::uint64_t> disk_low = {};  ///< free bytes below which publishers get no credit
  std::chrono::milliseconds mark_after{20};    ///< idle time after which the last flush is marked as ended
};

/// Both clocks, so that a time to live goes on over a restart.
struct Clocks {
  std::function<Time()> steady = [] { return std::chrono::steady_clock::now(); };
  std::function<std::int64_t()> wall_ms = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
};

/// Work on the disk that no commit waits for. `work` runs on the driver's side, `done` on the loop's, in order
/// within a lane.
struct JournalJob {
  enum class Lane : std::uint8_t {
    read,  ///< messages come back
    file,  ///< files are made and written
    body,  ///< large bodies are
  } lane = Lane::read;
  std::function<void(Disk&)> work;
  std::function<void()> done;
};

class JournalDriver {
 public:
  /// There is something to commit, or a job, and was not before.
  virtual void work_waiting() = 0;
  /// This segment is needed now: makes it, or waits until the one being made is there, and says segment_made() or
  /// disk_full() before it returns.
  virtual void make_now(const journal::Ahead& segment) = 0;
  virtual ~JournalDriver() = default;
};

class Journal final : public Storage {
 public:
  /// Reads the journal back.
  Journal(Disk& disk, const JournalOptions& options, Clocks clocks = {});

  const JournalOptions& options() const noexcept { return options_; }
  const journal::Log& log() const noexcept { return log_; }
  const journal::Ledger& ledger() const noexcept { return log_.ledger(); }
  const journal::Scratch& scratch() const noexcept { return scratch_; }
  const std::vector<journal::Torn>& torn() const noexcept { return torn_; }
  const std::vector<journal::Spoilt>& spoilt() const noexcept { return spoilt_; }

  // For the driver.
  void drive(JournalDriver* driver) noexcept;
  /// Hands over what it runs on, for one owner of all.
  void own(std::unique_ptr<Disk> disk, std::unique_ptr<JournalDriver> driver) {
    owned_disk_ = std::move(disk);
    owned_driver_ = std::move(driver);
  }
  bool dirty() const noexcept { return log_.dirty(); }
  journal::Commit take() { return log_.take(clocks_.wall_ms()); }
  /// The commit that was taken is on the medium (fsync = "group") or written.
  void committed(Lsn last);
  /// Not fsync = "group": all that was committed up to here is on the medium.
  void flushed(Lsn up_to) noexcept { log_.flushed(up_to); }
  std::deque<JournalJob> take_jobs();
  bool has_jobs() const noexcept { return !jobs_.empty() || !paging_.messages.empty(); }
  journal::Ahead wants_ahead() { return log_.wants_ahead(); }
  /// What was wanted is there.
  void segment_made(const journal::Ahead& segment);
  /// It could not be made for want of space. Until segment_made() nothing more is asked for than wants_space().
  void disk_full();
  bool is_full() const noexcept { return full_; }
  /// What to try while the disk is full.
  journal::Ahead wants_space() const noexcept { return log_.next_segment(); }
  /// Nothing was appended for a while: see Log::mark.
  void idle();
  bool marked() const noexcept { return log_.marked(); }
  void set_disk_low(bool low);

  void listen(StorageListener* listener) override { listener_ = listener; }
  void recover(Recovery& into, Time now) override;
  QueueId declare(std::string_view address, std::string_view definition) override;
  void remove(QueueId queue) override;
  Lsn publish(const Message& message, std::span<const QueueId> queues) override;
  void settle(QueueId queue, Lsn lsn) override;
  void forget(QueueId queue, Lsn lsn) override;
  void update(Lsn lsn, const Holding& holding) override;
  void remember(QueueId node, Bytes key, Time until) override;
  void begin() override { log_.begin(); }
  Lsn end() override { return log_.end(); }
  Lsn durable() const noexcept override { return durable_; }
  bool accepts() const noexcept override;
  bool takes(const Demand& demand, Purpose purpose) override;
  bool has(Lsn lsn) const noexcept override;
  void load(std::vector<Lsn> messages, Loaded done) override;
  bool page_out(const MessageRef& message, std::function<void(Lsn)> done) override;
  StorageSize size() const override;
  std::shared_ptr<BodyWriter> new_body() override;
  void read_body(const SideBody& body, std::uint64_t block, std::uint64_t count, BodyRead done) override;

 private:
  class BodyFile;
  struct Load {
    std::vector<Lsn> messages;
    Loaded done;
  };
  /// Messages that go to a scratch file together.
  struct Paging {
    Lsn file = 0;
    std::vector<std::uint8_t> bytes;
    std::vector<std::pair<Lsn, std::function<void(Lsn)>>> messages;  // by place, one behind the other
  };

  Journal(Disk& disk, journal::Recovered recovered, const JournalOptions& options, Clocks clocks);
  void worked();
  void do_job(JournalJob job);
  void remove_body(std::uint64_t id);
  SideBody* body(std::uint64_t id, std::uint64_t size, bool stored);
  void body_gone(const SideBody& body);
  journal::Publish describe(const Message& message) const;
  std::int64_t wall(Time at) const;
  Time steady(std::int64_t wall_ms, Time none) const;
  Holding holding(const journal::Held& held) const;
  MessageRef rebuild(const journal::Record& record);
  void start_load(Load load);
  journal::Wanted wanted(Lsn lsn);
  MessageRef take_loaded(Lsn lsn, const journal::Wanted& record);
  void compact();
  bool copy_forward(const journal::Reading& reading);
  bool room_to_copy(const journal::Publish& publish, Bytes body) const noexcept;
  std::optional<Lsn> copy_forward(const journal::Record& record, bool damaged);
  void free_scratch(Lsn place);
  void write_paged();
  void spoilt_while_running(Lsn lsn, const std::string& why);

  const JournalOptions options_;
  const Clocks clocks_;
  Disk& disk_;
  journal::Log log_;
  journal::Scratch scratch_;
  journal::ScratchWriter scratch_writer_;                // the file lane's
  Paging paging_;                                        // not handed to the file lane yet
  std::unordered_map<Lsn, BodyRef> scratch_bodies_;      // by place: of messages in scratch files
  std::unordered_map<std::uint64_t, SideBody*> bodies_;  // by id: those that a message has
  std::uint64_t paging_bytes_ = 0;                       // on their way to a scratch file: copies
  journal::RecordReader reader_;                         // the reading lane's
  std::unique_ptr<journal::Recovered> found_;            // until recover()
  const std::vector<journal::Torn> torn_;
  const std::vector<journal::Spoilt> spoilt_;
  StorageListener* listener_ = nullptr;
  JournalDriver* driver_ = nullptr;
  Lsn durable_ = 0;
  bool full_ = false;
  std::uint64_t room_waits_ = 0;
  std::deque<JournalJob> jobs_;
  std::vector<Load> waiting_loads_;  // for something that is being moved
  std::vector<Lsn> to_copy_;         // of the oldest segment, last first
  bool copying_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
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

/// Makes a segment before it is needed; the writer finds it.
void make_ahead(Disk& disk, const journal::Ahead& segment);

}  // namespace bascule::broker
