#include "bascule/thrift/envelope.hpp"

#include "bascule/thrift/binary.hpp"
#include "bascule/thrift/compact.hpp"

namespace bascule::thrift {
namespace {

template <class Reader>
Envelope open_with(std::string_view message, const Limits& limits) noexcept {
  Reader in(message, limits);
  Envelope envelope;
  envelope.header = in.message_begin();
  envelope.fault = in.fault();
  envelope.offset = in.offset();
  if (envelope.ok()) envelope.body = message.substr(envelope.offset);
  return envelope;
}

template <class Writer>
void write_exception(Writer&& out, std::string_view name, const ApplicationException& exception, std::int32_t seqid) {
  out.message_begin(name, MessageType::exception, seqid);
  out.struct_begin();
  out.field_begin(Type::string, 1);
  out.string(exception.message);
  out.field_begin(Type::i32, 2);
  out.i32(exception.kind);
  out.struct_end();
}

template <class Reader>
std::optional<ApplicationException> read_exception(std::string_view body, const Limits& limits) {
  Reader in(body, limits);
  ApplicationException exception;
  in.struct_begin();
  for (Field field = in.field_begin(); field.type != Type::stop; field = in.field_begin()) {
    if (field.id == 1 && field.type == Type::string) {
      exception.message = in.string();
    } else if (field.id == 2 && field.type == Type::i32) {
      exception.kind = in.i32();
    } else {
      in.skip(field.type);
    }
  }
  in.struct_end();
  if (!in.ok()) return std::nullopt;
  return exception;
}

}  // namespace

std::optional<Encoding> sniff(std::string_view message) noexcept {
  if (message.empty()) return std::nullopt;
  if (message[0] == '\x82') return Encoding::compact;
  if (message[0] == '\x80') return Encoding::binary;
  return std::nullopt;
}

Envelope open_message(Encoding encoding, std::string_view message, const Limits& limits) noexcept {
  switch (encoding) {
    case Encoding::compact: return open_with<CompactReader>(message, limits);
    case Encoding::binary: return open_with<BinaryReader>(message, limits);
    case Encoding::json: break;
  }
  Envelope refused;
  refused.fault = Fault::version;
  return refused;
}

void begin_message(std::string& out, Encoding encoding, std::string_view name, MessageType type, std::int32_t seqid) {
  if (encoding == Encoding::compact) {
    CompactWriter(out).message_begin(name, type, seqid);
  } else {
    BinaryWriter(out).message_begin(name, type, seqid);
  }
}

std::string encode_exception(Encoding encoding, std::string_view name, const ApplicationException& exception,
                             std::int32_t seqid) {
  std::string out;
  if (encoding == Encoding::compact) {
    write_exception(CompactWriter(out), name, exception, seqid);
  } else {
    write_exception(BinaryWriter(out), name, exception, seqid);
  }
  return out;
}

std::optional<ApplicationException> decode_exception(Encoding encoding, std::string_view body, const Limits& limits) {
  switch (encoding) {
    case Encoding::compact: return read_exception<CompactReader>(body, limits);
    case Encoding::binary: return read_exception<BinaryReader>(body, limits);
    case Encoding::json: break;
  }
  return std::nullopt;
}

}  // namespace bascule::thrift
