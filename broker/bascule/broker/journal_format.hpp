// The journal's bytes: segments of batches of records.
//
//   segment  64-byte header, then batches, then zeros up to its capacity
//   batch    header {magic, crc32c, length, lsn, lsn of the batch before}, then records: what one flush
//   covers record   header {crc32c, length, lsn}, then a type and its fields; every record and batch starts
//   at a multiple of 8
//
// An Lsn is a position in the endless sequence of segments: a segment's start plus the offset in its file.
// Every header holds its own, so that stale or misplaced bytes are never taken for a record, and each batch
// holds that of the one before, so that a missing one is noticed. Integers are little endian.
//
// A batch is written only after the one before it was flushed. So a bad batch with no good one behind it is
// what a power cut leaves (its flush never ended; nothing in it was promised); a bad batch with a good one
// behind it is damage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bascule/broker/entries.hpp"
#include "bascule/broker/storage.hpp"

namespace bascule::broker::journal {

inline constexpr std::size_t segment_header_size = 64;
inline constexpr std::size_t batch_header_size = 32;
inline constexpr std::size_t record_header_size = 16;

constexpr std::uint64_t aligned(std::uint64_t size) noexcept { return (size + 7) & ~std::uint64_t{7}; }

enum class Type : std::uint8_t {
  publish = 1,     ///< a message and the queues it went to
  settle = 2,      ///< (queue, lsn) that are done
  count = 3,       ///< a delivery count
  declare = 4,     ///< a queue
  remove = 5,      ///< a queue and all that is in it
  checkpoint = 6,  ///< all queues there are; first in every segment
};

struct SegmentHeader {
  Lsn start = 0;
  std::uint64_t capacity = 0;
};
std::vector<std::uint8_t> encode(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(Bytes bytes) noexcept;
/// "0000000000000040.journal": the name sorts by start.
std::string segment_name(Lsn start);
bool is_segment_name(std::string_view name) noexcept;

struct BatchHeader {
  std::uint64_t length = 0;  ///< of its records
  Lsn lsn = 0;
  Lsn previous = 0;
};
/// Fills in the header in front of a batch's records; `batch` is the whole, header room included.
void seal_batch(std::span<std::uint8_t> batch, Lsn lsn, Lsn previous) noexcept;
/// The batch that starts at bytes[0] and has this lsn, when it is whole and right.
std::optional<BatchHeader> decode_batch(Bytes bytes, Lsn lsn) noexcept;

struct Record {
  Type type{};
  Lsn lsn = 0;
  Bytes fields;
  std::uint64_t size = 0;  ///< of the whole, aligned
};
/// The record that starts at bytes[0] and has this lsn; none when it is not right.
std::optional<Record> decode_record(Bytes bytes, Lsn lsn) noexcept;

/// The fields of a publish, in front of the message's body.
struct Publish {
  Lsn origin = 0;               ///< where it was first written: its place in the order
  Lsn replaces = 0;             ///< a copy: the record it stands for; 0: none
  std::int64_t expires_ms = 0;  ///< wall clock, milliseconds since the epoch; 0: never
  std::int64_t due_ms = 0;      ///< scheduled for, wall clock; 0: at once
  std::uint8_t priority = 4;
  std::vector<QueueCount> queues;
};
void encode(const Publish& publish, std::vector<std::uint8_t>& out);
/// Leaves the body in `body`.
std::optional<Publish> decode_publish(Bytes fields, Bytes& body) noexcept;

struct Settled {
  QueueId queue = 0;
  Lsn lsn = 0;
};
void encode(const Settled& settled, std::vector<std::uint8_t>& out);
std::optional<std::vector<Settled>> decode_settle(Bytes fields);

struct QueueDefinition {
  QueueId queue = 0;
  std::string address, definition;
};
void encode(const QueueDefinition& definition, std::vector<std::uint8_t>& out);
std::optional<std::vector<QueueDefinition>> decode_definitions(Bytes fields);

/// Little-endian fields in order.
class FieldReader {
 public:
  explicit FieldReader(Bytes bytes) noexcept : bytes_(bytes) {}
  std::uint64_t number(std::size_t width) noexcept;
  Bytes take(std::size_t n) noexcept;
  Bytes rest() noexcept { return take(bytes_.size()); }
  bool empty() const noexcept { return bytes_.empty(); }
  bool ok() const noexcept { return ok_; }

 private:
  Bytes bytes_;
  bool ok_ = true;
};
void put_number(std::vector<std::uint8_t>& out, std::uint64_t value, std::size_t width);

}  // namespace bascule::broker::journal
