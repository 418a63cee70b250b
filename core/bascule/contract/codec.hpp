// The messages of generated code: requests, replies and events as whole Thrift messages. docs/protocol.md,
// "Calls".
//
// Generated code gives the readers and writers of its structs as templates over the protocol; this header
// opens and closes the envelope around them and chooses the protocol by the encoding. Thread safety: pure
// functions.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "bascule/loop/error.hpp"
#include "bascule/rpc/call.hpp"
#include "bascule/thrift/envelope.hpp"
#include "bascule/thrift/protocol.hpp"

namespace bascule::contract {

namespace tp = apache::thrift::protocol;

/// The same; throws Error(invalid_argument) for one that is no Thrift message's.
thrift::Encoding thrift_encoding(thrift::Encoding encoding);

/// Opens a request: its arguments' struct. Throws Error(invalid_argument) when it is none, or names another
/// method.
std::string_view open_call(thrift::Encoding encoding, std::string_view message, std::string_view method);
/// Opens a reply: its result's struct. Throws what a platform failure or a Thrift application exception means
/// as Error; Error(internal) when the bytes are no reply.
std::string_view open_reply(const rpc::Reply& reply, std::string_view method);
/// Opens an event: its struct and how that is encoded. Throws Error(invalid_argument).
std::pair<thrift::Encoding, std::string_view> open_event(std::string_view message, std::string_view type);

/// From inside a catch block: the failure to decode as an Error; other exceptions are thrown on.
[[noreturn]] void rethrow_as(Errc code, std::string_view what);
/// A reply that holds neither a result nor a declared exception.
[[noreturn]] void throw_no_result(std::string_view method);
/// The element type on the wire is not the contract's.
[[noreturn]] void throw_wrong_element(tp::TType found, tp::TType wanted);
[[noreturn]] void throw_missing(std::string_view argument);

/// Runs `read(protocol)` on a struct's bytes; what does not decode is Error(code).
template <class Read>
void read_struct(thrift::Encoding encoding, std::string_view body, Errc code, std::string_view what, Read read) {
  try {
    if (encoding == thrift::Encoding::compact) {
      thrift::CompactIn in(body);
      read(in);
    } else {
      thrift::BinaryIn in(body);
      read(in);
    }
  } catch (...) {
    rethrow_as(code, what);
  }
}

/// A whole message whose struct `write(protocol)` writes.
template <class Write>
std::string write_message(thrift::Encoding encoding, std::string_view name, thrift::MessageType type, Write write) {
  std::string message;
  thrift::begin_message(message, encoding, name, type);
  if (encoding == thrift::Encoding::compact) {
    thrift::CompactOut out(message);
    write(out);
    out.flush();
  } else {
    thrift::BinaryOut out(message);
    write(out);
    out.flush();
  }
  return message;
}

inline void require_element(tp::TType found, tp::TType wanted, std::uint32_t count) {
  if (count != 0 && found != wanted) throw_wrong_element(found, wanted);
}

/// Reads a struct field by field: `field(id, type)` reads the value and returns true, or returns false to
/// skip it.
template <class In, class Field>
void read_fields(In& in, Field field) {
  std::string name;
  tp::TType type = tp::T_STOP;
  std::int16_t id = 0;
  in.readStructBegin(name);
  while (true) {
    in.readFieldBegin(name, type, id);
    if (type == tp::T_STOP) break;
    if (!field(id, type)) in.skip(type);
    in.readFieldEnd();
  }
  in.readStructEnd();
}

}  // namespace bascule::contract
