// Stream: the bytes under a connection: TCP now, TLS and Unix sockets behind the same five functions.
//
// What: reads are asynchronous; writes are tried at once and never wait, because a response nearly always
// fits the socket's buffer: the completion handler of an asynchronous write is then saved. Lifetime: handlers
// may run after the stream was closed (with an error), never after it was destroyed. Thread safety: the
// loop's thread only.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "bascule/loop/unique_function.hpp"

namespace bascule::http {

using error_code = boost::system::error_code;

class Stream {
 public:
  virtual ~Stream() = default;
  /// Reads at least one byte into `space`, which must stay until `done`. An end of stream is an error.
  virtual void read(std::span<char> space, UniqueFunction<void(error_code, std::size_t)> done) = 0;
  /// Writes what fits now and says how much; 0 with no error means: wait.
  virtual std::size_t write_some(std::string_view bytes, error_code& error) = 0;
  virtual void wait_writable(UniqueFunction<void(error_code)> done) = 0;
  /// Tells the peer that nothing more will be written.
  virtual void finish_writing() = 0;
  virtual void close() = 0;
  /// The peer's address, "203.0.113.9"; for logs.
  virtual const std::string& peer() const noexcept = 0;
};

}  // namespace bascule::http
