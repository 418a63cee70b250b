// The envelope of a Thrift message: what every body on the wire begins with, and the application exception.
//
// A body is one whole message (docs/protocol.md): header, then the arguments', result's or event's struct.
// Encoding::json, which no Thrift message has, is refused by what reads and is not to be given to what writes.
// Opening one never copies: names and bodies point into the given bytes. Pure functions, safe from any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bascule/thrift/encoding.hpp"
#include "bascule/thrift/types.hpp"

namespace bascule::thrift {

/// From the first byte of a message: compact begins with 0x82, strict binary with 0x80.
std::optional<Encoding> sniff(std::string_view message) noexcept;

/// An opened message, or why it could not be opened.
struct Envelope {
  MessageHeader header;
  std::string_view body;      ///< the struct behind the header
  Fault fault = Fault::none;  ///< not none: header and body mean nothing
  std::size_t offset = 0;     ///< of the body, or of the fault

  bool ok() const noexcept { return fault == Fault::none; }
};

/// Reads the header. Refuses other protocols and versions, the old unversioned binary form and unknown types.
Envelope open_message(Encoding encoding, std::string_view message, const Limits& limits = {}) noexcept;

/// Appends a header; the struct follows.
void begin_message(std::string& out, Encoding encoding, std::string_view name, MessageType type,
                   std::int32_t seqid = 0);

/// Thrift's own exception: what a server answers when it cannot run the method. Kinds are Apache's.
struct ApplicationException {
  enum Kind : std::int32_t {
    unknown = 0,
    unknown_method = 1,
    invalid_message_type = 2,
    wrong_method_name = 3,
    bad_sequence_id = 4,
    missing_result = 5,
    internal_error = 6,
    protocol_error = 7,
    invalid_transform = 8,
    invalid_protocol = 9,
    unsupported_client_type = 10,
  };
  std::string message;
  std::int32_t kind = unknown;
};

/// A whole EXCEPTION message.
std::string encode_exception(Encoding encoding, std::string_view name, const ApplicationException& exception,
                             std::int32_t seqid = 0);
/// From the body of an EXCEPTION message; empty when it is not one.
std::optional<ApplicationException> decode_exception(Encoding encoding, std::string_view body,
                                                     const Limits& limits = {});

}  // namespace bascule::thrift
