// MessageReader: takes requests out of a connection's bytes, one at a time: guards, then parser, then a whole
// Request.
//
// What: pure; the time is passed in. feed() after every read; on `whole` the request is valid until next(). A
// body with Content-Length stays in the read buffer, and the Request's views point there; a chunked body is
// decoded on the way and its raw bytes are dropped, so that many tiny chunks cannot hold more memory than the
// body's limit. Thread safety: none of its own.
#pragma once

#include <optional>
#include <string>

#include "bascule/http/chunk_decoder.hpp"
#include "bascule/http/head_guard.hpp"
#include "bascule/http/limits.hpp"
#include "bascule/http/read_buffer.hpp"
#include "bascule/http/request.hpp"
#include "bascule/http/request_parser.hpp"

namespace bascule::http {

class MessageReader {
 public:
  enum class State {
    idle,     ///< nothing of the next request has come
    head,     ///< some of its head has come
    body,     ///< the head was let through; the body is not whole
    whole,    ///< request() is complete; call next() once it is answered
    refused,  ///< rejection() says why; nothing more can be read from this connection
  };

  MessageReader(const Limits& limits, ReadBuffer& buffer) : limits_(&limits), buffer_(buffer), head_guard_(limits) {}

  State feed(Clock::time_point now);
  State state() const noexcept { return state_; }
  Request& request() noexcept { return request_; }
  const Rejection& rejection() const noexcept { return rejection_; }
  /// Forgets the request and goes on with what is behind it.
  void next();
  /// True once, when the client waits for "100 Continue" before it sends the body.
  bool take_continue() noexcept;
  /// How large the read buffer may have to become for one message.
  std::size_t buffer_limit() const noexcept { return limits_->head + limits_->body; }
  /// 408 when the head or the body comes too slowly, or an empty sentence when the connection only idled too
  /// long.
  std::optional<Rejection> overdue(Clock::time_point now) const;

 private:
  State refuse(const Rejection& rejection);
  State read_head();
  State read_body();
  State read_chunks();
  bool parse_head(std::string_view head);

  const Limits* limits_;
  ReadBuffer& buffer_;
  State state_ = State::idle;
  HeadGuard head_guard_;
  std::optional<ChunkDecoder> chunk_decoder_;
  Request request_;
  Rejection rejection_;
  std::string chunked_head_,
      chunked_body_;  ///< of a chunked message: its head moved out of the buffer, its body decoded
  Clock::time_point since_{}, body_since_{};
  std::uint64_t body_bytes_ = 0;
  bool skipped_line_ = false, continue_ = false;
};

}  // namespace bascule::http
