// The journal's bytes, format 2: segments of batches of records.
//
//   segment  64-byte header, then batches, then zeros up to its capacity
//   batch    48-byte header {magic, crc32c of the header, length, lsn, lsn of the batch before, flushed, flags,
//            number of records}, then records: what one flush covers
//   record   24-byte header {crc32c, length of the front, length of the body, crc32c of the body, lsn}, then the
//            front {type, version, fields}, then the body. The first crc covers header and front, so that damage to
//            a message's body is known to be just that. Every record and batch starts at a multiple of 8
//
// An Lsn is a position in the endless sequence of segments: a segment's start plus the offset in its file.
// Every header holds its own, so that stale or misplaced bytes are never taken for a record, and each batch
// holds that of the one before, so that a missing one is noticed. Integers are little endian.
//
// A batch says up to where all was flushed when it was written. With `fsync = "group"` that is all before it. So a
// bad place which some good batch says was flushed is damage; any other is what a power cut leaves: nothing from
// there on was promised. A batch flagged `goes_on` is void unless the next one is there and good (a transaction that
// did not fit in one segment).
//
// Versions: a reader refuses, by name, a segment of another format and a record of a type or version it does not
// know. A new kind of record takes the next free Type; a changed one gets a new version and its reader keeps the
// old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bascule/broker/entries.hpp"
#include "bascule/broker/storage.hpp"

namespace bascule::broker::journal {

inline constexpr std::size_t segment_header_size = 64;
inline constexpr std::size_t batch_header_size = 48;
inline constexpr std::size_t record_header_size = 24;
inline constexpr std::uint32_t goes_on = 1;

/// Of the segments that this program writes and reads; the last character of their magic.
inline constexpr int format = 2;

constexpr std::uint64_t aligned(std::uint64_t size) noexcept { return (size + 7) & ~std::uint64_t{7}; }

enum class Type : std::uint8_t {
  publish = 1,     ///< a message and the queues it went to
  settle = 2,      ///< (queue, lsn) that are done
  update = 3,      ///< what a queue keeps about a message: delivery count, delay, notes
  declare = 4,     ///< a queue
  remove = 5,      ///< a queue and all that is in it
  checkpoint = 6,  ///< all queues there are; first in every segment
  mark = 7,        ///< nothing: its batch says that the one before was flushed
  remember = 8,    ///< a key that a node keeps for a time (de-duplication)
  damaged = 9,     ///< a publish whose body was found damaged when it was copied: as it was found
};
inline constexpr std::uint8_t version = 1;
/// "publish"; "kind 77" for an unknown one.
std::string name_of(Type type);

struct SegmentHeader {
  Lsn start = 0;
  std::uint64_t capacity = 0;
};
std::vector<std::uint8_t> encode(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(Bytes bytes) noexcept;
/// The format of a segment that decode_segment_header() refuses and that is whole otherwise; 0: it is not. At least 1.
int foreign_format(Bytes bytes) noexcept;
/// "0000000000000040.journal": the name sorts by start.
std::string segment_name(Lsn start);
bool is_segment_name(std::string_view name) noexcept;

struct BatchHeader {
  std::uint64_t length = 0;  ///< of its records
  Lsn lsn = 0;
  Lsn previous = 0;
  Lsn flushed = 0;  ///< all before this was on the medium
  std::uint32_t flags = 0;
  std::uint32_t records = 0;
};
/// Fills in the header in front of a batch's records; `batch` is the whole, header room included.
void seal_batch(std::span<std::uint8_t> batch, const BatchHeader& header) noexcept;
/// The header of the batch that starts at bytes[0] and has this lsn. Its records are not looked at, but have room.
std::optional<BatchHeader> decode_batch(Bytes bytes, Lsn lsn) noexcept;

struct Record {
  Type type{};
  std::uint8_t version = 0;
  Lsn lsn = 0;
  Bytes fields;
  Bytes body;
  bool body_good = true;
  std::uint64_t size = 0;  ///< of the whole, aligned
};
/// The record that starts at bytes[0] and has this lsn; none when its front is not right.
std::optional<Record> decode_record(Bytes bytes, Lsn lsn) noexcept;
/// Appends a record that will stand at `lsn`.
void put_record(std::vector<std::uint8_t>& out, Type type, Bytes fields, Bytes body, Lsn lsn);
/// How many bytes a record takes.
constexpr std::uint64_t record_size(Bytes fields, Bytes body) noexcept {
  return aligned(record_header_size + 2 + fields.size() + body.size());
}
/// How many bytes the record that starts at bytes[0] needs, by its header alone (record_header_size bytes).
std::uint64_t record_size(Bytes header) noexcept;

/// A holding as the journal keeps it: by the wall clock.
struct Held {
  QueueId queue = 0;
  std::uint32_t delivery_count = 0;
  std::int64_t due_ms = 0;  ///< 0: at once
  std::vector<std::uint8_t> notes = {};

  bool plain() const noexcept { return delivery_count == 0 && due_ms == 0 && notes.empty(); }
};

/// The rest of a body, in a file of its own (bodies.hpp).
struct SideFile {
  std::uint64_t id = 0;  ///< 0: none
  std::uint64_t size = 0;
};

/// The fields of a publish, in front of the message's body.
struct Publish {
  Lsn origin = 0;               ///< a copy: where it was first written, its name for life; 0: here
  std::int64_t expires_ms = 0;  ///< wall clock, milliseconds since the epoch; 0: never
  std::int64_t due_ms = 0;      ///< scheduled for, wall clock; 0: at once
  std::uint32_t cost = 0;
  std::uint32_t group = 0;
  std::uint8_t priority = 4;
  SideFile side = {};
  std::vector<Held> queues = {};
};
void encode(const Publish& publish, std::vector<std::uint8_t>& out);
std::optional<Publish> decode_publish(Bytes fields);

struct Settled {
  QueueId queue = 0;
  Lsn lsn = 0;
};
void encode(const Settled& settled, std::vector<std::uint8_t>& out);
std::optional<std::vector<Settled>> decode_settle(Bytes fields);

struct Update {
  Lsn lsn = 0;
  Held held;
};
void encode(const Update& update, std::vector<std::uint8_t>& out);
std::optional<Update> decode_update(Bytes fields);

struct Key {
  QueueId node = 0;
  std::int64_t until_ms = 0;
  std::vector<std::uint8_t> bytes;
};
void encode(const Key& key, std::vector<std::uint8_t>& out);
std::optional<Key> decode_key(Bytes fields);

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
