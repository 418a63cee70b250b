// The little of AMQP 1.0's encoding that a broker reads in messages it otherwise keeps as opaque bytes.
//
// A value's extent follows from its format code's high nibble alone, so that skipping never recurses: nesting
// depth and zero-width arrays cost nothing here. Every read is bounds-checked; a reader that failed stays
// failed. Lifetime: views into the bytes given. Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bascule::broker {

using Bytes = std::span<const std::uint8_t>;

inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Descriptor codes of the sections of a message (AMQP 1.0, 3.2).
enum class Section : std::uint8_t {
  header = 0x70,
  delivery_annotations = 0x71,
  message_annotations = 0x72,
  properties = 0x73,
  application_properties = 0x74,
  data = 0x75,
  sequence = 0x76,
  value = 0x77,
  footer = 0x78,
};

class Reader {
 public:
  explicit Reader(Bytes bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool failed() const noexcept { return failed_; }
  bool empty() const noexcept { return at_ == end_; }
  const std::uint8_t* position() const noexcept { return at_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  /// The descriptor of a section; none at the end, or (failed) when there is no section descriptor here.
  std::optional<Section> section() noexcept;
  /// One whole value, described or not, as its encoding.
  Bytes value() noexcept;
  /// Enters a list or a map: its items' bytes and their count (a map counts keys and values). Null is an
  /// empty one.
  Reader items(std::uint32_t& count) noexcept;

  /// Typed reads. A null or a value of another type gives none (and is consumed).
  std::optional<bool> boolean() noexcept;
  std::optional<std::uint64_t> unsigned_integer() noexcept;
  std::optional<std::int64_t> signed_integer() noexcept;  ///< any integer type, or a timestamp
  std::optional<std::string_view> text() noexcept;        ///< a string or a symbol

 private:
  Bytes take(std::size_t n) noexcept;
  std::uint64_t big_endian(std::size_t n) noexcept;
  Bytes body_of(std::uint8_t code) noexcept;
  Reader fail() noexcept;

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

/// Appends AMQP encodings; for the rare messages that the broker writes itself.
class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(out) {}
  void section(Section code);
  void null() { out_.push_back(0x40); }
  void boolean(bool value) { out_.push_back(value ? 0x41 : 0x42); }
  void uint(std::uint32_t value);
  void int32(std::int32_t value);
  void ulong(std::uint64_t value);
  void long_(std::int64_t value);
  void timestamp(std::int64_t milliseconds);
  void string(std::string_view text) { variable(0xa1, text); }
  void symbol(std::string_view text) { variable(0xa3, text); }
  void binary(std::string_view bytes) { variable(0xa0, bytes); }
  void raw(Bytes encoding) { out_.insert(out_.end(), encoding.begin(), encoding.end()); }
  /// A list or map whose items are already encoded in `items`.
  void list(std::uint32_t count, Bytes items) { compound(0xc0, 0xd0, count, items); }
  void map(std::uint32_t count, Bytes items) { compound(0xc1, 0xd1, count, items); }

 private:
  void variable(std::uint8_t code, std::string_view bytes);
  void compound(std::uint8_t small, std::uint8_t large, std::uint32_t count, Bytes items);
  void big_endian(std::uint64_t value, int bytes);

  std::vector<std::uint8_t>& out_;
};

}  // namespace bascule::broker
