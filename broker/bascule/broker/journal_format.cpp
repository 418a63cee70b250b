#include "bascule/broker/journal_format.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "bascule/broker/crc32c.hpp"

namespace bascule::broker::journal {
namespace {

constexpr std::string_view segment_magic = "BASCJRN2";
constexpr std::uint32_t batch_magic = 0x48435442;  // "BTCH"
constexpr std::string_view family = "BASCJRN";
static_assert(segment_magic.substr(0, family.size()) == family && segment_magic.back() == '0' + format);
constexpr std::string_view suffix = ".journal";

void store(std::uint8_t* at, std::uint64_t value, std::size_t width) noexcept {
  for (std::size_t i = 0; i < width; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t load(const std::uint8_t* at, std::size_t width) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | at[i];
  return value;
}

}  // namespace

void put_number(std::vector<std::uint8_t>& out, std::uint64_t value, std::size_t width) {
  out.resize(out.size() + width);
  store(out.data() + out.size() - width, value, width);
}

std::uint64_t FieldReader::number(std::size_t width) noexcept {
  const auto bytes = take(width);
  return bytes.size() == width ? load(bytes.data(), width) : 0;
}

Bytes FieldReader::take(std::size_t n) noexcept {
  if (n > bytes_.size()) {
    ok_ = false;
    n = bytes_.size();
  }
  const auto taken = bytes_.first(n);
  bytes_ = bytes_.subspan(n);
  return taken;
}

std::string name_of(Type type) {
  switch (type) {
    case Type::publish: return "publish";
    case Type::settle: return "settle";
    case Type::update: return "update";
    case Type::declare: return "declare";
    case Type::remove: return "remove";
    case Type::checkpoint: return "checkpoint";
    case Type::mark: return "mark";
    case Type::remember: return "remember";
    case Type::damaged: return "damaged";
  }
  return "kind " + std::to_string(static_cast<int>(type));
}

std::vector<std::uint8_t> encode(const SegmentHeader& header) {
  std::vector<std::uint8_t> bytes(segment_magic.begin(), segment_magic.end());
  put_number(bytes, header.start, 8);
  put_number(bytes, header.capacity, 8);
  bytes.resize(segment_header_size - 4);
  put_number(bytes, crc32c(bytes), 4);
  return bytes;
}

std::optional<SegmentHeader> decode_segment_header(Bytes bytes) noexcept {
  if (bytes.size() < segment_header_size) return {};
  bytes = bytes.first(segment_header_size);
  if (as_text(bytes.first(8)) != segment_magic) return {};
  if (load(bytes.data() + 60, 4) != crc32c(bytes.first(60))) return {};
  return SegmentHeader{load(bytes.data() + 8, 8), load(bytes.data() + 16, 8)};
}

int foreign_format(Bytes bytes) noexcept {
  if (bytes.size() < segment_header_size || as_text(bytes.first(family.size())) != family) return 0;
  if (load(bytes.data() + 60, 4) != crc32c(bytes.first(60))) return 0;
  return std::max(0, bytes[family.size()] - '0');
}

std::string segment_name(Lsn start) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(start));
  return hex.data() + std::string(suffix);
}

bool is_segment_name(std::string_view name) noexcept {
  return name.size() == 16 + suffix.size() && name.ends_with(suffix) &&
         name.find_first_not_of("0123456789abcdef") == 16;
}

void seal_batch(std::span<std::uint8_t> batch, const BatchHeader& header) noexcept {
  store(batch.data(), batch_magic, 4);
  store(batch.data() + 8, batch.size() - batch_header_size, 8);
  store(batch.data() + 16, header.lsn, 8);
  store(batch.data() + 24, header.previous, 8);
  store(batch.data() + 32, header.flushed, 8);
  store(batch.data() + 40, header.flags, 4);
  store(batch.data() + 44, header.records, 4);
  store(batch.data() + 4, crc32c(Bytes(batch).subspan(8, batch_header_size - 8)), 4);
}

