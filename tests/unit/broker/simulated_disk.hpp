// A disk whose power fails: what was not flushed may be there, or not, or in part, in any order.
//
// Seeded, so that a failing run is run again. A write is torn at sectors of 512 bytes. cut_after(n) makes the
// n-th operation from now throw PowerCut in its middle; restart() is the machine coming up again.
#pragma once

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "bascule/broker/disk.hpp"

namespace bascule::broker::testing {

struct PowerCut {};

/// What the n-th operation does.
enum class Fault : std::uint8_t { power_cut, io_error, disk_full };

class SimulatedDisk final : public Disk {
 public:
  explicit SimulatedDisk(unsigned seed) : random_(seed) {}

  std::vector<std::string> list() override {
    std::vector<std::string> names;
    for (const auto& [name, content] : files_) names.push_back(name);
    return names;
  }
  std::unique_ptr<DiskFile> create(const std::string& name, std::uint64_t size, Bytes head) override {
    if (free_files == 0) throw DiskFull("simulated: no space for " + name);
    --free_files;
    if (step(true)) {
      if (fault_ == Fault::disk_full) throw DiskFull("simulated: no space for " + name);
      // It appears whole, or not at all.
      if (random_() % 2 == 0) make(name, size, head);
      fail();
    }
    make(name, size, head);
    return std::make_unique<File>(*this, name);
  }
  std::unique_ptr<DiskFile> open(const std::string& name) override {
    if (!files_.contains(name) || unreadable == name) throw DiskError("simulated: " + name + " cannot be opened");
    return std::make_unique<File>(*this, name);
  }
  std::unique_ptr<DiskFile> create_growing(const std::string& name) override {
    if (free_files == 0) throw DiskFull("simulated: no space for " + name);
    make(name, 0, {});
    unsynced_names_.insert(name);
    if (step(true)) {
      if (fault_ == Fault::disk_full) throw DiskFull("simulated: no space for " + name);
      fail();
    }
    return std::make_unique<File>(*this, name, true);
  }
  void remove_scratch(const std::string& name) override { files_.erase(name); }
  void sync_folder() override {
    ++syncs;
    if (step()) fail();
    unsynced_names_.clear();
  }
  Space space() override { return {free_bytes, free_bytes}; }
  void remove(const std::string& name) override {
    if (step()) {
      if (random_() % 2 == 0) files_.erase(name);
      fail();
    }
    files_.erase(name);
    if (removal_frees) ++free_files;
  }
  std::string path(const std::string& name) const override { return "/simulated/" + name; }

  void cut_after(int steps, Fault fault = Fault::power_cut) {
    left_ = steps;
    fault_ = fault;
  }
  /// Without a cut: what was not flushed is lost all the same.
  void restart() {
    for (const std::string& name : unsynced_names_) {
      if (random_() % 2 == 0) files_.erase(name);
    }
    unsynced_names_.clear();
    std::erase_if(files_, [](const auto& file) { return file.first.ends_with(".tmp"); });
    for (auto& [name, content] : files_) content.lose(random_);
    left_ = -1;
  }
  std::vector<std::uint8_t>& bytes(const std::string& name) { return files_.at(name).durable; }
  /// Other chances from here on.
  void shuffle() { random_(); }
  std::size_t files() const { return files_.size(); }

  std::string unreadable;  ///< a file that open() refuses
  int free_files = 1 << 30;
  bool removal_frees = false;  ///< otherwise somebody else takes the space at once
  std::uint64_t free_bytes = UINT64_MAX;
  int operations = 0, syncs = 0;
  bool full_at_sync = false;  ///< a file system that finds out that it is full when a file that grew is flushed
  bool lying_sync = false;    ///< a disk that says it flushed and did not: a negative control

 private:
  struct Pending {
    std::uint64_t offset;
    std::vector<std::uint8_t> bytes;
  };
  struct Content {
    std::vector<std::uint8_t> durable;
    std::vector<Pending> pending;

    void apply(const Pending& write, std::size_t from, std::size_t to) {
      if (durable.size() < write.offset + to) durable.resize(write.offset + to);
      std::copy(write.bytes.begin() + static_cast<long>(from), write.bytes.begin() + static_cast<long>(to),
                durable.begin() + static_cast<long>(write.offset + from));
    }
    void flush() {
      for (const Pending& write : pending) apply(write, 0, write.bytes.size());
      pending.clear();
    }
    void lose(std::mt19937& random) {
      std::shuffle(pending.begin(), pending.end(), random);
      for (const Pending& write : pending) {
        switch (random() % 4) {
          case 0: break;
          case 1: apply(write, 0, write.bytes.size()); break;
          default:  // each sector by itself
            for (std::size_t at = 0; at < write.bytes.size();) {
              const std::size_t sector = 512 - (write.offset + at) % 512;
              const std::size_t end = std::min(write.bytes.size(), at + sector);
              if (random() % 2 == 0) apply(write, at, end);
              at = end;
            }
        }
      }
      pending.clear();
    }
  };

  class File final : public DiskFile {
   public:
    File(SimulatedDisk& disk, std::string name, bool grows = false)
        : disk_(disk), name_(std::move(name)), grows_(grows) {}
    std::uint64_t size() override {
      std::uint64_t size = content().durable.size();
      for (const Pending& write : content().pending) size = std::max(size, write.offset + write.bytes.size());
      return size;
    }
    void write(std::uint64_t offset, Bytes bytes) override {
      if (grows_ && disk_.free_files == 0) throw DiskFull("simulated: no space in " + name_);
      content().pending.push_back({offset, {bytes.begin(), bytes.end()}});
      if (disk_.step()) disk_.fail();
    }
    std::size_t read(std::uint64_t offset, std::span<std::uint8_t> into) override {
      std::vector<std::uint8_t> now = content().durable;
      now.resize(size());
      for (const Pending& write : content().pending) {
        std::copy(write.bytes.begin(), write.bytes.end(), now.begin() + static_cast<long>(write.offset));
      }
      const std::size_t n =
          std::min<std::size_t>(into.size(), now.size() - std::min<std::uint64_t>(offset, now.size()));
      std::copy_n(now.begin() + static_cast<long>(offset), n, into.begin());
      return n;
    }
    void sync() override {
      ++disk_.syncs;
      if (grows_ && disk_.full_at_sync) throw DiskFull("simulated: no space for what was written to " + name_);
      if (disk_.step()) disk_.fail();
      if (!disk_.lying_sync) content().flush();
    }

   private:
    Content& content() { return disk_.files_.at(name_); }
    SimulatedDisk& disk_;
    const std::string name_;
    const bool grows_;
  };

  void make(const std::string& name, std::uint64_t size, Bytes head) {
    Content& content = files_[name];
    content = {};
    content.durable.assign(size, 0);
    std::copy(head.begin(), head.end(), content.durable.begin());
  }
  bool step(bool may_be_full = false) {
    ++operations;
    if (left_ < 0 || (fault_ == Fault::disk_full && !may_be_full)) return false;
    return left_-- == 0;
  }
  [[noreturn]] void fail() const {
    if (fault_ == Fault::power_cut) throw PowerCut{};
    throw DiskError("simulated: input/output error");
  }

  std::mt19937 random_;
  std::map<std::string, Content> files_;
  std::set<std::string> unsynced_names_;
  int left_ = -1;
  Fault fault_ = Fault::power_cut;
};

}  // namespace bascule::broker::testing
