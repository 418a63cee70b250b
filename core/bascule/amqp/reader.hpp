// Reader walks encoded AMQP values in place; it never allocates, never recurses and never trusts a size.
//
// A value's extent follows from its format code's high nibble alone, so that nesting depth and zero-width arrays cost
// nothing. Proton's pn_data_t does the same with a tree of nodes; on the data path that costs more than the message.
// Every read is bounds-checked; a reader that failed stays failed and gives nothing more.
// Lifetime: views point into the bytes given. Thread safety: values. Source: AMQP 1.0, part 1, sections 1.2 and 1.6.
#pragma once

#include <cstddef>
#include <optional>

#include "bascule/amqp/encoding.hpp"
#include "bascule/amqp/format_code.hpp"

namespace bascule::amqp {

class Reader {
 public:
  explicit Reader(Bytes bytes) noexcept : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  explicit Reader(std::string_view bytes) noexcept : Reader(as_bytes(bytes)) {}

  bool failed() const noexcept { return failed_; }
  bool empty() const noexcept { return at_ == end_; }
  const std::uint8_t* position() const noexcept { return at_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// What was not read yet; empty after a failure.
  Bytes rest() const noexcept { return {at_, left()}; }

  /// The descriptor of a described value, when it is a ulong (small or full); the value itself comes next.
  /// Fails on anything else.
  std::optional<std::uint64_t> descriptor() noexcept;
  /// The descriptor of a message's section; none at the end, or (failed) when none stands here.
  std::optional<Section> section() noexcept;
  /// The extent of the next value, described or not, as its encoding, stepping over it. Empty when it fails.
  Bytes value() noexcept {
    const std::uint8_t* const begin = at_;
    if (at_ == end_ || *at_ == 0) return described_value();
    const auto size = body_size(*at_, at_ + 1, left() - 1);
    if (size == no_size) return fail(), Bytes();
    at_ += 1 + size;
    return {begin, at_};
  }
  bool skip() noexcept { return !value().empty(); }
  /// The next value when it is a scalar; any other is stepped over. A failed read gives monostate and failed().
  Value scalar() noexcept;

  /// Enters a list (or map): the items' extent and their number (a map counts keys and values). A null reads as empty.
  struct Compound {
    Bytes items;
    std::uint32_t count = 0;
  };
  std::optional<Compound> list() noexcept { return compound(true, false); }
  std::optional<Compound> map() noexcept { return compound(false, true); }
  /// Enters a list or a map, whichever it is: a reader of its items, and their number.
  Reader items(std::uint32_t& count) noexcept;

  /// Typed reads. A null or a value of another type gives none (and is stepped over).
  std::optional<bool> boolean() noexcept;
  std::optional<std::uint64_t> unsigned_integer() noexcept;  ///< any unsigned type
  std::optional<std::int64_t> signed_integer() noexcept;     ///< any integer type, or a timestamp
  std::optional<std::string_view> text() noexcept;           ///< a string or a symbol
  std::optional<std::string_view> bytes() noexcept;          ///< a binary, a string or a symbol

 private:
  Bytes described_value() noexcept;
  std::optional<Compound> compound(bool list, bool map) noexcept;
  void fail() noexcept {
    at_ = end_;
    failed_ = true;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

/// Steps over every value nested in `bytes` (one or more encoded values) with an explicit stack, and fails when there are
/// more than `max_nodes` of them, nesting is deeper than `max_depth` (at most 63), or a size or count does not fit. An
/// array of zero-width elements counts each element, so that a few bytes cannot claim billions (CVE-2026-66079 and kin).
bool within_limits(Bytes bytes, std::uint32_t max_nodes, std::uint32_t max_depth) noexcept;

}  // namespace bascule::amqp
