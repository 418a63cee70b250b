#include "bascule/broker/journal_recovery.hpp"

#include <algorithm>
#include <unordered_map>

namespace bascule::broker::journal {
namespace {

class Recovery {
 public:
  Recovery(Disk& disk, const RecoveryOptions& options) : disk_(disk), options_(options) {}

  Recovered run() {
    for (const std::string& name : disk_.list()) {
      if (is_segment_name(name)) read_segment(name);
    }
    finish();
    return std::move(out_);
  }

 private:
  // A bad place is a torn end until a good batch behind it proves that it had been flushed.
  struct Suspect {
    std::string name;
    std::uint64_t offset = 0, length = 0;
  };

  void read_segment(const std::string& name);
  void read_batches(const std::string& name, Lsn start, Bytes bytes);
  void read_records(const std::string& name, Lsn lsn, Bytes records);
  void apply(const Record& record, const std::string& name, std::uint64_t offset);
  void apply_publish(const Record& record, const std::string& name, std::uint64_t offset);
  void settle(const Settled& settled);
  void damaged(const std::string& name, std::uint64_t offset, const std::string& what);
  void finish();

  Disk& disk_;
  const RecoveryOptions& options_;
  Recovered out_;
  std::unordered_map<Lsn, RecoveredMessage> messages_;
  std::vector<Suspect> suspects_;
  bool any_batch_ = false;
};

void Recovery::damaged(const std::string& name, std::uint64_t offset, const std::string& what) {
  const Damaged damage(disk_.path(name), offset, what);
  if (!options_.tolerate) throw damage;
  if (options_.damage) options_.damage(damage);
}

void Recovery::read_segment(const std::string& name) {
  const auto file = disk_.open(name);
  std::vector<std::uint8_t> bytes(file->size());
  const std::size_t got = file->read(0, bytes);
  bytes.resize(got);
  const auto header = decode_segment_header(bytes);
  if (!header || segment_name(header->start) != name) return damaged(name, 0, "the segment's header is wrong");
  if (bytes.size() != header->capacity) {
    damaged(name, bytes.size(),
            "the file is " + std::to_string(bytes.size()) + " bytes long and was made with " +
                std::to_string(header->capacity));
    bytes.resize(header->capacity);
  }
  const Segment* before = out_.state.ledger.newest();
  if (before != nullptr && before->end() != header->start) {
    damaged(name, 0, "the segment before this one, " + segment_name(before->end()) + ", is missing");
  }
  out_.state.ledger.add(header->start, header->capacity).used = segment_header_size;
  read_batches(name, header->start, bytes);
}

void Recovery::read_batches(const std::string& name, Lsn start, Bytes bytes) {
  std::uint64_t offset = segment_header_size;
  while (offset + batch_header_size <= bytes.size()) {
    const Lsn lsn = start + offset;
    const auto batch = decode_batch(bytes.subspan(offset), lsn);
    if (!batch) {
      // Nothing but zeros: the end. Otherwise look for a good batch behind.
      const auto rest = bytes.subspan(offset);
      const auto last = std::find_if(rest.rbegin(), rest.rend(), [](std::uint8_t b) { return b != 0; });
      const auto length = static_cast<std::uint64_t>(rest.rend() - last);
      if (length == 0) return;
      if (suspects_.empty() || suspects_.back().name != name) suspects_.push_back({name, offset, length});
      std::uint64_t next = offset + 8;
      while (next + batch_header_size <= bytes.size() && !decode_batch(bytes.subspan(next), start + next)) next += 8;
      if (next + batch_header_size > bytes.size()) return;
      offset = next;
      continue;
    }
    if (!suspects_.empty()) {
      const Suspect bad = suspects_.front();
      suspects_.clear();
      damaged(bad.name, bad.offset, "a batch is damaged, and good ones follow");
    } else if (any_batch_ && batch->previous != out_.state.last_batch) {
      damaged(name, offset,
              "the batch before this one, at position " + std::to_string(batch->previous) + ", is missing");
    }
    any_batch_ = true;
    ++out_.batches;
    out_.state.last_batch = lsn;
    read_records(name, lsn + batch_header_size, bytes.subspan(offset + batch_header_size, batch->length));
    offset = aligned(offset + batch_header_size + batch->length);
    out_.state.ledger.newest()->used = offset;
  }
}

void Recovery::read_records(const std::string& name, Lsn lsn, Bytes records) {
  const Lsn start = out_.state.ledger.newest()->start;
  while (!records.empty()) {
    const auto record = decode_record(records, lsn);
    if (!record) return damaged(name, lsn - start, "a record is damaged inside a good batch");
    ++out_.records;
    if (options_.visit) options_.visit(*record, name);
    apply(*record, name, lsn - start);
    lsn += record->size;
    records = records.subspan(std::min<std::uint64_t>(record->size, records.size()));
  }
}

void Recovery::apply(const Record& record, const std::string& name, std::uint64_t offset) {
  FieldReader reader(record.fields);
  switch (record.type) {
    case Type::publish: return apply_publish(record, name, offset);
    case Type::settle: {
      const auto all = decode_settle(record.fields);
      if (!all) return damaged(name, offset, "a settle record makes no sense");
      for (const Settled& one : *all) settle(one);
      return;
    }
    case Type::count: {
      const auto queue = static_cast<QueueId>(reader.number(4));
      const auto found = messages_.find(reader.number(8));
      const auto count = static_cast<std::uint32_t>(reader.number(4));
      if (found == messages_.end()) return;
      for (QueueCount& held : found->second.publish.queues) {
        if (held.queue == queue) held.delivery_count = count;
      }
      return;
    }
    case Type::checkpoint: out_.state.queues.clear(); [[fallthrough]];
    case Type::declare: {
      auto all = decode_definitions(record.fields);
      if (!all) return damaged(name, offset, "a queue's definition makes no sense");
      for (QueueDefinition& one : *all) {
        out_.state.last_queue = std::max(out_.state.last_queue, one.queue);
        out_.state.queues.insert_or_assign(one.queue, std::move(one));
      }
      return;
    }
    case Type::remove: {
      const auto queue = static_cast<QueueId>(reader.number(4));
      out_.state.last_queue = std::max(out_.state.last_queue, queue);
      out_.state.queues.erase(queue);
      return;
    }
  }
  damaged(name, offset, "a record is of a type that this version does not know");
}

void Recovery::apply_publish(const Record& record, const std::string& name, std::uint64_t offset) {
  Bytes body;
  auto publish = decode_publish(record.fields, body);
  if (!publish) return damaged(name, offset, "a publish record makes no sense");
  if (publish->replaces != 0) {
    messages_.erase(publish->replaces);
    out_.state.ledger.drop(publish->replaces);
    out_.state.origins.erase(publish->replaces);
    out_.state.origins.emplace(record.lsn, publish->origin);
  } else {
    publish->origin = record.lsn;
  }
  for (const QueueCount& to : publish->queues) out_.state.last_queue = std::max(out_.state.last_queue, to.queue);
  out_.state.ledger.add_message(record.lsn, record.size, publish->queues.size());
  messages_.emplace(record.lsn, RecoveredMessage{record.lsn, std::move(*publish), {body.begin(), body.end()}});
}

void Recovery::settle(const Settled& settled) {
  out_.state.ledger.settle(settled.lsn);
  const auto found = messages_.find(settled.lsn);
  if (found == messages_.end()) return;
  auto& queues = found->second.publish.queues;
  std::erase_if(queues, [&](const QueueCount& held) { return held.queue == settled.queue; });
  if (!queues.empty()) return;
  messages_.erase(found);
  out_.state.origins.erase(settled.lsn);
}

void Recovery::finish() {
  for (const Suspect& bad : suspects_) {
    out_.torn.push_back({disk_.path(bad.name), bad.offset, bad.length});
    if (!options_.mend) continue;
    const auto file = disk_.open(bad.name);
    file->write(bad.offset, std::vector<std::uint8_t>(bad.length));
    file->sync();
  }
  // A segment that was made ahead is made use of again when the log comes to it.
  Ledger& ledger = out_.state.ledger;
  while (ledger.segments().size() > 1 && ledger.newest()->used == segment_header_size) ledger.drop_newest();
  // What went to queues that are gone is gone.
  for (auto& [lsn, message] : messages_) {
    auto& queues = message.publish.queues;
    const auto removed =
        std::erase_if(queues, [&](const QueueCount& q) { return !out_.state.queues.contains(q.queue); });
    for (std::size_t i = 0; i < removed; ++i) out_.state.ledger.settle(lsn);
    if (!queues.empty()) out_.messages.push_back(std::move(message));
  }
  std::sort(out_.messages.begin(), out_.messages.end(),
            [](const auto& a, const auto& b) { return a.publish.origin < b.publish.origin; });
}

}  // namespace

Damaged::Damaged(const std::string& path, std::uint64_t offset, const std::string& what)
    : std::runtime_error("journal: " + path + " is damaged at offset " + std::to_string(offset) + ": " + what +
                         ". Nothing was changed. Restore the file, or look with 'bascule-broker dump' and "
                         "keep what is whole "
                         "with 'bascule-broker compact'") {}

Recovered recover(Disk& disk, const RecoveryOptions& options) { return Recovery(disk, options).run(); }

}  // namespace bascule::broker::journal
