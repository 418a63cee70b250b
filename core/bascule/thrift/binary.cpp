#include "bascule/thrift/binary.hpp"

#include "bascule/thrift/skip.hpp"

namespace bascule::thrift {

MessageHeader BinaryReader::message_begin() noexcept {
  MessageHeader header;
  const auto first = static_cast<std::uint32_t>(i32());
  if (ok() && (first & binary::version_mask) != binary::version) fail(Fault::version);
  const unsigned type = first & 0xff;
  if (ok() && (type < 1 || type > 4)) fail(Fault::message_type);
  header.type = static_cast<MessageType>(type);
  header.name = string();
  header.seqid = i32();
  return header;
}

void BinaryReader::skip(Type type) noexcept {
  detail::skip(*this, type, [this] { return enter(); }, [this] { leave(); });
}

void BinaryWriter::message_begin(std::string_view name, MessageType type, std::int32_t seqid) {
  i32(static_cast<std::int32_t>(binary::version | static_cast<std::uint8_t>(type)));
  string(name);
  i32(seqid);
}

}  // namespace bascule::thrift
