// Compact and binary protocols for Apache's generated C++ code (thrift --gen cpp:templates,moveable_types).
//
//   std::string bytes;
//   { CompactOut out(bytes); value.write(&out); }   // bytes is whole after the outermost struct, flush() or
//   destruction CompactIn in(bytes); value.read(&in);
//
// The generated templates call the non-virtual methods below, inline down to the raw readers and writers; the
// virtual ones of TProtocol (through TVirtualProtocol) come to the same code. The return values, which count
// bytes elsewhere, are always 0. Errors: apache::thrift::protocol::TProtocolException, its text saying what
// is wrong and at which byte. The bytes given to an In, and the string given to an Out, must outlive it. Not
// for two threads at once.
#pragma once

#include <thrift/protocol/TVirtualProtocol.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "bascule/thrift/binary.hpp"
#include "bascule/thrift/charge.hpp"
#include "bascule/thrift/compact.hpp"

namespace bascule::thrift {

namespace detail {

namespace tp = apache::thrift::protocol;

/// TProtocol wants a transport, which nothing here reads or writes: one that owns nothing and counts nothing.
std::shared_ptr<apache::thrift::transport::TTransport> no_transport() noexcept;
[[noreturn, gnu::cold]] void throw_fault(Fault fault, std::size_t offset);
[[noreturn, gnu::cold]] void throw_too_deep();
[[noreturn, gnu::cold]] void throw_too_large();

template <class Writer>
class Out final : public tp::TVirtualProtocol<Out<Writer>> {
 public:
  explicit Out(std::string& out) : tp::TVirtualProtocol<Out<Writer>>(no_transport()), raw_(out) {}

  Writer& raw() noexcept { return raw_; }
  /// Makes the string whole. The end of the outermost struct does it too.
  void flush() { raw_.flush(); }

  uint32_t writeMessageBegin(const std::string& name, const tp::TMessageType type, const int32_t seqid) {
    raw_.message_begin(name, static_cast<MessageType>(type), seqid);
    return 0;
  }
  uint32_t writeMessageEnd() {
    raw_.flush();
    return 0;
  }
  uint32_t writeStructBegin(const char*) {
    if (!raw_.struct_begin()) throw_too_deep();
    return 0;
  }
  uint32_t writeStructEnd() {
    raw_.struct_end();
    if (raw_.depth() == 0) raw_.flush();
    return 0;
  }
  uint32_t writeFieldBegin(const char*, const tp::TType type, const int16_t id) {
    if (type == tp::T_BOOL) {
      bool_id_ = id;
    } else {
      raw_.field_begin(static_cast<Type>(type), id);
    }
    return 0;
  }
  uint32_t writeFieldEnd() { return 0; }
  uint32_t writeFieldStop() { return 0; }  // struct_end writes it
  uint32_t writeMapBegin(const tp::TType key, const tp::TType value, const uint32_t size) {
    raw_.map_begin(static_cast<Type>(key), static_cast<Type>(value), size);
    return 0;
  }
  uint32_t writeMapEnd() { return 0; }
  uint32_t writeListBegin(const tp::TType element, const uint32_t size) {
    raw_.list_begin(static_cast<Type>(element), size);
    return 0;
  }
  uint32_t writeListEnd() { return 0; }
  uint32_t writeSetBegin(const tp::TType element, const uint32_t size) { return writeListBegin(element, size); }
  uint32_t writeSetEnd() { return 0; }
  uint32_t writeBool(const bool value) {
    if (bool_id_ != no_bool) {
      raw_.bool_field(static_cast<std::int16_t>(bool_id_), value);
      bool_id_ = no_bool;
    } else {
      raw_.boolean(value);
    }
    return 0;
  }
  uint32_t writeByte(const int8_t value) { return raw_.i8(value), 0; }
  uint32_t writeI16(const int16_t value) { return raw_.i16(value), 0; }
  uint32_t writeI32(const int32_t value) { return raw_.i32(value), 0; }
  uint32_t writeI64(const int64_t value) { return raw_.i64(value), 0; }
  uint32_t writeDouble(const double value) { return raw_.dbl(value), 0; }
  uint32_t writeString(const std::string& text) {
    if (text.size() > static_cast<std::size_t>(std::numeric_limits<int32_t>::max())) throw_too_large();
    raw_.string(text);
    return 0;
  }
  uint32_t writeBinary(const std::string& bytes) { return writeString(bytes); }

