#include "bascule/amqp/stream.hpp"

#include <boost/asio/buffer.hpp>

namespace bascule::amqp {
namespace {

template <class Socket>
class SocketStream final : public Stream {
 public:
  SocketStream(Socket socket, std::string peer, bool confidential)
      : socket_(std::move(socket)), peer_(std::move(peer)), confidential_(confidential) {
    socket_.non_blocking(true);
  }

  void async_read(std::span<char> buffer, ReadDone done) override {
    socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()), std::move(done));
  }
  std::size_t try_read(std::span<char> buffer, error_code& error) override {
    return socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
  }
  std::size_t try_write(std::string_view bytes, error_code& error) override {
    return socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  }
  void async_wait_writable(WriteReady ready) override { socket_.async_wait(Socket::wait_write, std::move(ready)); }
  void close() noexcept override {
    error_code ignored;
    socket_.close(ignored);
  }
  const std::string& peer() const noexcept override { return peer_; }
  bool confidential() const noexcept override { return confidential_; }

 private:
  Socket socket_;
  std::string peer_;
  bool confidential_;
};

}  // namespace

const std::string& Stream::external_user() const noexcept {
  static const std::string nobody;
  return nobody;
}

std::unique_ptr<Stream> make_stream(asio::ip::tcp::socket socket) {
  error_code error;
  // Writes are coalesced by us; Nagle would only add its delay.
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  const auto remote = socket.remote_endpoint(error);
  const bool v6 = remote.address().is_v6();
  const auto address = remote.address().to_string();
  auto peer = (v6 ? "[" + address + "]" : address) + ":" + std::to_string(remote.port());
  const bool loopback = remote.address().is_loopback();
  return std::make_unique<SocketStream<asio::ip::tcp::socket>>(std::move(socket), std::move(peer), loopback);
}

std::unique_ptr<Stream> make_stream(asio::local::stream_protocol::socket socket) {
  return std::make_unique<SocketStream<asio::local::stream_protocol::socket>>(std::move(socket), "unix", true);
}

}  // namespace bascule::amqp