std::optional<BatchHeader> decode_batch(Bytes bytes, Lsn lsn) noexcept {
  if (bytes.size() < batch_header_size || load(bytes.data(), 4) != batch_magic) return {};
  const auto at = [&](std::size_t offset) { return load(bytes.data() + offset, 8); };
  const BatchHeader header{.length = at(8),
                           .lsn = at(16),
                           .previous = at(24),
                           .flushed = at(32),
                           .flags = static_cast<std::uint32_t>(load(bytes.data() + 40, 4)),
                           .records = static_cast<std::uint32_t>(load(bytes.data() + 44, 4))};
  if (header.lsn != lsn || header.length == 0 || header.length > bytes.size() - batch_header_size) return {};
  if (load(bytes.data() + 4, 4) != crc32c(bytes.subspan(8, batch_header_size - 8))) return {};
  return header;
}

void put_record(std::vector<std::uint8_t>& out, Type type, Bytes fields, Bytes body, Lsn lsn) {
  const std::size_t start = out.size();
  put_number(out, 0, 4);
  put_number(out, 2 + fields.size(), 4);
  put_number(out, body.size(), 4);
  put_number(out, crc32c(body), 4);
  put_number(out, lsn, 8);
  out.push_back(static_cast<std::uint8_t>(type));
  out.push_back(version);
  out.insert(out.end(), fields.begin(), fields.end());
  store(out.data() + start, crc32c(Bytes(out).subspan(start + 4)), 4);
  out.insert(out.end(), body.begin(), body.end());
  out.resize(start + record_size(fields, body));
}

std::uint64_t record_size(Bytes header) noexcept {
  return aligned(record_header_size + load(header.data() + 4, 4) + load(header.data() + 8, 4));
}

std::optional<Record> decode_record(Bytes bytes, Lsn lsn) noexcept {
  if (bytes.size() < record_header_size + 2) return {};
  const std::uint64_t front = load(bytes.data() + 4, 4), body = load(bytes.data() + 8, 4);
  if (front < 2 || front + body > bytes.size() - record_header_size) return {};
  if (load(bytes.data() + 16, 8) != lsn) return {};
  if (load(bytes.data(), 4) != crc32c(bytes.subspan(4, record_header_size - 4 + front))) return {};
  const auto payload = bytes.subspan(record_header_size, front);
  Record record{.type = static_cast<Type>(payload[0]),
                .version = payload[1],
                .lsn = lsn,
                .fields = payload.subspan(2),
                .body = bytes.subspan(record_header_size + front, body),
                .size = aligned(record_header_size + front + body)};
  const Bytes padding = bytes.subspan(record_header_size + front + body);
  for (std::size_t i = 0; i < padding.size() && i < record.size - (record_header_size + front + body); ++i) {
    if (padding[i] != 0) return {};
  }
  record.body_good = load(bytes.data() + 12, 4) == crc32c(record.body);
  return record;
}

namespace {

// Which of a publish's fields are there: most messages have none of them.
constexpr std::uint8_t has_origin = 1, has_expiry = 2, has_due = 4, has_side = 8, has_states = 16;

void put_state(const Held& held, std::vector<std::uint8_t>& out) {
  put_number(out, held.delivery_count, 4);
  put_number(out, static_cast<std::uint64_t>(held.due_ms), 8);
  put_number(out, held.notes.size(), 4);
  out.insert(out.end(), held.notes.begin(), held.notes.end());
}

void read_state(FieldReader& reader, Held& held) {
  held.delivery_count = static_cast<std::uint32_t>(reader.number(4));
  held.due_ms = static_cast<std::int64_t>(reader.number(8));
  const Bytes notes = reader.take(reader.number(4));
  held.notes.assign(notes.begin(), notes.end());
}

}  // namespace

void encode(const Publish& publish, std::vector<std::uint8_t>& out) {
  bool states = false;
  for (const Held& held : publish.queues) states |= !held.plain();
  const auto flags = static_cast<std::uint8_t>(
      (publish.origin != 0 ? has_origin : 0) | (publish.expires_ms != 0 ? has_expiry : 0) |
      (publish.due_ms != 0 ? has_due : 0) | (publish.side.id != 0 ? has_side : 0) | (states ? has_states : 0));
  put_number(out, flags, 1);
  put_number(out, publish.priority, 1);
  put_number(out, publish.cost, 4);
  put_number(out, publish.group, 4);
  if ((flags & has_origin) != 0) put_number(out, publish.origin, 8);
  if ((flags & has_expiry) != 0) put_number(out, static_cast<std::uint64_t>(publish.expires_ms), 8);
  if ((flags & has_due) != 0) put_number(out, static_cast<std::uint64_t>(publish.due_ms), 8);
  if ((flags & has_side) != 0) {
    put_number(out, publish.side.id, 8);
    put_number(out, publish.side.size, 8);
  }
  put_number(out, publish.queues.size(), 4);
  for (const Held& held : publish.queues) {
    put_number(out, held.queue, 4);
    if (states) put_state(held, out);
  }
}

