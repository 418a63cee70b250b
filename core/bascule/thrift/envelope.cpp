#include "bascule/thrift/envelope.hpp"

#include <algorithm>

#include "bascule/thrift/binary.hpp"
#include "bascule/thrift/compact.hpp"

namespace bascule::thrift {
namespace {

constexpr std::string_view compact_type = "application/vnd.apache.thrift.compact";
constexpr std::string_view binary_type = "application/vnd.apache.thrift.binary";

bool same_text(std::string_view a, std::string_view lower) noexcept {
  const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [&](char x, char y) { return lowered(x) == y; });
}

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

std::string_view content_type(Encoding encoding) noexcept {
  return encoding == Encoding::compact ? compact_type : binary_type;
}

std::optional<Encoding> encoding_of(std::string_view type) noexcept {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (same_text(type, compact_type)) return Encoding::compact;
  if (same_text(type, binary_type)) return Encoding::binary;
  return std::nullopt;
}

std::optional<Encoding> sniff(std::string_view message) noexcept {
  if (message.empty()) return std::nullopt;
  if (message[0] == '\x82') return Encoding::compact;
  if (message[0] == '\x80') return Encoding::binary;
  return std::nullopt;
}

Envelope open_message(Encoding encoding, std::string_view message, const Limits& limits) noexcept {
  return encoding == Encoding::compact ? open_with<CompactReader>(message, limits)
                                       : open_with<BinaryReader>(message, limits);
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
  return encoding == Encoding::compact ? read_exception<CompactReader>(body, limits)
                                       : read_exception<BinaryReader>(body, limits);
}

}  // namespace bascule::thrift
