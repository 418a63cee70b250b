// The bounded input under the readers. It never reads outside its bytes and never throws: the first fault
// stays, with its offset, and from then on everything reads as zero, empty and stop, so that loops end by
// themselves.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "bascule/thrift/types.hpp"
#include "bascule/thrift/utf8.hpp"

namespace bascule::thrift {

class Cursor {
 public:
  /// The bytes must outlive the cursor and every string_view it returns.
  Cursor(std::string_view bytes, const Limits& limits) noexcept
      : begin_(bytes.data()), cur_(begin_), end_(begin_ + bytes.size()), depth_limit_(limits.depth) {
    if (depth_limit_ > max_depth) depth_limit_ = max_depth;
    if (bytes.size() > limits.message) fail(Fault::message_size);
  }

  bool ok() const noexcept { return fault_ == Fault::none; }
  Fault fault() const noexcept { return fault_; }
  /// Where the fault is, or how far reading came.
  std::size_t offset() const noexcept { return ok() ? static_cast<std::size_t>(cur_ - begin_) : fault_at_; }
  /// The next byte to be read.
  const char* position() const noexcept { return cur_; }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cur_); }

  [[gnu::noinline, gnu::cold]] void fail(Fault fault) noexcept {
    if (fault_ != Fault::none) return;
    fault_ = fault;
    fault_at_ = static_cast<std::size_t>(cur_ - begin_);
    cur_ = end_;
  }

  std::uint8_t byte() noexcept {
    if (cur_ == end_) [[unlikely]] {
      fail(Fault::truncated);
      return 0;
    }
    return static_cast<std::uint8_t>(*cur_++);
  }

  template <class Word>
  Word word() noexcept {
    Word value = 0;
    if (remaining() < sizeof value) [[unlikely]] {
      fail(Fault::truncated);
      return 0;
    }
    std::memcpy(&value, cur_, sizeof value);
    cur_ += sizeof value;
    return value;
  }

  std::uint64_t varint() noexcept {
    if (cur_ != end_ && static_cast<signed char>(*cur_) >= 0) return static_cast<std::uint8_t>(*cur_++);
    if (remaining() >= 8) {
      // All groups of up to 8 bytes at once: lengths vary, so a loop would mispredict.
      std::uint64_t word;
      std::memcpy(&word, cur_, 8);
      const std::uint64_t ends = ~word & 0x8080808080808080;
      if (ends != 0) [[likely]] {
        word &= ends ^ (ends - 1);
        std::uint64_t x = word & 0x7f7f7f7f7f7f7f7f;
        x = ((x & 0x7f007f007f007f00) >> 1) | (x & 0x007f007f007f007f);
        x = ((x & 0x3fff00003fff0000) >> 2) | (x & 0x00003fff00003fff);
        x = ((x & 0x0fffffff00000000) >> 4) | (x & 0x000000000fffffff);
        cur_ += (std::countr_zero(ends) >> 3) + 1;
        return x;
      }
    }
    return varint_slow();
  }

  static std::int64_t unzigzag(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }

  std::string_view take(std::uint64_t size) noexcept {
    if (size > remaining()) [[unlikely]] {
      fail(Fault::size);
      return {};
    }
    std::string_view taken{cur_, static_cast<std::size_t>(size)};
    cur_ += size;
    return taken;
  }

  std::string_view take_utf8(std::uint64_t size) noexcept {
    const char* start = cur_;
    const std::string_view text = take(size);
    if (!valid_utf8(text)) [[unlikely]] {
      cur_ = start;
      fail(Fault::utf8);
      return {};
    }
    return text;
  }

 protected:
  /// Enters a level, or fails. After a fault nothing is entered, and leave() must not be called.
  bool enter() noexcept {
    if (depth_ >= depth_limit_) [[unlikely]] {
      fail(Fault::depth);
      return false;
    }
    ++depth_;
    return true;
  }
  void leave() noexcept { --depth_; }
  unsigned depth() const noexcept { return depth_; }

 private:
  std::uint64_t varint_slow() noexcept;

  const char* begin_;
  const char* cur_;
  const char* end_;
  std::size_t fault_at_ = 0;
  unsigned depth_ = 0;
  unsigned depth_limit_;
  Fault fault_ = Fault::none;
};

}  // namespace bascule::thrift
