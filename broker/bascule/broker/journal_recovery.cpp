#include "bascule/broker/journal_recovery.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "bascule/broker/bodies.hpp"
#include "bascule/broker/journal_state.hpp"

namespace bascule::broker::journal {
namespace {

// Reads segments and batches, decides what is a torn end and what is damage; StateReader knows what records mean.
class Recovery {
 public:
  Recovery(Disk& disk, const RecoveryOptions& options)
      : disk_(disk),
        options_(options),
        reader_([this](const std::string& name) { return disk_.path(name); },
                [this](const std::string& name, std::uint64_t offset, const std::string& what) {
                  damaged(name, offset, what);
                }) {}

  Recovered run() {
    const auto names = disk_.list();
    for (const std::string& name : names) {
      if (is_segment_name(name)) read_segment(name);
    }
    end();
    check_side_files(names);
    return reader_.finish();
  }

 private:
  struct Batch {
    std::string name;
    Lsn segment = 0;
    std::uint64_t offset = 0, size = 0;
    std::optional<BatchHeader> header;  // none: what it was cannot be told
    std::vector<std::uint8_t> kept;     // the whole, when it has to wait
    bool good = false;

    Lsn lsn() const noexcept { return segment + offset; }
  };

  void read_segment(const std::string& name);
  void read_batches(const std::string& name, Lsn start, Bytes bytes);
  Batch look_at(const std::string& name, Lsn start, Bytes bytes, std::uint64_t offset);
  void take_in(Batch batch, Bytes bytes);
  void resolve(Lsn flushed);
  void apply(const Batch& batch, Bytes records);
  void apply_group();
  void damaged(const std::string& name, std::uint64_t offset, const std::string& what);
  void end();
  void cut(const Batch& first);
  void check_side_files(const std::vector<std::string>& names);

