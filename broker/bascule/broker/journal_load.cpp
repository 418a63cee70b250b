// The journal's reading side: messages brought back to memory, and what lives in an old segment copied forward.
#include <algorithm>

#include "bascule/broker/journal.hpp"

namespace bascule::broker {

using journal::is_scratch;
using journal::Reading;
using journal::Wanted;

namespace {

constexpr std::size_t copied_at_once = 256;
constexpr std::uint64_t most_paging_bytes = 8U << 20, paged_at_once = 256U << 10;

}  // namespace

bool Journal::has(Lsn lsn) const noexcept {
  return is_scratch(lsn) || (lsn != 0 && log_.state().place_of(lsn) < durable_);
}

MessageRef Journal::rebuild(const journal::Record& record) {
  const auto publish = journal::decode_publish(record.fields);
  if (!publish) return {};
  MessageBuilder builder;
  const bool durable = !is_scratch(record.lsn) || publish->origin != 0;
  builder.append(encode(Header{.durable = durable, .priority = publish->priority}).view());
  builder.append(record.body);
  const MessageRef message = builder.finish(clocks_.steady());
  if (!message) return {};
  if (publish->side.id != 0) message->set_tail(body(publish->side.id, publish->side.size, true));
  if (const auto found = scratch_bodies_.find(record.lsn); found != scratch_bodies_.end()) {
    message->set_tail(found->second.get());
  }
  message->set_expires(steady(publish->expires_ms, Time::max()));
  message->set_due(steady(publish->due_ms, Time::min()));
  return message;
}

Wanted Journal::wanted(Lsn lsn) {
  if (is_scratch(lsn)) return {.place = lsn, .segment = scratch_.file_of(lsn)};
  const Lsn place = log_.state().place_of(lsn);
  const journal::Segment* segment = log_.segment_of(place);
  return {.place = place, .segment = segment == nullptr ? 0 : segment->start};
}

void Journal::load(std::vector<Lsn> messages, Loaded done) { start_load({std::move(messages), std::move(done)}); }

// What is being moved can be read when the move was flushed; the old place may go at any time.
void Journal::start_load(Load load) {
  if (!std::all_of(load.messages.begin(), load.messages.end(), [this](Lsn lsn) { return has(lsn); })) {
    waiting_loads_.push_back(std::move(load));
    return worked();
  }
  const auto reading = std::make_shared<Reading>();
  for (const Lsn lsn : load.messages) reading->records.push_back(wanted(lsn));
  const auto shared = std::make_shared<Load>(std::move(load));
  jobs_.push_back({JournalJob::Lane::read, [this, reading](Disk& disk) { reader_.read(disk, *reading); },
                   [this, reading, shared] {
                     std::vector<MessageRef> messages;
                     messages.reserve(reading->records.size());
                     for (std::size_t i = 0; i < reading->records.size(); ++i) {
                       messages.push_back(take_loaded(shared->messages[i], reading->records[i]));
                     }
                     shared->done(messages, clocks_.steady());
                   }});
  worked();
}

MessageRef Journal::take_loaded(Lsn lsn, const Wanted& record) {
  if (!record.bytes.empty()) {
    const auto decoded = journal::decode_record(record.bytes, record.place);
    if (decoded) return rebuild(*decoded);
  }
  // Settled, or moved, while it was being read: whoever still wants it asks again.
  const bool lives = is_scratch(lsn) ? scratch_.file_of(lsn) != 0
                                     : log_.state().place_of(lsn) == record.place && log_.ledger().lives(record.place);
  if (lives) spoilt_while_running(lsn, record.why);
  return {};
}

void Journal::spoilt_while_running(Lsn lsn, const std::string& why) {
  if (listener_ != nullptr) listener_->spoilt(lsn, why);
}

bool Journal::page_out(const MessageRef& message, std::function<void(Lsn)> done) {
  if (paging_bytes_ >= most_paging_bytes) return false;
  journal::Publish publish = describe(*message);
  publish.origin = message->durable() ? 1 : 0;  // it may be, and be in a queue that is not
  std::vector<std::uint8_t> fields;
  encode(publish, fields);
  const std::uint64_t size = journal::record_size(fields, message->body());
  const Lsn place = scratch_.put(size);
  const Lsn file = scratch_.file_of(place);
  if (!paging_.messages.empty() && (file != paging_.file || paging_.bytes.size() >= paged_at_once)) write_paged();
  if (paging_.messages.empty()) paging_.file = file;
  journal::put_record(paging_.bytes, journal::Type::publish, fields, message->body(), place);
  paging_.messages.emplace_back(place, std::move(done));
  paging_bytes_ += size;
  if (SideBody* tail = message->tail()) {
    tail->acquire();
    scratch_bodies_[place].reset(tail);
  }
  worked();
  return true;
}

// What was collected goes to the file in one write: they lie one behind the other.
void Journal::write_paged() {
  const auto batch = std::make_shared<Paging>(std::exchange(paging_, {}));
  const auto written = std::make_shared<bool>(false);
  jobs_.push_back({JournalJob::Lane::file,
                   [this, batch, written](Disk& disk) {
                     try {
                       scratch_writer_.write(disk, batch->file, batch->messages.front().first, batch->bytes);
                       *written = true;
                     } catch (const DiskFull&) {  // they stay in memory
                     }
                   },
                   [this, batch, written] {
                     const bool was_many = paging_bytes_ > most_paging_bytes / 2;
                     paging_bytes_ -= batch->bytes.size();
                     for (const auto& [place, done] : batch->messages) {
                       if (!*written) free_scratch(place);
                       done(*written ? place : 0);
                     }
                     const bool many = paging_bytes_ > most_paging_bytes / 2;
                     if (*written && was_many && !many && listener_ != nullptr) listener_->paged_out();
                   }});
}

std::deque<JournalJob> Journal::take_jobs() {
  if (!paging_.messages.empty()) write_paged();
  return std::exchange(jobs_, {});
}

void Journal::free_scratch(Lsn place) {
  scratch_bodies_.erase(place);
  const Lsn file = scratch_.free(place);
  if (file == 0) return;
  jobs_.push_back({JournalJob::Lane::file, [this, file](Disk& disk) { scratch_writer_.remove(disk, file); }, [] {}});
  worked();
}

// Copies what lives in the oldest segment forward, a part at a time, each behind the commit of the one before.
void Journal::compact() {
  if (copying_ || listener_ == nullptr) return;
  if (to_copy_.empty()) {
    if (!log_.wants_compaction(full_)) return;
    to_copy_ = log_.ledger().oldest_living();
    std::reverse(to_copy_.begin(), to_copy_.end());
  }
  const auto reading = std::make_shared<Reading>();
  for (; reading->records.size() < copied_at_once && !to_copy_.empty(); to_copy_.pop_back()) {
    const Lsn place = to_copy_.back();
    const journal::Segment* segment = log_.segment_of(place);
    if (segment != nullptr && log_.ledger().lives(place)) {
      reading->records.push_back({.place = place, .segment = segment->start});
    }
  }
  if (reading->records.empty()) return;
  copying_ = true;
  jobs_.push_back({JournalJob::Lane::read, [this, reading](Disk& disk) { reader_.read(disk, *reading); },
                   [this, reading] {
                     copying_ = false;
                     const bool had_room = copy_forward(*reading);
                     if (had_room && !log_.dirty()) compact();
                   }});
  worked();
}

// False when there was no room for all of it: what is left stays where it is until there is.
bool Journal::copy_forward(const Reading& reading) {
  bool room = true;
  for (const Wanted& wanted : reading.records) {
    if (!log_.ledger().lives(wanted.place)) continue;
    const bool damaged = wanted.bytes.empty();
    const auto record = journal::decode_record(damaged ? wanted.damaged : wanted.bytes, wanted.place);
    const auto origin = record ? copy_forward(*record, damaged) : log_.keep_damaged(wanted.place);
    if (damaged && origin.value_or(0) != 0) spoilt_while_running(*origin, wanted.why);
    if (!record || !origin) to_copy_.clear();
    if (!origin) {
      room = false;
      break;
    }
  }
  if (log_.dirty()) worked();
  return room;
}

bool Journal::room_to_copy(const journal::Publish& publish, Bytes body) const noexcept {
  if (driver_ == nullptr) return true;
  std::uint64_t content = body.size();
  for (const journal::Held& held : publish.queues) content += 20 + held.notes.size();
  return log_.fits(Demand().record(content), full_ ? 0 : log_.settlement_room());
}

// The name of what was copied; 0: nobody holds it; none: there is no room for it. One with a damaged body goes on as
// that, so that it keeps no segment.
std::optional<Lsn> Journal::copy_forward(const journal::Record& record, bool damaged) {
  auto publish = journal::decode_publish(record.fields);
  if (!publish) return 0;
  const Lsn origin = publish->origin == 0 ? record.lsn : publish->origin;
  std::vector<Holding> holders;
  for (const journal::Held& held : publish->queues) holders.push_back(holding(held));
  if (listener_ != nullptr) listener_->holders(origin, holders);
  if (holders.empty()) {
    log_.drop(origin);
    return 0;
  }
  publish->queues.clear();
  for (const Holding& held : holders) {
    publish->queues.push_back({held.queue,
                               held.delivery_count,
                               held.due == Time::min() ? 0 : wall(held.due),
                               {held.notes.begin(), held.notes.end()}});
  }
  if (!room_to_copy(*publish, record.body)) return {};
  log_.copy(origin, std::move(*publish), record.body, damaged);
  return origin;
}

}  // namespace bascule::broker
