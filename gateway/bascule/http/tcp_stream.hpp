// TcpStream: a Stream on a plain TCP socket.
// Thread safety: the loop's thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "bascule/http/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::http {

class TcpStream final : public Stream {
 public:
  /// Takes a connected socket; sets it non-blocking and without delay. `loop` is told of each read (Loop::one_of_many).
  TcpStream(Loop& loop, boost::asio::ip::tcp::socket socket);
  void read(std::span<char> space, UniqueFunction<void(error_code, std::size_t)> done) override;
  std::size_t write_some(std::string_view bytes, error_code& error) override;
  void wait_writable(UniqueFunction<void(error_code)> done) override;
  void finish_writing() override;
  void close() override;
  const std::string& peer() const noexcept override { return peer_; }

 private:
  Loop& loop_;
  boost::asio::ip::tcp::socket socket_;
  std::string peer_;
};

}  // namespace bascule::http
