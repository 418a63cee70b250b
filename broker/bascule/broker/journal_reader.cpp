#include "bascule/broker/journal_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bascule/broker/scratch.hpp"

namespace bascule::broker::journal {
namespace {

constexpr std::size_t open_files = 16;
constexpr std::uint64_t longest_run = 1U << 20;
constexpr std::uint64_t gap = 16U << 10;          // read over, not around
constexpr std::uint64_t usual_record = 2U << 10;  // what a run's last record is taken for

}  // namespace

std::string file_of(Lsn segment) { return is_scratch(segment) ? scratch_name(segment) : segment_name(segment); }

DiskFile& RecordReader::open(Disk& disk, Lsn segment) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [segment](const Open& one) { return one.segment == segment; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
  } else {
    open_.push_front({segment, disk.open(file_of(segment))});
    if (open_.size() > open_files) open_.pop_back();
  }
  return *open_.front().file;
}

void RecordReader::read(Disk& disk, Reading& reading) {
  std::vector<Wanted*> order;
  order.reserve(reading.records.size());
  for (Wanted& wanted : reading.records) order.push_back(&wanted);
  std::sort(order.begin(), order.end(), [](const Wanted* a, const Wanted* b) { return a->place < b->place; });
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin + 1;
    while (end < order.size() && order[end]->segment == order[begin]->segment &&
           order[end]->place - order[end - 1]->place <= gap && order[end]->place - order[begin]->place < longest_run) {
      ++end;
    }
    read_run(disk, reading, std::span(order).subspan(begin, end - begin));
    begin = end;
  }
}

void RecordReader::read_run(Disk& disk, Reading& reading, std::span<Wanted* const> run) {
  const Lsn first = run.front()->place;
  try {
    auto& buffer = reading.buffers.emplace_back(run.back()->place - first + usual_record);
    buffer.resize(open(disk, run.front()->segment).read(first - run.front()->segment, buffer));
    for (Wanted* wanted : run) {
      const std::uint64_t at = wanted->place - first;
      read_one(disk, reading, *wanted, at < buffer.size() ? Bytes(buffer).subspan(at) : Bytes());
    }
  } catch (const DiskError& error) {
    for (Wanted* wanted : run) wanted->why = error.what();
  }
}

void RecordReader::read_one(Disk& disk, Reading& reading, Wanted& wanted, Bytes there) {
  if (there.size() >= record_header_size && record_size(there) > there.size() && record_size(there) < (1U << 30)) {
    auto& whole = reading.buffers.emplace_back(record_size(there));
    whole.resize(open(disk, wanted.segment).read(wanted.place - wanted.segment, whole));
    there = whole;
  }
  const auto record = decode_record(there, wanted.place);
  const bool whole = record && record->body_good && record->type != Type::damaged;
  if (record)
    (whole ? wanted.bytes : wanted.damaged) = there.first(std::min<std::uint64_t>(record->size, there.size()));
  if (!whole) {
    wanted.why = "journal: " + disk.path(file_of(wanted.segment)) + " is damaged at offset " +
                 std::to_string(wanted.place - wanted.segment) + ": the record of a message that waits is not whole";
  }
}

}  // namespace bascule::broker::journal
