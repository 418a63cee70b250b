#include "bascule/broker/offline.hpp"

#include <filesystem>
#include <ostream>
#include <set>
#include <unordered_map>

#include "bascule/broker/journal.hpp"

namespace bascule::broker {
namespace {

std::string folder_of(const std::string& data) {
  const std::string folder = data + "/journal";
  if (!std::filesystem::is_directory(folder))
    throw DiskError("there is no journal in " + folder + "; give its --data folder");
  return folder;
}

void print_definitions(const journal::Record& record, std::ostream& out) {
  const auto queues = journal::decode_definitions(record.fields);
  out << ",\"queues\":{";
  const char* separator = "\"";
  for (const auto& queue : queues.value_or(std::vector<journal::QueueDefinition>{})) {
    out << separator << queue.queue << "\":\"" << queue.address << "\"";
    separator = ",\"";
  }
  out << "}";
}

void print_publish(const journal::Record& record, std::ostream& out) {
  const auto publish = journal::decode_publish(record.fields);
  if (!publish) return;
  out << ",\"bytes\":" << record.body.size() << ",\"queues\":[";
  for (std::size_t i = 0; i < publish->queues.size(); ++i) out << (i > 0 ? "," : "") << publish->queues[i].queue;
  out << "]";
  if (publish->origin != 0) out << ",\"origin\":" << publish->origin;
  if (publish->side.id != 0) out << ",\"side_file\":\"" << journal::side_file_name(publish->side.id) << "\"";
  if (!record.body_good || record.type == journal::Type::damaged) out << ",\"damaged\":true";
}

void print_record(const journal::Record& record, const std::string& file, std::ostream& out) {
  out << "{\"file\":\"" << file << "\",\"lsn\":" << record.lsn << ",\"type\":\"" << name_of(record.type) << "\"";
  using journal::Type;
  if (record.type == Type::declare || record.type == Type::checkpoint) print_definitions(record, out);
  if (record.type == Type::publish || record.type == Type::damaged) print_publish(record, out);
  if (const auto settled = journal::decode_settle(record.fields); record.type == Type::settle && settled) {
    out << ",\"settled\":[";
    for (std::size_t i = 0; i < settled->size(); ++i) out << (i > 0 ? "," : "") << (*settled)[i].lsn;
    out << "]";
  }
  if (const auto update = journal::decode_update(record.fields); record.type == Type::update && update) {
    out << ",\"message\":" << update->lsn << ",\"queue\":" << update->held.queue
        << ",\"delivery_count\":" << update->held.delivery_count;
  }
  out << "}\n";
}

std::uint64_t living(const journal::Recovered& recovered) {
  std::uint64_t count = 0;
  for (const auto& message : recovered.messages) count += message.rare || message.queue != 0 ? 1 : 0;
  return count;
}

void print_summary(const journal::Recovered& recovered, std::ostream& out) {
  out << recovered.state.ledger.segments().size() << " segments, " << recovered.batches << " batches, "
      << recovered.records << " records; " << recovered.state.queues.size() << " queues, " << living(recovered)
      << " messages live\n";
  for (const auto& torn : recovered.torn) {
    out << "torn end: " << torn.file << " at offset " << torn.offset << ", " << torn.bytes
        << " bytes of a flush that never ended; nothing in it was acknowledged\n";
  }
  for (const auto& spoilt : recovered.spoilt) {
    out << spoilt.why << (spoilt.queues.empty() ? " (nobody waits for it)" : " (its queues are stopped)") << "\n";
  }
}

// What is whole and lives, in a new journal. What cannot be read is left out.
class Rewriter {
 public:
  Rewriter(Disk& from, const std::string& folder) : from_(from), to_(open_folder(folder)), writer_(*to_) {}

