#include "bascule/broker/offline.hpp"

#include <filesystem>
#include <ostream>
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

const char* name_of(journal::Type type) {
  switch (type) {
    case journal::Type::publish: return "publish";
    case journal::Type::settle: return "settle";
    case journal::Type::count: return "count";
    case journal::Type::declare: return "declare";
    case journal::Type::remove: return "remove";
    case journal::Type::checkpoint: return "checkpoint";
  }
  return "unknown";
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

void print_record(const journal::Record& record, const std::string& file, std::ostream& out) {
  out << "{\"file\":\"" << file << "\",\"lsn\":" << record.lsn << ",\"type\":\"" << name_of(record.type) << "\"";
  if (record.type == journal::Type::declare || record.type == journal::Type::checkpoint) print_definitions(record, out);
  Bytes body;
  if (const auto publish = journal::decode_publish(record.fields, body);
      record.type == journal::Type::publish && publish) {
    out << ",\"bytes\":" << body.size() << ",\"queues\":[";
    for (std::size_t i = 0; i < publish->queues.size(); ++i) out << (i > 0 ? "," : "") << publish->queues[i].queue;
    out << "]";
    if (publish->replaces != 0) out << ",\"replaces\":" << publish->replaces;
  }
  if (const auto settled = journal::decode_settle(record.fields); record.type == journal::Type::settle && settled) {
    out << ",\"settled\":[";
    for (std::size_t i = 0; i < settled->size(); ++i) out << (i > 0 ? "," : "") << (*settled)[i].lsn;
    out << "]";
  }
  out << "}\n";
}

void print_summary(const journal::Recovered& recovered, std::ostream& out) {
  out << recovered.state.ledger.segments().size() << " segments, " << recovered.batches << " batches, "
      << recovered.records << " records; " << recovered.state.queues.size() << " queues, " << recovered.messages.size()
      << " messages live\n";
  for (const auto& torn : recovered.torn) {
    out << "torn end: " << torn.file << " at offset " << torn.offset << ", " << torn.bytes
        << " bytes of a flush that never ended; nothing in it was acknowledged\n";
  }
}

void rewrite(const journal::Recovered& recovered, const std::string& folder) {
  const auto disk = open_folder(folder);
  journal::Log log({}, JournalOptions{}.segment_size);
  std::unordered_map<QueueId, QueueId> numbers;
  for (const auto& [id, queue] : recovered.state.queues) numbers[id] = log.declare(queue.address, queue.definition);
  CommitWriter writer(*disk);
  std::size_t waiting = 0;
  for (const auto& message : recovered.messages) {
    journal::Publish publish = message.publish;
    publish.replaces = 0;
    for (auto& [queue, count] : publish.queues) queue = numbers.at(queue);
    log.publish(publish, message.body);
    if ((waiting += message.body.size()) < (8U << 20)) continue;
    waiting = 0;
    journal::Commit commit = log.take();
    writer.carry_out(commit);
  }
  journal::Commit commit = log.take();
  writer.carry_out(commit);
}

}  // namespace

int verify_journal(const std::string& data, std::ostream& out) {
  const auto disk = open_folder(folder_of(data));
  try {
    print_summary(journal::recover(*disk, {.mend = false}), out);
  } catch (const journal::Damaged& damage) {
    out << damage.what() << "\n";
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
  return damages == 0 ? 0 : 1;
}

int compact_journal(const std::string& data, std::ostream& out) {
  const std::string folder = folder_of(data), fresh = data + "/journal.new";
  std::string old = data + "/journal.old";
  for (int n = 1; std::filesystem::exists(old); ++n) old = data + "/journal.old." + std::to_string(n);
  const auto disk = open_folder(folder);
  std::filesystem::remove_all(fresh);
  const auto recovered =
      journal::recover(*disk, {.mend = false, .tolerate = true, .damage = [&](const journal::Damaged& damage) {
                                 out << damage.what() << "\n";
                               }});
  print_summary(recovered, out);
  rewrite(recovered, fresh);
  std::filesystem::rename(folder, old);
  std::filesystem::rename(fresh, folder);
  out << "written anew to " << folder << "; the journal as it was is in " << old << "\n";
  return 0;
}

}  // namespace bascule::broker
