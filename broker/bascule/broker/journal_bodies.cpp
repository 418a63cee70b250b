// The journal's large bodies: written and read a part at a time on a lane of their own.
#include "bascule/broker/bodies.hpp"
#include "bascule/broker/journal.hpp"

namespace bascule::broker {
namespace {

constexpr std::uint64_t written_at_once = 4 * (body_block + body_block_header);
constexpr std::uint64_t most_waiting = 2U << 20;

/// The lane's side of a file that is being written.
struct Growing {
  std::string name;
  std::unique_ptr<DiskFile> file;
  std::uint64_t end = 0;
  bool full = false;  // the disk

  void write(Disk& disk, Bytes bytes) {
    if (full) return;
    try {
      if (!file) file = disk.create_growing(name);
      file->write(end, bytes);
      end += bytes.size();
    } catch (const DiskFull&) {
      full = true;
    }
  }
  void end_file(Disk& disk, bool on_medium) {
    if (full || !file) return;
    try {
      if (on_medium) {
        file->sync();
        disk.sync_folder();
      }
    } catch (const DiskFull&) {  // some file systems find out only now
      full = true;
    }
    file.reset();
  }
};

}  // namespace

class Journal::BodyFile final : public BodyWriter, public std::enable_shared_from_this<BodyFile> {
 public:
  BodyFile(Journal& journal, std::uint64_t id) : journal_(journal), id_(id), alive_(journal.alive_) {
    growing_->name = journal::side_file_name(id);
  }
  ~BodyFile() override {
    if (!given_ && !alive_.expired()) journal_.remove_body(id_);
  }

  void append(Bytes bytes) override {
    size_ += bytes.size();
    while (!bytes.empty()) {
      const Bytes part = bytes.first(std::min<std::uint64_t>(bytes.size(), body_block - block_.size()));
      block_.insert(block_.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (block_.size() == body_block) end_block();
    }
  }
  bool full() const noexcept override { return waiting_ > most_waiting; }
  void finish(bool on_medium, std::function<void(SideBody*)> done) override {
    if (!block_.empty()) end_block();
    write();
    const auto self = shared_from_this();
    journal_.do_job({JournalJob::Lane::body,
                     [growing = growing_, on_medium](Disk& disk) { growing->end_file(disk, on_medium); },
                     [self, done = std::move(done)] { self->finished(done); }});
  }

 private:
  void finished(const std::function<void(SideBody*)>& done) {
    if (growing_->full || growing_->end != body_file_size(size_)) return done(nullptr);
    given_ = true;
    done(journal_.body(id_, size_, false));
  }
  void end_block() {
    put_body_block(encoded_, block_);
    block_.clear();
    if (encoded_.size() >= written_at_once) write();
  }
  void write() {
    if (encoded_.empty()) return;
    waiting_ += encoded_.size();
    const auto bytes = std::make_shared<std::vector<std::uint8_t>>(std::exchange(encoded_, {}));
    journal_.do_job({JournalJob::Lane::body, [growing = growing_, bytes](Disk& disk) { growing->write(disk, *bytes); },
                     [weak = weak_from_this(), bytes] {
                       if (const auto self = weak.lock()) self->written(bytes->size());
                     }});
  }
  void written(std::uint64_t bytes) {
    const bool was_full = full();
    waiting_ -= bytes;
    if (was_full && !full() && on_room) on_room();
  }

  Journal& journal_;
  const std::uint64_t id_;
  const std::weak_ptr<bool> alive_;
  const std::shared_ptr<Growing> growing_ = std::make_shared<Growing>();
  std::vector<std::uint8_t> block_, encoded_;
  std::uint64_t waiting_ = 0;
  bool given_ = false;
};

void Journal::do_job(JournalJob job) {
  jobs_.push_back(std::move(job));
  worked();
}

void Journal::remove_body(std::uint64_t id) {
  do_job(
      {JournalJob::Lane::body, [name = journal::side_file_name(id)](Disk& disk) { disk.remove_scratch(name); }, [] {}});
}

// One for all messages that have it: the file stays until the last of them is gone.
SideBody* Journal::body(std::uint64_t id, std::uint64_t size, bool stored) {
  SideBody*& known = bodies_[id];
  if (known != nullptr) return known;
  log_.hold_side(id);
  known = new SideBody(id, size, stored, [this, alive = std::weak_ptr<bool>(alive_)](const SideBody& gone) {
    if (!alive.expired()) body_gone(gone);
  });
  return known;
}

void Journal::body_gone(const SideBody& body) {
  bodies_.erase(body.id());
  log_.let_go_side(body.id());
  if (!body.is_stored()) return remove_body(body.id());
  if (log_.dirty()) worked();
}

std::shared_ptr<BodyWriter> Journal::new_body() { return std::make_shared<BodyFile>(*this, log_.new_side_file()); }

void Journal::read_body(const SideBody& body, std::uint64_t block, std::uint64_t count, BodyRead done) {
  struct Read {
    std::vector<std::uint8_t> bytes, encoded;
    std::string why;
  };
  const auto read = std::make_shared<Read>();
  const std::string name = journal::side_file_name(body.id());
  const std::uint64_t size = body.size();
  do_job({JournalJob::Lane::read,
          [read, name, size, block, count](Disk& disk) {
            const std::uint64_t from = std::min(block * body_block, size);
            const std::uint64_t wanted = std::min(count * body_block, size - from);
            const std::uint64_t offset = block * (body_block + body_block_header);
            try {
              read->encoded.resize(body_file_size(wanted));
              read->encoded.resize(disk.open(name)->read(offset, read->encoded));
            } catch (const DiskError& error) {
              read->why = error.what();
              return;
            }
            read->bytes.reserve(wanted);
            for (Bytes left = read->encoded; read->bytes.size() < wanted;) {
              const Bytes part = take_body_block(left);
              if (part.empty()) {
                read->why = "journal: " + disk.path(name) + " is damaged at offset " +
                            std::to_string(offset + (read->encoded.size() - left.size())) +
                            ": the body of a message is not whole";
                return;
              }
              read->bytes.insert(read->bytes.end(), part.begin(), part.end());
            }
          },
          [read, done = std::move(done)] { done(read->bytes, read->why); }});
}

}  // namespace bascule::broker