std::optional<Publish> decode_publish(Bytes fields) {
  FieldReader reader(fields);
  Publish publish;
  const auto flags = static_cast<std::uint8_t>(reader.number(1));
  publish.priority = static_cast<std::uint8_t>(reader.number(1));
  publish.cost = static_cast<std::uint32_t>(reader.number(4));
  publish.group = static_cast<std::uint32_t>(reader.number(4));
  if ((flags & has_origin) != 0) publish.origin = reader.number(8);
  if ((flags & has_expiry) != 0) publish.expires_ms = static_cast<std::int64_t>(reader.number(8));
  if ((flags & has_due) != 0) publish.due_ms = static_cast<std::int64_t>(reader.number(8));
  if ((flags & has_side) != 0) {
    publish.side.id = reader.number(8);
    publish.side.size = reader.number(8);
  }
  const auto queues = reader.number(4);
  if (!reader.ok() || queues > fields.size() / 4) return {};
  publish.queues.resize(queues);
  for (Held& held : publish.queues) {
    held.queue = static_cast<QueueId>(reader.number(4));
    if ((flags & has_states) != 0) read_state(reader, held);
  }
  if (!reader.ok() || !reader.empty()) return {};
  return publish;
}

void encode(const Update& update, std::vector<std::uint8_t>& out) {
  put_number(out, update.lsn, 8);
  put_number(out, update.held.queue, 4);
  put_state(update.held, out);
}

std::optional<Update> decode_update(Bytes fields) {
  FieldReader reader(fields);
  Update update;
  update.lsn = reader.number(8);
  update.held.queue = static_cast<QueueId>(reader.number(4));
  read_state(reader, update.held);
  if (!reader.ok() || !reader.empty()) return {};
  return update;
}

void encode(const Key& key, std::vector<std::uint8_t>& out) {
  put_number(out, key.node, 4);
  put_number(out, static_cast<std::uint64_t>(key.until_ms), 8);
  out.insert(out.end(), key.bytes.begin(), key.bytes.end());
}

std::optional<Key> decode_key(Bytes fields) {
  FieldReader reader(fields);
  Key key;
  key.node = static_cast<QueueId>(reader.number(4));
  key.until_ms = static_cast<std::int64_t>(reader.number(8));
  const Bytes bytes = reader.rest();
  key.bytes.assign(bytes.begin(), bytes.end());
  if (!reader.ok()) return {};
  return key;
}

void encode(const Settled& settled, std::vector<std::uint8_t>& out) {
  put_number(out, settled.queue, 4);
  put_number(out, settled.lsn, 8);
}

std::optional<std::vector<Settled>> decode_settle(Bytes fields) {
  std::vector<Settled> all;
  for (FieldReader reader(fields); !reader.empty();) {
    const auto queue = static_cast<QueueId>(reader.number(4));
    all.push_back({queue, reader.number(8)});
    if (!reader.ok()) return {};
  }
  return all;
}

void encode(const QueueDefinition& definition, std::vector<std::uint8_t>& out) {
  put_number(out, definition.queue, 4);
  for (const std::string& text : {definition.address, definition.definition}) {
    put_number(out, text.size(), 4);
    out.insert(out.end(), text.begin(), text.end());
  }
}

std::optional<std::vector<QueueDefinition>> decode_definitions(Bytes fields) {
  std::vector<QueueDefinition> all;
  for (FieldReader reader(fields); !reader.empty();) {
    QueueDefinition one;
    one.queue = static_cast<QueueId>(reader.number(4));
    one.address = as_text(reader.take(reader.number(4)));
    one.definition = as_text(reader.take(reader.number(4)));
    if (!reader.ok()) return {};
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace bascule::broker::journal
