// Service: what a generated service base derives from; Host runs it.
//
// Generated code implements info() and dispatch(); a person implements the contract's methods as coroutines:
//   asio::awaitable<Product> get_product(service::Context& context, std::int64_t id) override;
// Thread safety: a service object lives on one loop and is called on its thread only; several of its methods may be
// suspended at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bascule/rpc/call.hpp"

namespace bascule::service {

namespace asio = boost::asio;

class Context;

/// What the contract says of one method. Views into the generated code's static data.
struct MethodInfo {
  std::string_view name;
  bool oneway = false;
  bool idempotent = false;
  std::chrono::milliseconds timeout{5000};
};

struct ServiceInfo {
  std::string_view name;        ///< "shop.Catalog"
  std::string_view address;     ///< "rpc.shop.Catalog"
  std::string_view descriptor;  ///< the contract's descriptor, canonical JSON
  std::string_view digest;      ///< "sha256:..."
  std::span<const MethodInfo> methods;
};

/// A handler's outcome: a whole Thrift message, and whether it holds a declared exception (then nothing is committed).
struct Answer {
  std::string message;
  bool exception = false;
};

class Service {
 public:
  virtual ~Service() = default;
  virtual const ServiceInfo& info() const noexcept = 0;
  /// Runs method number `method` (index into info().methods) on a whole Thrift message (CALL or ONEWAY).
  /// Throws bascule::Error for a platform failure (Errc::invalid_argument when the arguments do not decode or break a
  /// `vt.*` check). Any other exception becomes Errc::internal. An answer to a oneway method is empty.
  virtual asio::awaitable<Answer> dispatch(Context& context, std::size_t method, rpc::Encoding encoding,
                                           std::string_view message) = 0;
};

}  // namespace bascule::service
