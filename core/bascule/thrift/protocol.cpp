#include "bascule/thrift/protocol.hpp"

#include <thrift/transport/TTransport.h>

#include <memory>

namespace bascule::thrift::detail {
namespace {

using apache::thrift::TConfiguration;
using apache::thrift::transport::TTransport;

/// A shared_ptr without a control block: copying it touches no counter.
template <class T>
std::shared_ptr<T> unowned(T& object) {
  return {std::shared_ptr<void>{}, &object};
}

struct NoTransport {
  TConfiguration config{TConfiguration::DEFAULT_MAX_MESSAGE_SIZE, TConfiguration::DEFAULT_MAX_FRAME_SIZE,
                        static_cast<int>(max_depth) + 1};  // the raw layer's own limit is met first
  TTransport transport{unowned(config)};
};

tp::TProtocolException::TProtocolExceptionType kind(Fault fault) {
  switch (fault) {
    case Fault::depth: return tp::TProtocolException::DEPTH_LIMIT;
    case Fault::message_size:
    case Fault::size: return tp::TProtocolException::SIZE_LIMIT;
    case Fault::version: return tp::TProtocolException::BAD_VERSION;
    default: return tp::TProtocolException::INVALID_DATA;
  }
}

}  // namespace

std::shared_ptr<TTransport> no_transport() noexcept {
  static NoTransport nothing;
  return unowned(nothing.transport);
}

void throw_fault(Fault fault, std::size_t offset) {
  throw tp::TProtocolException(kind(fault),
                               std::string(to_string(fault)) + " (at byte " + std::to_string(offset) + ")");
}

void throw_too_deep() {
  throw tp::TProtocolException(tp::TProtocolException::DEPTH_LIMIT, "values are nested too deep to be sent");
}

void throw_too_large() {
  throw tp::TProtocolException(tp::TProtocolException::SIZE_LIMIT, "a string over 2 GiB cannot be sent");
}

}  // namespace bascule::thrift::detail
