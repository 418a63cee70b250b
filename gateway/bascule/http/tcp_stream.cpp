#include "bascule/http/tcp_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

namespace bascule::http {

namespace asio = boost::asio;

TcpStream::TcpStream(Loop& loop, asio::ip::tcp::socket socket) : loop_(loop), socket_(std::move(socket)) {
  error_code ignored;  // a peer that is gone already shows at the first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  const auto endpoint = socket_.remote_endpoint(ignored);
  if (!ignored) peer_ = endpoint.address().to_string();
}

void TcpStream::read(std::span<char> space, UniqueFunction<void(error_code, std::size_t)> done) {
  socket_.async_read_some(asio::mutable_buffer(space.data(), space.size()),
                          [&loop = loop_, done = std::move(done)](error_code error, std::size_t size) mutable {
                            done(error, size);
                            loop.one_of_many();
                          });
}

std::size_t TcpStream::write_some(std::string_view bytes, error_code& error) {
  const std::size_t written = socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == asio::error::would_block) error = {};
  return written;
}

void TcpStream::wait_writable(UniqueFunction<void(error_code)> done) {
  socket_.async_wait(asio::ip::tcp::socket::wait_write, std::move(done));
}

void TcpStream::finish_writing() {
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void TcpStream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace bascule::http
