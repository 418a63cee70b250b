// The growing output buffer under the writers: raw pointers into a caller's std::string.
//
// While a Sink is alive the string is longer than what was written: flush() (or the destructor) cuts it to
// size. Bytes are appended behind what the string holds already. Not for two threads at once.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bascule::thrift {

static_assert(std::endian::native == std::endian::little, "the writers store little-endian words");

class Sink {
 public:
  explicit Sink(std::string& out) : out_(out), cur_(out.data() + out.size()), end_(cur_) {}
  ~Sink() { flush(); }
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Makes room for n more bytes; cursor() may then be written n bytes far.
  void reserve(std::size_t n) {
    if (static_cast<std::size_t>(end_ - cur_) < n) [[unlikely]]
      grow(n);
  }
  char* cursor() noexcept { return cur_; }
  void advance(std::size_t n) noexcept { cur_ += n; }
  /// What was written now ends here.
  void seek(char* end) noexcept { cur_ = end; }
  std::size_t size() const noexcept { return static_cast<std::size_t>(cur_ - out_.data()); }
  /// The byte at an offset that size() gave earlier: for sizes known only afterwards.
  char* at(std::size_t offset) noexcept { return out_.data() + offset; }

  void byte(std::uint8_t value) {
    reserve(1);
    *cur_++ = static_cast<char>(value);
  }
  void append(const char* data, std::size_t n) {
    reserve(n + 16);
    copy(cur_, data, n);
    cur_ += n;
  }
  /// An unsigned LEB128 number, 1 to 10 bytes.
  void varint(std::uint64_t value) {
    reserve(10);
    cur_ = put_varint(cur_, value);
  }

  /// Cuts the string to what was written. More may be written afterwards.
  void flush() {
    const std::size_t used = size();
    out_.resize(used);
    cur_ = end_ = out_.data() + used;
  }
  /// Puts n bytes in at an offset; what is behind moves up.
  void insert(std::size_t offset, const char* data, std::size_t n) {
    reserve(n);
    char* const to = at(offset);
    std::memmove(to + n, to, static_cast<std::size_t>(cur_ - to));
    std::memcpy(to, data, n);
    cur_ += n;
  }
  /// Forgets everything behind offset.
  void truncate(std::size_t offset) noexcept { cur_ = out_.data() + offset; }

  /// Writes up to 10 bytes at to, which must have room for 10; returns the end.
  static char* put_varint(char* to, std::uint64_t value) noexcept {
    if (value < 0x80) {
      *to = static_cast<char>(value);
      return to + 1;
    }
    if (value < (std::uint64_t{1} << 56)) {
      // Spread the 7-bit groups over 8 bytes without a loop: lengths vary, so a loop would mispredict.
      std::uint64_t x = ((value & 0x00fffffff0000000) << 4) | (value & 0x0fffffff);
      x = ((x & 0x0fffc0000fffc000) << 2) | (x & 0x00003fff00003fff);
      x = ((x & 0x3f803f803f803f80) << 1) | (x & 0x007f007f007f007f);
      const unsigned length = (static_cast<unsigned>(std::bit_width(value)) + 6) / 7;
      x |= 0x8080808080808080 & ((std::uint64_t{1} << (8 * (length - 1))) - 1);
      std::memcpy(to, &x, 8);
      return to + length;
    }
    for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
    *to = static_cast<char>(value);
    return to + 1;
  }
  static std::uint64_t zigzag(std::int64_t value) noexcept {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  }

 private:
  /// Short strings are most strings: copies up to 16 bytes without a call. The room for 16 was reserved.
  static void copy(char* to, const char* from, std::size_t n) noexcept {
    if (n > 16) {
      std::memcpy(to, from, n);
    } else if (n >= 8) {
      std::uint64_t head, tail;
      std::memcpy(&head, from, 8);
      std::memcpy(&tail, from + n - 8, 8);
      std::memcpy(to, &head, 8);
      std::memcpy(to + n - 8, &tail, 8);
    } else if (n >= 4) {
      std::uint32_t head, tail;
      std::memcpy(&head, from, 4);
      std::memcpy(&tail, from + n - 4, 4);
      std::memcpy(to, &head, 4);
      std::memcpy(to + n - 4, &tail, 4);
    } else {
      for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
    }
  }
  void grow(std::size_t n);

  std::string& out_;
  char* cur_;
  char* end_;
};

}  // namespace bascule::thrift