  Disk& disk_;
  const RecoveryOptions& options_;
  StateReader reader_;
  std::vector<Batch> suspects_;  // bad, or behind a bad one, until a good one says that they had been flushed
  std::vector<Batch> group_;     // good, and void unless another follows
  std::vector<std::uint8_t> bytes_;
  bool any_batch_ = false;
  Lsn last_batch_ = 0;
};

void Recovery::damaged(const std::string& name, std::uint64_t offset, const std::string& what) {
  const Damaged damage(disk_.path(name), offset, what);
  if (!options_.tolerate) throw damage;
  if (options_.damage) options_.damage(damage);
}

void Recovery::read_segment(const std::string& name) {
  const auto file = disk_.open(name);
  bytes_.resize(file->size());
  bytes_.resize(file->read(0, bytes_));
  const auto header = decode_segment_header(bytes_);
  if (const int other = header ? 0 : foreign_format(bytes_); other != 0) {
    throw OtherFormat(disk_.path(name), other < format ? OtherFormat::Writer::earlier : OtherFormat::Writer::later,
                      "format " + std::to_string(other), "format " + std::to_string(format));
  }
  if (!header || segment_name(header->start) != name) return damaged(name, 0, "the segment's header is wrong");
  if (bytes_.size() != header->capacity) {
    damaged(name, bytes_.size(),
            "the file is " + std::to_string(bytes_.size()) + " bytes long and was made with " +
                std::to_string(header->capacity));
    bytes_.resize(header->capacity);
  }
  Ledger& ledger = reader_.state().ledger;
  if (ledger.newest() != nullptr && ledger.newest()->end() != header->start) {
    damaged(name, 0, "the segment before this one, " + segment_name(ledger.newest()->end()) + ", is missing");
  }
  ledger.add(header->start, header->capacity).used = segment_header_size;
  read_batches(name, header->start, bytes_);
}

void Recovery::read_batches(const std::string& name, Lsn start, Bytes bytes) {
  std::uint64_t offset = segment_header_size;
  while (offset + batch_header_size <= bytes.size()) {
    Batch batch = look_at(name, start, bytes, offset);
    if (batch.size == 0) return;
    offset += batch.size;
    take_in(std::move(batch), bytes);
  }
}

// The batch at an offset, or the bad place there up to the next batch or the last byte that is not zero. Nothing but
// zeros: size 0.
Recovery::Batch Recovery::look_at(const std::string& name, Lsn start, Bytes bytes, std::uint64_t offset) {
  Batch found{.name = name, .segment = start, .offset = offset, .header = {}, .kept = {}};
  found.header = decode_batch(bytes.subspan(offset), start + offset);
  if (found.header) {
    found.size = aligned(batch_header_size + found.header->length);
    found.good = StateReader::whole(*found.header, bytes.subspan(offset + batch_header_size, found.header->length));
    return found;
  }
  const auto rest = bytes.subspan(offset);
  const auto last = std::find_if(rest.rbegin(), rest.rend(), [](std::uint8_t b) { return b != 0; });
  if (last == rest.rend()) return found;
  std::uint64_t next = offset + 8;
  const std::uint64_t behind = offset + static_cast<std::uint64_t>(rest.rend() - last);
  while (next < behind && !decode_batch(bytes.subspan(next), start + next)) next += 8;
  found.size = std::min(next, aligned(behind)) - offset;
  return found;
}

void Recovery::take_in(Batch batch, Bytes bytes) {
  if (batch.header) resolve(batch.header->flushed);
  const bool follows = !batch.good || !any_batch_ || batch.header->previous == last_batch_ || !suspects_.empty();
  if (!follows && batch.header->flushed > batch.header->previous) {
    damaged(batch.name, batch.offset,
            "the batch before this one, at position " + std::to_string(batch.header->previous) + ", is missing");
  }
  const Bytes whole = bytes.subspan(batch.offset, std::min<std::uint64_t>(batch.size, bytes.size() - batch.offset));
  const bool told = follows || batch.header->flushed > batch.header->previous;
  if (batch.good && suspects_.empty() && told) return apply(batch, whole.subspan(batch_header_size));
  if (batch.header) batch.kept.assign(whole.begin(), whole.end());
  suspects_.push_back(std::move(batch));
}

// A good batch says that all before `flushed` had been flushed: a bad one there is damage.
void Recovery::resolve(Lsn flushed) {
  while (!suspects_.empty() && suspects_.front().lsn() < flushed) {
    const Batch bad = std::move(suspects_.front());
    suspects_.erase(suspects_.begin());
    if (!bad.header) {
      damaged(bad.name, bad.offset, "a batch is damaged, and it had been flushed");
      any_batch_ = false;
      continue;
    }
    apply(bad, Bytes(bad.kept).subspan(batch_header_size));
  }
}

void Recovery::apply(const Batch& batch, Bytes records) {
  any_batch_ = true;
  last_batch_ = batch.lsn();
  if ((batch.header->flags & goes_on) != 0) {
    group_.push_back(batch);
    group_.back().kept.assign(records.begin(), records.end());
    return;
  }
  apply_group();
  reader_.apply(batch.name, batch.segment, *batch.header, batch.offset, records, options_.visit);
}

void Recovery::apply_group() {
  for (const Batch& part : std::exchange(group_, {})) {
    reader_.apply(part.name, part.segment, *part.header, part.offset, part.kept, options_.visit);
  }
}

// What is left is torn: nothing from the first of it on was promised.
void Recovery::end() {
  if (!group_.empty()) {
    cut(group_.front());
  } else if (!suspects_.empty()) {
    cut(suspects_.front());
  }
  // Segments that were made ahead are made use of when the log comes to them.
  Ledger& ledger = reader_.state().ledger;
  while (ledger.segments().size() > 1 && ledger.newest()->used == segment_header_size) {
    reader_.state().made.push_front({ledger.newest()->start, ledger.newest()->capacity});
    ledger.drop_newest();
  }
}

void Recovery::cut(const Batch& first) {
  Ledger& ledger = reader_.state().ledger;
  std::vector<std::string> behind;
  while (ledger.newest()->start > first.segment) {
    behind.push_back(segment_name(ledger.newest()->start));
    ledger.drop_newest();
  }
  const auto file = disk_.open(first.name);
  std::vector<std::uint8_t> rest(file->size() - first.offset);
  rest.resize(file->read(first.offset, rest));
  while (!rest.empty() && rest.back() == 0) rest.pop_back();
  reader_.torn({disk_.path(first.name), first.offset, rest.size()});
  if (!options_.mend) return;
  // From behind, so that a crash in between leaves an end that is as torn.
  for (const std::string& name : behind) disk_.remove(name);
  file->write(first.offset, std::vector<std::uint8_t>(rest.size()));
  file->sync();
}

// The offset of the first block of a side file that its checksum refuses.
std::optional<std::uint64_t> first_bad_block(DiskFile& file, std::uint64_t size) {
  std::vector<std::uint8_t> encoded;
  for (std::uint64_t offset = 0; offset < size; offset += encoded.size()) {
    encoded.resize(std::min<std::uint64_t>(body_block + body_block_header, size - offset));
    file.read(offset, encoded);
    Bytes left = encoded;
    if (take_body_block(left).empty() || !left.empty()) return offset;
  }
  return {};
}

void Recovery::check_side_files(const std::vector<std::string>& names) {
  std::set<std::string> there;
  for (const std::string& name : names) {
    if (is_side_file_name(name)) there.insert(name);
  }
  for (const std::string& name : there) {
    auto& last = reader_.state().last_side;
    last = std::max<std::uint64_t>(last, std::stoull(name.substr(0, 16), nullptr, 16));
  }
  const auto needed = reader_.side_files();
  for (const auto& [name, wanted] : needed) {
    if (!there.contains(name)) {
      reader_.spoil(wanted.lsn, "journal: " + disk_.path(name) + ", the body of a message, is missing");
    } else if (const auto size = disk_.open(name)->size(); size != body_file_size(wanted.size)) {
      reader_.spoil(wanted.lsn, "journal: " + disk_.path(name) + " is damaged at offset " + std::to_string(size) +
                                    ": the body of a message is " + std::to_string(size) + " bytes long, not " +
                                    std::to_string(body_file_size(wanted.size)));
    } else if (!options_.mend) {
      // The tools read every block; a broker reads them, and checks them, when somebody wants them.
      if (const auto bad = first_bad_block(*disk_.open(name), size)) {
        reader_.spoil(wanted.lsn, "journal: " + disk_.path(name) + " is damaged at offset " + std::to_string(*bad) +
                                      ": the body of a message is not whole");
      }
    }
  }
  if (!options_.mend) return;
  for (const std::string& name : there) {
    if (!needed.contains(name)) disk_.remove(name);  // its message is settled, or was never promised
  }
}

}  // namespace

Damaged::Damaged(const std::string& path, std::uint64_t offset, const std::string& what)
    : std::runtime_error("journal: " + path + " is damaged at offset " + std::to_string(offset) + ": " + what +
                         ". Nothing was changed. Restore the file, or look with 'bascule-broker dump' and "
                         "keep what is whole "
                         "with 'bascule-broker compact'") {}

OtherFormat::OtherFormat(const std::string& path, Writer writer, const std::string& found, const std::string& reads)
    : std::runtime_error(
          "journal: " + path + " is of " + found + ": " +
          (writer == Writer::earlier ? "an earlier, unreleased version" : "a later version") +
          " of the broker wrote it. This version reads " + reads +
          " only. Nothing was changed. Start the version that wrote it and let consumers empty its queues; or move the "
          "folder " +
          std::filesystem::path(path).parent_path().string() + " away, messages and all, and start with an empty one") {
}

Recovered recover(Disk& disk, const RecoveryOptions& options) { return Recovery(disk, options).run(); }

}  // namespace bascule::broker::journal
