#include "bascule/broker/journal_format.hpp"

#include <array>
#include <cstdio>

#include "bascule/broker/crc32c.hpp"

namespace bascule::broker::journal {
namespace {

constexpr std::string_view segment_magic = "BASCJRN1";
constexpr std::uint32_t batch_magic = 0x48435442;  // "BTCH"
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

std::string segment_name(Lsn start) {
  std::array<char, 17> hex{};
  std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(start));
  return hex.data() + std::string(suffix);
}

bool is_segment_name(std::string_view name) noexcept {
  return name.size() == 16 + suffix.size() && name.ends_with(suffix) &&
         name.find_first_not_of("0123456789abcdef") == 16;
}

void seal_batch(std::span<std::uint8_t> batch, Lsn lsn, Lsn previous) noexcept {
  store(batch.data(), batch_magic, 4);
  store(batch.data() + 8, batch.size() - batch_header_size, 8);
  store(batch.data() + 16, lsn, 8);
  store(batch.data() + 24, previous, 8);
  store(batch.data() + 4, crc32c(Bytes(batch).subspan(8)), 4);
}

std::optional<BatchHeader> decode_batch(Bytes bytes, Lsn lsn) noexcept {
  if (bytes.size() < batch_header_size || load(bytes.data(), 4) != batch_magic) return {};
  const BatchHeader header{load(bytes.data() + 8, 8), load(bytes.data() + 16, 8), load(bytes.data() + 24, 8)};
  if (header.lsn != lsn || header.length == 0 || header.length > bytes.size() - batch_header_size) return {};
  if (load(bytes.data() + 4, 4) != crc32c(bytes.subspan(8, batch_header_size - 8 + header.length))) return {};
  return header;
}

std::optional<Record> decode_record(Bytes bytes, Lsn lsn) noexcept {
  if (bytes.size() < record_header_size + 1) return {};
  const std::uint64_t length = load(bytes.data() + 4, 4);
  if (length == 0 || length > bytes.size() - record_header_size) return {};
  if (load(bytes.data() + 8, 8) != lsn) return {};
  if (load(bytes.data(), 4) != crc32c(bytes.subspan(4, record_header_size - 4 + length))) return {};
  const auto payload = bytes.subspan(record_header_size, length);
  return Record{static_cast<Type>(payload[0]), lsn, payload.subspan(1), aligned(record_header_size + length)};
}

void encode(const Publish& publish, std::vector<std::uint8_t>& out) {
  put_number(out, publish.origin, 8);
  put_number(out, publish.replaces, 8);
  put_number(out, static_cast<std::uint64_t>(publish.expires_ms), 8);
  put_number(out, static_cast<std::uint64_t>(publish.due_ms), 8);
  put_number(out, publish.priority, 1);
  put_number(out, publish.queues.size(), 4);
  for (const auto& [queue, count] : publish.queues) {
    put_number(out, queue, 4);
    put_number(out, count, 4);
  }
}

std::optional<Publish> decode_publish(Bytes fields, Bytes& body) noexcept {
  FieldReader reader(fields);
  Publish publish;
  publish.origin = reader.number(8);
  publish.replaces = reader.number(8);
  publish.expires_ms = static_cast<std::int64_t>(reader.number(8));
  publish.due_ms = static_cast<std::int64_t>(reader.number(8));
  publish.priority = static_cast<std::uint8_t>(reader.number(1));
  const auto queues = reader.number(4);
  if (!reader.ok() || queues > fields.size() / 8) return {};
  for (std::uint64_t i = 0; i < queues; ++i) {
    const auto queue = static_cast<QueueId>(reader.number(4));
    publish.queues.push_back({queue, static_cast<std::uint32_t>(reader.number(4))});
  }
  body = reader.rest();
  if (!reader.ok()) return {};
  return publish;
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
