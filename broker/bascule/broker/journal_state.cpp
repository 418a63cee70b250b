#include "bascule/broker/journal_state.hpp"

#include <algorithm>

namespace bascule::broker::journal {

Publish Recovered::publish(const RecoveredMessage& message) const {
  if (message.rare) return rare.at(message.origin);
  return {.origin = message.origin,
          .cost = message.cost,
          .group = message.group,
          .priority = message.priority,
          .queues = {{.queue = message.queue}}};
}

bool StateReader::whole(const BatchHeader& header, Bytes records) noexcept {
  Lsn lsn = header.lsn + batch_header_size;
  std::uint32_t count = 0;
  while (!records.empty()) {
    const auto record = decode_record(records, lsn);
    if (!record || !record->body_good) return false;
    lsn += record->size;
    records = records.subspan(std::min<std::uint64_t>(record->size, records.size()));
    ++count;
  }
  return count == header.records;
}

void StateReader::apply(const std::string& name, Lsn segment, const BatchHeader& header, std::uint64_t offset,
                        Bytes records, const Visit& visit) {
  ++out_.batches;
  out_.state.last_batch = header.lsn;
  out_.state.marked = false;
  const Lsn first = header.lsn + batch_header_size;
  const std::uint64_t length = std::min<std::uint64_t>(header.length, records.size());
  std::uint32_t count = 0;
  for (std::uint64_t at = 0; at < length;) {
    const auto record = decode_record(records.subspan(at, length - at), first + at);
    if (!record) {
      if (count != UINT32_MAX) damage_(name, first + at - segment, "a record is damaged, and it had been flushed");
      count = UINT32_MAX;  // told once; what else is whole in the batch is found by its header
      at += 8;
      continue;
    }
    ++out_.records;
    if (visit) visit(*record, name);
    apply_record(*record, name, first + at - segment);
    at += record->size;
    if (count != UINT32_MAX) ++count;
  }
  if (count != UINT32_MAX && count != header.records) {
    damage_(name, offset,
            "a batch holds " + std::to_string(count) + " records and says " + std::to_string(header.records));
  }
  if (Segment* in = out_.state.ledger.find_segment(header.lsn)) in->used = offset + aligned(batch_header_size + length);
}

void StateReader::newer(const std::string& name, std::uint64_t offset, const std::string& what,
                        const std::string& reads) const {
  throw OtherFormat(path_(name), OtherFormat::Writer::later,
                    "a newer kind (at offset " + std::to_string(offset) + ": " + what + ")", reads);
}

void StateReader::apply_record(const Record& record, const std::string& name, std::uint64_t offset) {
  const auto nonsense = [&] { damage_(name, offset, "a record of " + name_of(record.type) + " makes no sense"); };
  if (record.version != version) {
    newer(name, offset, name_of(record.type) + " of version " + std::to_string(record.version),
          "version " + std::to_string(version));
  }
  if (!record.body_good && record.type != Type::publish && record.type != Type::damaged) return nonsense();
  switch (record.type) {
    case Type::damaged:
    case Type::publish: return apply_publish(record, name, offset);
    case Type::settle: {
      const auto all = decode_settle(record.fields);
      if (!all) return nonsense();
      for (const Settled& one : *all) settle(one);
      return;
    }
    case Type::update: {
      const auto update = decode_update(record.fields);
      return update ? apply_update(*update) : nonsense();
    }
    case Type::checkpoint: out_.state.queues.clear(); [[fallthrough]];
    case Type::declare: {
      auto all = decode_definitions(record.fields);
      if (!all) return nonsense();
      for (QueueDefinition& one : *all) {
        out_.state.last_queue = std::max(out_.state.last_queue, one.queue);
        out_.state.queues.insert_or_assign(one.queue, std::move(one));
      }
      return;
    }
    case Type::remove: {
      FieldReader reader(record.fields);
      const auto queue = static_cast<QueueId>(reader.number(4));
      out_.state.last_queue = std::max(out_.state.last_queue, queue);
      out_.state.queues.erase(queue);
      return;
    }
    case Type::mark: out_.state.marked = true; return;
    case Type::remember: {
      auto key = decode_key(record.fields);
      if (!key) return nonsense();
      out_.state.keys.emplace_back(record.lsn, std::move(*key));
      return;
    }
  }
  newer(name, offset, name_of(record.type), "kinds up to " + std::to_string(static_cast<int>(Type::damaged)));
}

RecoveredMessage* StateReader::find(Lsn origin) {
  if (!copies_.empty()) {
    if (const auto copy = copies_.find(origin); copy != copies_.end()) return &copy->second;
  }
  const auto found = std::lower_bound(out_.messages.begin(), out_.messages.end(), origin,
                                      [](const RecoveredMessage& one, Lsn wanted) { return one.origin < wanted; });
  if (found == out_.messages.end() || found->origin != origin) return nullptr;
  return found->rare || found->queue != 0 ? &*found : nullptr;
}

Publish& StateReader::make_rare(RecoveredMessage& message) {
  if (!message.rare) {
    out_.rare.emplace(message.origin, out_.publish(message));
    message.rare = true;
  }
  return out_.rare.at(message.origin);
}

void StateReader::kill(RecoveredMessage& message) {
  const Lsn origin = message.origin;
  if (message.rare) out_.rare.erase(origin);
  message.queue = 0;
  message.rare = false;
  if (!copies_.empty()) copies_.erase(origin);
}

void StateReader::apply_publish(const Record& record, const std::string& name, std::uint64_t offset) {
  auto publish = decode_publish(record.fields);
  if (!publish || publish->queues.empty()) {
    return damage_(name, offset, "a record of publish makes no sense");
  }
  auto& state = out_.state;
  for (const Held& to : publish->queues) state.last_queue = std::max(state.last_queue, to.queue);
  const bool copy = publish->origin != 0;
  const Lsn origin = copy ? publish->origin : record.lsn;
  if (copy) {
    if (RecoveredMessage* before = find(origin)) kill(*before);
    state.drop(origin);
    state.places[origin] = record.lsn;
  }
  publish->origin = origin;
  state.ledger.add_message(record.lsn, publish->queues.size());
  if (publish->side.id != 0) {
    state.sides.add(origin, publish->side.id);
    state.last_side = std::max(state.last_side, publish->side.id);
    sides_[origin] = publish->side;
  }
  if (record.type == Type::damaged) {
    spoil(origin, Damaged(path_(name), offset, "the body of a message was damaged before it was moved here").what());
  } else if (!record.body_good) {
    spoil(origin, Damaged(path_(name), offset, "the body of a message is damaged, and it had been flushed").what());
  } else if (copy) {
    spoilt_.erase(origin);
  }
  RecoveredMessage message{origin,           record.lsn, publish->cost, publish->group, publish->queues.front().queue,
                           publish->priority};
  message.rare = publish->queues.size() > 1 || !publish->queues.front().plain() || publish->expires_ms != 0 ||
                 publish->due_ms != 0 || publish->side.id != 0;
  if (message.rare) out_.rare.insert_or_assign(origin, std::move(*publish));
  if (copy) {
    copies_.insert_or_assign(origin, message);
  } else {
    out_.messages.push_back(message);
  }
}

void StateReader::apply_update(const Update& update) {
  RecoveredMessage* message = find(update.lsn);
  if (message == nullptr) return;
  for (Held& held : make_rare(*message).queues) {
    if (held.queue == update.held.queue) held = update.held;
  }
}

void StateReader::settle(const Settled& settled) {
  RecoveredMessage* message = find(settled.lsn);
  if (message == nullptr) return;
  if (message->rare) {
    auto& queues = out_.rare.at(settled.lsn).queues;
    if (std::erase_if(queues, [&](const Held& held) { return held.queue == settled.queue; }) == 0) return;
    out_.state.settle(settled.lsn);
    if (queues.empty()) kill(*message);
  } else if (message->queue == settled.queue) {
    out_.state.settle(settled.lsn);
    kill(*message);
  }
}

std::map<std::string, StateReader::SideNeeded> StateReader::side_files() const {
  std::map<std::string, SideNeeded> needed;
  for (const auto& [origin, id] : out_.state.sides.of) needed[side_file_name(id)] = {origin, sides_.at(origin).size};
  return needed;
}

// What went to queues that are gone is gone.
void StateReader::forget_removed_queues(RecoveredMessage& message) {
  const auto gone = [this](QueueId queue) { return !out_.state.queues.contains(queue); };
  if (!message.rare) {
    if (message.queue == 0 || !gone(message.queue)) return;
    out_.state.settle(message.origin);
    message.queue = 0;
    return;
  }
  auto& queues = out_.rare.at(message.origin).queues;
  const auto removed = std::erase_if(queues, [&](const Held& held) { return gone(held.queue); });
  for (std::size_t i = 0; i < removed; ++i) out_.state.settle(message.origin);
  if (!queues.empty()) return;
  out_.rare.erase(message.origin);
  message.rare = false;
  message.queue = 0;
}

// Copies take the place that their first writing gave them.
void StateReader::merge_copies() {
  if (copies_.empty()) return;
  std::vector<RecoveredMessage> moved;
  for (const auto& [origin, message] : copies_) moved.push_back(message);
  copies_.clear();
  const auto before = [](const RecoveredMessage& a, const RecoveredMessage& b) { return a.origin < b.origin; };
  std::sort(moved.begin(), moved.end(), before);
  std::deque<RecoveredMessage> all;
  auto next = moved.begin();
  for (auto& messages = out_.messages; !messages.empty(); messages.pop_front()) {
    for (; next != moved.end() && next->origin <= messages.front().origin; ++next) all.push_back(*next);
    if (messages.front().rare || messages.front().queue != 0) all.push_back(messages.front());
  }
  all.insert(all.end(), next, moved.end());
  out_.messages = std::move(all);
}

Recovered StateReader::finish() {
  merge_copies();
  for (RecoveredMessage& message : out_.messages) forget_removed_queues(message);
  for (const auto& [origin, why] : spoilt_) {
    Spoilt spoilt{.lsn = origin, .queues = {}, .why = why};
    if (RecoveredMessage* message = find(origin)) {
      for (const Held& held : out_.publish(*message).queues) spoilt.queues.push_back(held.queue);
    }
    out_.spoilt.push_back(std::move(spoilt));
  }
  return std::move(out_);
}

}  // namespace bascule::broker::journal
