// Acceptor: listens on an address and hands over each socket that comes in (make_stream, tls_accept).
//
// Bounds: when the process runs out of file descriptors it pauses for 100 ms instead of spinning.
// Thread safety: the loop's thread. Cancellation: close(), or destruction.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "bascule/amqp/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::amqp {

class Acceptor {
 public:
  using Accepted = UniqueFunction<void(asio::ip::tcp::socket)>;
  /// Listens on "host:port" ("[::1]:0"; port 0: the kernel chooses). Throws boost::system::system_error, with the address
  /// in its message, when it cannot.
  Acceptor(Loop& loop, const std::string& listen, Accepted accepted);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// "127.0.0.1:41233": the address with the port that the kernel chose.
  std::string address() const;
  void close() noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// "host:port" or "[v6]:port" in two; throws std::invalid_argument that names `text`.
std::pair<std::string, std::uint16_t> split_host_port(const std::string& text);

}  // namespace bascule::amqp
