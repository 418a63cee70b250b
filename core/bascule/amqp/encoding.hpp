// The AMQP 1.0 type system, as far as messages and frames need it (specification part 1, "Types").
//
// Reader walks encoded values in place; it never allocates, never recurses and never trusts a size. Writer appends to a
// std::string. Proton's pn_data_t does the same with a tree of nodes; on the data path that costs more than the message.
// Thread safety: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace bascule::amqp {

/// Constructors (format codes) this codec names. Part 1, section 1.6.
enum class Code : std::uint8_t {
  described = 0x00,
  null = 0x40,
  true_ = 0x41,
  false_ = 0x42,
  uint0 = 0x43,
  ulong0 = 0x44,
  list0 = 0x45,
  ubyte = 0x50,
  byte = 0x51,
  smalluint = 0x52,
  smallulong = 0x53,
  smallint = 0x54,
  smalllong = 0x55,
  boolean = 0x56,
  ushort = 0x60,
  short_ = 0x61,
  uint = 0x70,
  int_ = 0x71,
  float_ = 0x72,
  char_ = 0x73,
  ulong = 0x80,
  long_ = 0x81,
  double_ = 0x82,
  timestamp = 0x83,
  uuid = 0x98,
  vbin8 = 0xa0,
  str8 = 0xa1,
  sym8 = 0xa3,
  vbin32 = 0xb0,
  str32 = 0xb1,
  sym32 = 0xb3,
  list8 = 0xc0,
  map8 = 0xc1,
  list32 = 0xd0,
  map32 = 0xd1,
  array8 = 0xe0,
  array32 = 0xf0,
};

/// A scalar as read: views point into the bytes that were read. Lists, maps, arrays and described values are skipped and
/// read as monostate.
struct Symbol {
  std::string_view text;
};
struct Binary {
  std::string_view bytes;
};
struct Timestamp {
  std::int64_t milliseconds = 0;  ///< since the Unix epoch
};
using Value = std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string_view, Symbol, Binary,
                           Timestamp>;

class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const noexcept { return !failed_; }
  bool at_end() const noexcept { return at_ == end_; }
  /// What was not read yet; empty after a failure.
  std::string_view rest() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  /// The descriptor of a described value, when it is a ulong (small or full); the value itself comes next.
  /// Fails on anything else.
  std::optional<std::uint64_t> descriptor() noexcept;
  /// The extent of the next value, encoded, stepping over it. Empty when it fails.
  std::string_view raw() noexcept;
  bool skip() noexcept { return !raw().empty(); }
  /// The next value when it is a scalar; compound values are stepped over. A failed read gives monostate and !ok().
  Value value() noexcept;

  /// Enters a list (or map): the items' extent and their number (a map counts keys and values). A null reads as empty.
  struct Compound {
    std::string_view items;
    std::uint32_t count = 0;
  };
  std::optional<Compound> list() noexcept { return compound(Code::list8, Code::list32, true); }
  std::optional<Compound> map() noexcept { return compound(Code::map8, Code::map32, false); }

  /// Text of a string, symbol or binary; nullopt when the next value is null or of another type (stepped over).
  std::optional<std::string_view> text() noexcept;
  std::optional<std::uint64_t> unsigned_integer() noexcept;
  std::optional<bool> boolean() noexcept;

 private:
  std::optional<Compound> compound(Code small, Code large, bool zero) noexcept;
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  void fail() noexcept {
    at_ = end_;
    failed_ = true;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

/// Steps over every value nested in `bytes` (one or more encoded values) with an explicit stack, and fails when there are
/// more than `max_nodes` of them, nesting is deeper than `max_depth` (at most 63), or a size or count does not fit. An
/// array of zero-width elements counts each element, so that a few bytes cannot claim billions (CVE-2026-66079 and kin).
bool within_limits(std::string_view bytes, std::uint32_t max_nodes, std::uint32_t max_depth) noexcept;

class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  void null() { put(Code::null); }
  void boolean(bool value) { put(value ? Code::true_ : Code::false_); }
  void ubyte(std::uint8_t value);
  void uint(std::uint32_t value);
  void ulong(std::uint64_t value);
  void slong(std::int64_t value);
  void double_(double value);
  void timestamp(std::int64_t milliseconds);
  void string(std::string_view text) { variable(Code::str8, Code::str32, text); }
  void symbol(std::string_view text) { variable(Code::sym8, Code::sym32, text); }
  void binary(std::string_view bytes) { variable(Code::vbin8, Code::vbin32, bytes); }
  void value(const Value& value);
  /// An already encoded value.
  void raw(std::string_view encoded) { out_.append(encoded); }
  /// 0x00 0x53 code.
  void descriptor(std::uint8_t code);

  /// A list or map of unknown size: begin, write the items, end with their number. Always the 32-bit form.
  std::size_t begin_list() { return begin(Code::list32); }
  std::size_t begin_map() { return begin(Code::map32); }
  void end(std::size_t mark, std::uint32_t count);

 private:
  void put(Code code) { out_.push_back(static_cast<char>(code)); }
  void big_endian(std::uint64_t value, int bytes);
  void variable(Code small, Code large, std::string_view bytes);
  std::size_t begin(Code code);

  std::string& out_;
};

}  // namespace bascule::amqp