  std::uint64_t run(journal::Recovered& recovered) {
    for (const auto& [id, queue] : recovered.state.queues) numbers_[id] = log_.declare(queue.address, queue.definition);
    for (const auto& [place, key] : recovered.state.keys) {
      if (numbers_.contains(key.node)) log_.remember({numbers_.at(key.node), key.until_ms, key.bytes});
    }
    std::uint64_t left_out = 0;
    for (const auto& message : recovered.messages) {
      if (!message.rare && message.queue == 0) continue;
      if (!copy(recovered, message)) ++left_out;
    }
    commit();
    return left_out;
  }

 private:
  bool copy(journal::Recovered& recovered, const journal::RecoveredMessage& message) {
    journal::Reading reading;
    const auto* segment = recovered.state.ledger.find_segment(message.place);
    reading.records.push_back({.place = message.place, .segment = segment->start});
    reader_.read(from_, reading);
    const auto record = journal::decode_record(reading.records.front().bytes, message.place);
    if (!record) return false;
    journal::Publish publish = recovered.publish(message);
    publish.origin = 0;
    for (auto& held : publish.queues) held.queue = numbers_.at(held.queue);
    if (publish.side.id != 0 && !link(publish.side.id)) return false;
    log_.publish(publish, record->body);
    if ((waiting_ += record->size) > (8U << 20)) commit();
    return true;
  }
  bool link(std::uint64_t id) {
    const std::string name = journal::side_file_name(id);
    std::error_code error;
    if (!linked_.insert(id).second) return true;
    std::filesystem::create_hard_link(from_.path(name), to_->path(name), error);
    to_->sync_folder();
    return !error;
  }
  void commit() {
    waiting_ = 0;
    journal::Commit commit = log_.take(0);
    writer_.carry_out(commit);
  }

  Disk& from_;
  const std::unique_ptr<Disk> to_;
  CommitWriter writer_;
  journal::Log log_{{}, JournalOptions{}.segment_size};
  journal::RecordReader reader_;
  std::unordered_map<QueueId, QueueId> numbers_;
  std::set<std::uint64_t> linked_;
  std::uint64_t waiting_ = 0;
};

}  // namespace

int verify_journal(const std::string& data, std::ostream& out) {
  const auto disk = open_folder(folder_of(data));
  try {
    const auto recovered = journal::recover(*disk, {.mend = false});
    print_summary(recovered, out);
    if (!recovered.spoilt.empty()) return 1;
  } catch (const journal::Damaged& damage) {
    out << damage.what() << "\n";
    return 1;
  } catch (const journal::OtherFormat& other) {
    out << other.what() << "\n";
    return 1;
  }
  return 0;
}

int dump_journal(const std::string& data, std::ostream& out) {
  const auto disk = open_folder(folder_of(data));
  int damages = 0;
  const auto recovered = journal::recover(
      *disk,
      {.mend = false,
       .tolerate = true,
       .damage = [&](const journal::Damaged& damage) { out << damage.what() << "\n", ++damages; },
       .visit = [&](const journal::Record& record, const std::string& file) { print_record(record, file, out); }});
  print_summary(recovered, out);
  return damages == 0 && recovered.spoilt.empty() ? 0 : 1;
}

int compact_journal(const std::string& data, std::ostream& out) {
  const std::string folder = folder_of(data), fresh = data + "/journal.new";
  std::string old = data + "/journal.old";
  for (int n = 1; std::filesystem::exists(old); ++n) old = data + "/journal.old." + std::to_string(n);
  const auto disk = open_folder(folder);
  std::filesystem::remove_all(fresh);
  auto recovered =
      journal::recover(*disk, {.mend = false, .tolerate = true, .damage = [&](const journal::Damaged& damage) {
                                 out << damage.what() << "\n";
                               }});
  print_summary(recovered, out);
  const std::uint64_t left_out = Rewriter(*disk, fresh).run(recovered);
  if (left_out > 0) out << left_out << " messages could not be read and are left out\n";
  std::filesystem::rename(folder, old);
  std::filesystem::rename(fresh, folder);
  out << "written anew to " << folder << "; the journal as it was is in " << old << "\n";
  return 0;
}

}  // namespace bascule::broker
