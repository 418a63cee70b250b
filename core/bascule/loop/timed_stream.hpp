// TimedStream: a TCP socket whose operations end by a time, for Beast's operations over HTTP.
//
// It is Beast's tcp_stream without its templates: what Beast puts on top of it is compiled over this, where each operation is
// one function, and not over the socket's own. For the odd request of a prober or an operator: an operation allocates.
// Lifetime: operations under way end with an error when it goes. Thread safety: the loop's thread.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>

#include "bascule/loop/some_buffers.hpp"
#include "bascule/loop/unique_function.hpp"

namespace bascule {

class TimedStream {
 public:
  using tcp = boost::asio::ip::tcp;
  using executor_type = tcp::socket::executor_type;
  using error_code = boost::system::error_code;
  using Done = UniqueFunction<void(error_code, std::size_t)>;

  explicit TimedStream(boost::asio::io_context& context);
  explicit TimedStream(tcp::socket socket);
  TimedStream(TimedStream&&) noexcept;
  ~TimedStream();

  executor_type get_executor();
  tcp::socket& socket();
  /// Until when operations that are begun from now on must end; those that do not fail with beast::error::timeout.
  void expires_after(std::chrono::nanoseconds span);
  void cancel();

  void connect(const tcp::resolver::results_type& endpoints, UniqueFunction<void(error_code)> done);
  void read_some(SomeMutable into, Done done);
  void write_some(SomeConst from, Done done);

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, SomeMutable buffers) { read_some(buffers, std::move(handler)); }, token,
        SomeMutable(into));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, SomeConst buffers) { write_some(buffers, std::move(handler)); }, token, SomeConst(from));
  }
  template <class Token>
  auto async_connect(const tcp::resolver::results_type& endpoints, Token&& token) {
    return boost::asio::async_initiate<Token, void(error_code)>(
        [this](auto handler, const tcp::resolver::results_type& to) { connect(to, std::move(handler)); }, token,
        endpoints);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bascule
