// Acceptor: listens on an address and hands over each socket that comes in (make_stream, tls_accept).
//
// A Unix socket is open to the process's own user only (mode 0600); the file of a listener that died is replaced, that of
// a living one never. Bounds: when the process runs out of file descriptors it pauses for 100 ms instead of spinning.
// Thread safety: the loop's thread. Cancellation: close(), or destruction.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <variant>

#include "bascule/amqp/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::amqp {

class Acceptor {
 public:
  using Socket = std::variant<asio::ip::tcp::socket, asio::local::stream_protocol::socket>;
  using Accepted = UniqueFunction<void(Socket)>;
  /// Listens on "host:port" ("[::1]:0"; port 0: the kernel chooses) or "unix:/path". Throws boost::system::system_error,
  /// with the address in its message, when it cannot.
  Acceptor(Loop& loop, const std::string& listen, Accepted accepted);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// "127.0.0.1:41233", with the port that the kernel chose, or "/path" of a Unix socket.
  std::string address() const;
  void close() noexcept;

  struct State;  ///< internal

 private:
  std::shared_ptr<State> state_;
};

/// The path of "unix:/path"; empty when `listen` is of another kind.
std::string local_path(const std::string& listen);
/// "host:port" or "[v6]:port" in two; throws std::invalid_argument that names `text`.
std::pair<std::string, std::uint16_t> split_host_port(const std::string& text);

}  // namespace bascule::amqp
