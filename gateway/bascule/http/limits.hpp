// The bounds of the HTTP edge. What happens at each is said beside it; each is tested at the bound and one
// past it. Thread safety: a value.
#pragma once

#include <chrono>
#include <cstddef>

namespace bascule::http {

struct Limits {
  std::size_t request_line = 8 * 1024;      ///< bytes: 414
  std::size_t head = 16 * 1024;             ///< bytes of request line and fields: 431
  std::size_t fields = 100;                 ///< 431
  std::size_t body = 1024 * 1024;           ///< decoded bytes: 413
  std::size_t chunk_line = 256;             ///< bytes of one chunk-size line: 400
  std::size_t chunk_extensions = 1024;      ///< bytes of all chunk extensions of a message: 400
  std::size_t trailers = 4 * 1024;          ///< bytes: 431
  std::size_t write_backlog = 1024 * 1024;  ///< unsent bytes: the next pipelined request waits
  std::size_t connections = 10'000;         ///< a loop: one more is closed at once

  std::chrono::milliseconds head_time{10'000};   ///< from the first byte of a request to its last field: 408
  std::chrono::milliseconds idle_time{60'000};   ///< between requests: closed without a word
  std::chrono::milliseconds write_time{30'000};  ///< without one byte taken by the client: closed
  std::chrono::milliseconds body_grace{10'000};  ///< after which a body must have come at body_rate on average: 408
  std::size_t body_rate = 500;                   ///< bytes a second
  std::chrono::milliseconds linger_time{2'000};  ///< how long a closed request's unread bytes are read and dropped
};

}  // namespace bascule::http