 private:
  static constexpr std::int32_t no_bool = 1 << 20;
  Writer raw_;
  std::int32_t bool_id_ = no_bool;  ///< the id of a bool field whose value comes next
};

template <class Reader>
class In final : public tp::TVirtualProtocol<In<Reader>> {
 public:
  explicit In(std::string_view bytes, const Limits& limits = {})
      : tp::TVirtualProtocol<In<Reader>>(no_transport()), raw_(bytes, limits), memory_(limits.memory) {}

  Reader& raw() noexcept { return raw_; }
  /// Elements that will take so many bytes are about to be made (charge.hpp).
  void charge(std::size_t bytes) {
    if (bytes > memory_) [[unlikely]]
      throw_fault(Fault::memory, raw_.offset());
    memory_ -= bytes;
  }

  uint32_t readMessageBegin(std::string& name, tp::TMessageType& type, int32_t& seqid) {
    const MessageHeader header = raw_.message_begin();
    name = header.name;
    type = static_cast<tp::TMessageType>(header.type);
    seqid = header.seqid;
    return checked();
  }
  uint32_t readMessageEnd() { return checked(); }
  uint32_t readStructBegin(std::string&) {
    raw_.struct_begin();
    return checked();
  }
  uint32_t readStructEnd() {
    raw_.struct_end();
    return checked();
  }
  uint32_t readFieldBegin(std::string&, tp::TType& type, int16_t& id) {
    const Field field = raw_.field_begin();
    type = static_cast<tp::TType>(field.type);
    id = field.id;
    return checked();
  }
  uint32_t readFieldEnd() { return 0; }
  uint32_t readMapBegin(tp::TType& key, tp::TType& value, uint32_t& size) {
    const MapHeader map = raw_.map_begin();
    key = static_cast<tp::TType>(map.key);
    value = static_cast<tp::TType>(map.value);
    size = map.size;
    return checked();
  }
  uint32_t readMapEnd() { return checked(); }
  uint32_t readListBegin(tp::TType& element, uint32_t& size) {
    const ListHeader list = raw_.list_begin();
    element = static_cast<tp::TType>(list.element);
    size = list.size;
    return checked();
  }
  uint32_t readListEnd() { return checked(); }
  uint32_t readSetBegin(tp::TType& element, uint32_t& size) { return readListBegin(element, size); }
  uint32_t readSetEnd() { return checked(); }
  uint32_t readBool(bool& value) { return value = raw_.boolean(), checked(); }
  uint32_t readBool(std::vector<bool>::reference value) { return value = raw_.boolean(), checked(); }
  uint32_t readByte(int8_t& value) { return value = raw_.i8(), checked(); }
  uint32_t readI16(int16_t& value) { return value = raw_.i16(), checked(); }
  uint32_t readI32(int32_t& value) { return value = raw_.i32(), checked(); }
  uint32_t readI64(int64_t& value) { return value = raw_.i64(), checked(); }
  uint32_t readDouble(double& value) { return value = raw_.dbl(), checked(); }
  uint32_t readString(std::string& text) { return text = raw_.string(), checked(); }
  uint32_t readBinary(std::string& bytes) { return bytes = raw_.binary(), checked(); }
  uint32_t skip(tp::TType type) {
    raw_.skip(static_cast<Type>(type));
    return checked();
  }

 private:
  uint32_t checked() const {
    if (!raw_.ok()) [[unlikely]]
      throw_fault(raw_.fault(), raw_.offset());
    return 0;
  }
  Reader raw_;
  std::size_t memory_;  ///< what elements may still take
};

}  // namespace detail

using CompactOut = detail::Out<CompactWriter>;
using CompactIn = detail::In<CompactReader>;
using BinaryOut = detail::Out<BinaryWriter>;
using BinaryIn = detail::In<BinaryReader>;

}  // namespace bascule::thrift
