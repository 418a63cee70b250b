// Stream: the byte stream under a connection - TCP, a Unix socket, TLS or WebSocket behind the same few calls.
//
// Reads are asynchronous; writes are tried at once and waited for only when the kernel's buffer is full: one system call
// a turn in the common case, no copy, no completion.
// Cancellation: close() ends pending operations with operation_aborted. Thread safety: the loop's thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bascule/loop/unique_function.hpp"

namespace bascule::amqp {

namespace asio = boost::asio;
using boost::system::error_code;

class PeerCertificate;  // tls.hpp

class Stream {
 public:
  virtual ~Stream() = default;
  using ReadDone = UniqueFunction<void(error_code, std::size_t)>;
  using WriteReady = UniqueFunction<void(error_code)>;

  /// Reads some bytes into `buffer`, which must stay valid until `done` ran.
  virtual void async_read(std::span<char> buffer, ReadDone done) = 0;
  /// Reads what is there now: 0 bytes and would_block when nothing is.
  virtual std::size_t try_read(std::span<char> buffer, error_code& error) = 0;
  /// Writes what the kernel takes now: 0 bytes and would_block when it takes nothing.
  virtual std::size_t try_write(std::string_view bytes, error_code& error) = 0;
  /// Calls `ready` once a write may succeed again.
  virtual void async_wait_writable(WriteReady ready) = 0;
  virtual void close() noexcept = 0;
  /// "127.0.0.1:5672" for logs.
  virtual const std::string& peer() const noexcept = 0;
  /// Bytes on the wire are protected or never leave the machine (TLS, Unix socket, loopback).
  virtual bool confidential() const noexcept = 0;
  /// Whom a verified TLS client certificate names; empty: nobody.
  virtual const std::string& external_user() const noexcept;
  /// The verified certificate that the client showed; null: none.
  virtual const PeerCertificate* certificate() const noexcept { return nullptr; }
};

/// Gets a stream that is ready, or why there is none.
using StreamDone = UniqueFunction<void(error_code, std::unique_ptr<Stream>)>;

std::unique_ptr<Stream> make_stream(asio::ip::tcp::socket socket);
std::unique_ptr<Stream> make_stream(asio::local::stream_protocol::socket socket);

}  // namespace bascule::amqp
