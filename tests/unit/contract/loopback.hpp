// A service called without a broker: contexts, and an rpc::Client whose calls go straight to a service's
// dispatch().
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "bascule/rpc/client.hpp"
#include "bascule/service/context.hpp"
#include "bascule/service/service.hpp"

namespace bascule::test {

namespace asio = boost::asio;

/// A context without database and clients.
class PlainContext final : public service::Context {
 public:
  explicit PlainContext(rpc::CallOptions options = {}) : Context(std::move(options)) {}
  asio::awaitable<pg::Transaction*> transaction() override;
  pg::Pool& database() override;
  rpc::Client& client() override;
  asio::awaitable<void> emit(service::EncodedEvent event) override;
};

/// Where the calls of every rpc::Client of this program go. Set before a call.
struct Loopback {
  service::Service* service = nullptr;
  std::optional<rpc::OutgoingCall> last;     ///< the last call as it was given to rpc::Client
  std::optional<rpc::Reply> answer_instead;  ///< given back without asking the service
};
Loopback& loopback();

/// An rpc::Client that needs no connection.
rpc::Client& client();

/// Runs a coroutine to its end on a loop of its own; throws what it throws.
template <class T>
T run(asio::awaitable<T> work) {
  asio::io_context context;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr wrong) { failure = wrong; });
    context.run();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr wrong, T value) {
      failure = wrong;
      result.emplace(std::move(value));
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

/// The number of a method in a service's info.
std::size_t method_number(const service::Service& service, std::string_view name);
/// dispatch() of the method, to its answer.
service::Answer dispatch(service::Service& service, std::string_view method, rpc::Encoding encoding,
                         std::string_view message);

}  // namespace bascule::test
