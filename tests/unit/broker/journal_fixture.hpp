// A journal on a simulated disk, and what it gives back when it is opened again.
#pragma once

#include <map>
#include <optional>

#include "stored_router.hpp"

namespace bascule::broker::testing {

/// What a journal gives back.
struct Kept final : Recovery {
  struct Message {
    std::string body;
    Lsn lsn;
    std::map<std::string, std::uint32_t> queues;
    Time expires, due;
    std::uint8_t priority;
    std::uint32_t group;
  };
  void restore_queue(QueueId id, const std::string& address, const std::string& definition) override {
    queues[id] = address + "=" + definition;
    addresses[id] = address;
  }
  void restore_message(const StoredMessage& message, std::span<const Holding> to, Time) override {
    Message kept{{}, message.lsn, {}, message.expires, message.due, message.priority, message.group};
    for (const Holding& one : to) kept.queues[addresses.at(one.queue)] = one.delivery_count;
    messages.push_back(kept);
  }
  void restore_key(QueueId node, Bytes key, Time until) override {
    keys.push_back(addresses.at(node) + " " + std::string(as_text(key)) + " " +
                   std::to_string((until - start) / std::chrono::milliseconds(1)));
  }
  void stop_queue(QueueId queue, const std::string& why) override { stopped[addresses.at(queue)] = why; }
  std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const auto& message : messages) all.push_back(message.body);
    return all;
  }
  std::map<QueueId, std::string> queues, addresses;
  std::vector<Message> messages;
  std::vector<std::string> keys;
  std::map<std::string, std::string> stopped;
};

using Bodies = std::vector<std::string>;

/// Makes segments on a disk as the daemon does, but at once: nothing is appended where none is.
class SegmentMaker final : public JournalDriver {
 public:
  SegmentMaker(Journal& journal, Disk& disk) : journal_(journal), disk_(disk) { journal_.drive(this); }
  ~SegmentMaker() { journal_.drive(nullptr); }
  SegmentMaker(const SegmentMaker&) = delete;

  void work_waiting() override {}
  void make_now(const journal::Ahead& segment) override {
    try {
      make_ahead(disk_, segment);
      journal_.segment_made(segment);
    } catch (const DiskFull&) {
      ++was_full;
      journal_.disk_full();
    }
  }
  /// Behind a commit, or by time.
  void look() {
    const auto wanted = journal_.is_full() ? journal_.wants_space() : journal_.wants_ahead();
    if (wanted.start != 0) make_now(wanted);
  }
  int was_full = 0;

 private:
  Journal& journal_;
  Disk& disk_;
};

struct JournalTest : ::testing::Test {
  JournalTest() { open(); }
  void open() {
    journal.reset();
    writer.emplace(disk);
    journal.emplace(disk, JournalOptions{.segment_size = segment_size}, clocks);
    kept = {};
    journal->recover(kept, start);
    for (auto& message : kept.messages) {
      if (const MessageRef found = read(message.lsn)) message.body = body_of(*found);
    }
  }
  void commit() {
    write_commit(*journal, *writer);
    run_jobs();
  }
  void run_jobs() { testing::run_jobs(*journal, disk); }
  MessageRef read(Lsn lsn) {
    const auto found = std::make_shared<MessageRef>();
    journal->load({lsn}, [found](std::span<MessageRef> messages, Time) { *found = std::move(messages[0]); });
    run_jobs();
    return *found;
  }
  void reopen() {
    disk.restart();
    open();
  }
  Lsn publish(const std::string& body, std::vector<QueueId> queues) {
    return journal->publish(*message({.body = body, .durable = true}), queues);
  }

  std::uint64_t segment_size = 4096;
  std::int64_t wall = 1'000'000;
  Clocks clocks{[] { return start; }, [this] { return wall; }};
  SimulatedDisk disk{1};
  std::optional<CommitWriter> writer;
  std::optional<Journal> journal;
  Kept kept;
};

}  // namespace bascule::broker::testing
