#include "bascule/broker/scratch.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bascule::broker::journal {

std::string scratch_name(Lsn segment) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(segment & ~scratch_bit));
  return hex.data() + std::string(".scratch.tmp");
}

Lsn Scratch::put(std::uint64_t size) {
  size = aligned(size);
  if (files_.empty() || files_.rbegin()->second.capacity - files_.rbegin()->second.used < size) {
    const std::uint64_t capacity = std::max(file_size, size);
    files_[end_] = {.capacity = capacity};
    end_ += capacity;
  }
  auto& [start, file] = *files_.rbegin();
  const Lsn place = start + file.used;
  file.used += size;
  ++file.live;
  ++messages_;
  return place;
}

Lsn Scratch::file_of(Lsn place) const noexcept {
  const auto behind = files_.upper_bound(place);
  if (behind == files_.begin()) return 0;
  const auto& [start, file] = *std::prev(behind);
  return place < start + file.used ? start : 0;
}

Lsn Scratch::free(Lsn place) {
  const Lsn start = file_of(place);
  if (start == 0) return 0;
  File& file = files_[start];
  --messages_;
  if (--file.live > 0) return 0;
  files_.erase(start);
  return start;
}

void ScratchWriter::write(Disk& disk, Lsn file, Lsn place, Bytes bytes) {
  if (segment_ != file) {
    segment_ = 0;
    open_ = disk.create_growing(scratch_name(file));
    segment_ = file;
  }
  open_->write(place - file, bytes);
}

void ScratchWriter::remove(Disk& disk, Lsn file) {
  if (segment_ == file) {
    open_.reset();
    segment_ = 0;
  }
  disk.remove_scratch(scratch_name(file));
}

}  // namespace bascule::broker::journal
