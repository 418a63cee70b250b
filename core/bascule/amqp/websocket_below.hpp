// The private side of websocket.hpp: what a WebSocket runs on, a TCP socket or TLS on one, behind one type.
//
// Beast's operations are templates over the stream below them, and Asio's over those of Beast: behind virtual functions there
// is one of each, in place of one for each pair; that is a third of the code. It costs an allocation a read or write.
// Thread safety: the loop's thread.
#pragma once

#include <boost/beast/core/role.hpp>
#include <memory>

#include "bascule/amqp/tls_transport.hpp"
#include "bascule/loop/some_buffers.hpp"

namespace bascule::amqp {

class Below {
 public:
  using Done = UniqueFunction<void(error_code, std::size_t)>;
  virtual ~Below() = default;
  virtual void read_some(SomeMutable into, Done done) = 0;
  virtual void write_some(SomeConst from, Done done) = 0;
  /// Ends the stream in an orderly way (RFC 6455, 7.1.1).
  virtual void teardown(boost::beast::role_type role, UniqueFunction<void(error_code)> done) = 0;
  virtual asio::ip::tcp::socket& socket() = 0;
};

/// They keep alive what they are made of.
std::unique_ptr<Below> make_below(std::shared_ptr<asio::ip::tcp::socket> socket);
std::unique_ptr<Below> make_below(std::shared_ptr<TlsSocket> tls);

/// Beast's AsyncStream, for completion handlers only.
class AnyStream {
 public:
  using executor_type = asio::ip::tcp::socket::executor_type;
  explicit AnyStream(std::unique_ptr<Below> below) : below_(std::move(below)) {}

  executor_type get_executor() { return below_->socket().get_executor(); }
  template <class Buffers, class Handler>
  void async_read_some(const Buffers& into, Handler&& handler) {
    below_->read_some(SomeMutable(into), std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& handler) {
    below_->write_some(SomeConst(from), std::forward<Handler>(handler));
  }
  asio::ip::tcp::socket& socket() { return below_->socket(); }

  // What Beast asks a stream for by these names.
  template <class Handler>
  friend void async_teardown(boost::beast::role_type role, AnyStream& stream, Handler&& handler) {
    stream.below_->teardown(role, std::forward<Handler>(handler));
  }
  friend void beast_close_socket(AnyStream& stream) {
    error_code ignored;
    stream.socket().close(ignored);
  }

 private:
  std::unique_ptr<Below> below_;
};

}  // namespace bascule::amqp
