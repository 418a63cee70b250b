#include "bascule/contract/codec.hpp"

#include <thrift/Thrift.h>

namespace bascule::contract {

thrift::Encoding thrift_encoding(thrift::Encoding encoding) {
  if (encoding != thrift::Encoding::json) return encoding;
  throw Error(Errc::invalid_argument, "the message is JSON; send Thrift's compact or binary protocol");
}

namespace {

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

thrift::Envelope opened(thrift::Encoding encoding, std::string_view message, Errc code, std::string_view what) {
  auto envelope = thrift::open_message(encoding, message);
  if (!envelope.ok()) {
    throw Error(code, std::string(what) + ": not a Thrift message: " + std::string(to_string(envelope.fault)) +
                          " at byte " + std::to_string(envelope.offset));
  }
  return envelope;
}

}  // namespace

std::string_view open_call(thrift::Encoding encoding, std::string_view message, std::string_view method) {
  const auto envelope = opened(encoding, message, Errc::invalid_argument, method);
  if (envelope.header.type != thrift::MessageType::call && envelope.header.type != thrift::MessageType::oneway) {
    throw Error(Errc::invalid_argument, std::string(method) + ": the message is no call");
  }
  if (envelope.header.name != method) {
    throw Error(Errc::invalid_argument,
                "the message is for " + in_quotes(envelope.header.name) + ", its subject says " + in_quotes(method));
  }
  return envelope.body;
}

std::string_view open_reply(const rpc::Reply& reply, std::string_view method) {
  if (reply.error != Errc::ok) throw Error(reply.error, reply.message);
  const auto encoding = thrift_encoding(reply.encoding);
  const auto envelope = opened(encoding, reply.body, Errc::internal, method);
  if (envelope.header.type == thrift::MessageType::exception) {
    const auto exception = thrift::decode_exception(encoding, envelope.body);
    const bool unknown = exception && exception->kind == thrift::ApplicationException::unknown_method;
    throw Error(
        unknown ? Errc::unimplemented : Errc::internal,
        std::string(method) + ": " + (exception ? exception->message : "the service failed and did not say how"));
  }
  if (envelope.header.type != thrift::MessageType::reply) {
    throw Error(Errc::internal, std::string(method) + ": the answer is no reply");
  }
  return envelope.body;
}

std::pair<thrift::Encoding, std::string_view> open_event(std::string_view message, std::string_view type) {
  const auto encoding = thrift::sniff(message);
  if (!encoding) throw Error(Errc::invalid_argument, std::string(type) + ": the event is no Thrift message");
  const auto envelope = opened(*encoding, message, Errc::invalid_argument, type);
  if (envelope.header.name != type) {
    throw Error(Errc::invalid_argument,
                "the event is a " + in_quotes(envelope.header.name) + ", expected a " + in_quotes(type));
  }
  return {*encoding, envelope.body};
}

void rethrow_as(Errc code, std::string_view what) {
  try {
    throw;
  } catch (const apache::thrift::TException& wrong) {
    throw Error(code, std::string(what) + ": " + wrong.what());
  }
}

void throw_no_result(std::string_view method) {
  throw Error(Errc::internal, std::string(method) + ": the reply holds neither a result nor a declared exception");
}

void throw_wrong_element(tp::TType found, tp::TType wanted) {
  throw tp::TProtocolException(
      tp::TProtocolException::INVALID_DATA,
      "elements of Thrift type " + std::to_string(found) + " where the contract has type " + std::to_string(wanted));
}

void throw_missing(std::string_view argument) {
  throw Error(Errc::invalid_argument, std::string(argument) + " is missing");
}

}  // namespace bascule::contract
