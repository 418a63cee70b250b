// StateReader: what a journal's records add up to: queues, living messages, keys. The half of recovery that knows
// what records mean; journal_recovery.cpp finds them and decides which count.
#pragma once

#include "bascule/broker/journal_recovery.hpp"

namespace bascule::broker::journal {

class StateReader {
 public:
  using Damage = std::function<void(const std::string& name, std::uint64_t offset, const std::string& what)>;
  using Visit = std::function<void(const Record&, const std::string& file)>;
  struct SideNeeded {
    Lsn lsn = 0;
    std::uint64_t size = 0;
  };

  using Path = std::function<std::string(const std::string& name)>;
  StateReader(Path path, Damage damage) : path_(std::move(path)), damage_(std::move(damage)) {}

  /// Whether all of a batch's records are there and right, bodies included.
  static bool whole(const BatchHeader& header, Bytes records) noexcept;
  void apply(const std::string& name, Lsn segment, const BatchHeader& header, std::uint64_t offset, Bytes records,
             const Visit& visit);
  void torn(Torn place) { out_.torn.push_back(std::move(place)); }
  /// The message's body is damaged.
  void spoil(Lsn origin, const std::string& why) { spoilt_.emplace(origin, why); }
  LogState& state() noexcept { return out_.state; }
  /// By name.
  std::map<std::string, SideNeeded> side_files() const;
  Recovered finish();

 private:
  [[noreturn]] void newer(const std::string& name, std::uint64_t offset, const std::string& what,
                          const std::string& reads) const;
  void apply_record(const Record& record, const std::string& name, std::uint64_t offset);
  void apply_publish(const Record& record, const std::string& name, std::uint64_t offset);
  void apply_update(const Update& update);
  void settle(const Settled& settled);
  RecoveredMessage* find(Lsn origin);
  Publish& make_rare(RecoveredMessage& message);
  void kill(RecoveredMessage& message);
  void forget_removed_queues(RecoveredMessage& message);
  void merge_copies();

  const Path path_;
  const Damage damage_;
  Recovered out_;
  std::unordered_map<Lsn, RecoveredMessage> copies_;  // by origin
  std::map<Lsn, std::string> spoilt_;
  std::unordered_map<Lsn, SideFile> sides_;
};

}  // namespace bascule::broker::journal
