#include "bascule/thrift/compact.hpp"

#include "bascule/thrift/skip.hpp"

namespace bascule::thrift {

MessageHeader CompactReader::message_begin() noexcept {
  MessageHeader header;
  const std::uint8_t id = byte();
  const std::uint8_t versioned = byte();
  if (ok() && (id != compact::protocol_id || (versioned & 0x1f) != compact::version)) fail(Fault::version);
  const unsigned type = versioned >> 5;
  if (ok() && (type < 1 || type > 4)) fail(Fault::message_type);
  const std::uint64_t seqid = varint();
  if (seqid > 0xffffffff) fail(Fault::range);
  header.type = static_cast<MessageType>(type);
  header.seqid = static_cast<std::int32_t>(seqid);
  header.name = string();
  return header;
}

void CompactReader::skip(Type type) noexcept {
  detail::skip(*this, type, [this] { return enter(); }, [this] { leave(); });
}

void CompactWriter::message_begin(std::string_view name, MessageType type, std::int32_t seqid) {
  byte(compact::protocol_id);
  byte(static_cast<std::uint8_t>(compact::version | static_cast<std::uint8_t>(type) << 5));
  varint(static_cast<std::uint32_t>(seqid));
  string(name);
}

}  // namespace bascule::thrift
