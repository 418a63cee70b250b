// What a call is, on both sides of the wire: docs/protocol.md, "Calls".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bascule/loop/deadline.hpp"
#include "bascule/loop/error.hpp"
#include "bascule/telemetry/trace.hpp"
#include "bascule/thrift/encoding.hpp"

namespace bascule::rpc {

using thrift::content_type;
using thrift::Encoding;

/// What a caller says about one call. A generated client fills in what the contract declares and the caller left open.
struct CallOptions {
  Deadline deadline;            ///< never: the contract's timeout is used by generated clients
  std::string idempotency_key;  ///< a repeated call with the same key gets the first answer; at most 255 bytes
  std::string principal;        ///< who is calling, as the gateway found out; empty: nobody
  telemetry::TraceContext trace;
  bool idempotent = false;  ///< may be given to another instance when the first one dies
};

/// One call to be sent. `body` is a whole Thrift message (CALL or ONEWAY).
struct OutgoingCall {
  std::string address;  ///< "rpc.shop.Catalog"
  std::string method;   ///< "get_product"; "bascule.describe" for a platform method
  std::string body;
  Encoding encoding = Encoding::compact;
  bool oneway = false;  ///< completes as soon as it was handed to the broker; no reply is awaited
  CallOptions options;
};

/// What came of a call: a whole Thrift message (REPLY or EXCEPTION) when `error` is ok, otherwise why there is none.
struct Reply {
  Errc error = Errc::ok;
  std::string message;  ///< a sentence, when error is not ok
  std::string body;
  Encoding encoding = Encoding::compact;
};

}  // namespace bascule::rpc
