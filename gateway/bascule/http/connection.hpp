// Connection: one HTTP/1.1 client connection on its loop: bytes in, requests to the session, responses out.
//
// What: one request at a time is with the session; further pipelined ones wait, first in the read buffer,
// then (nothing is read any more) in the client's socket. All responses that are ready are written in one
// system call. While a request is with the session, a read stays open to see the client go. Lifetime: owned
// by its listener and by its open operations; close() ends it. Thread safety: the loop's thread only.
#pragma once

#include <memory>
#include <string>

#include "bascule/http/date.hpp"
#include "bascule/http/limits.hpp"
#include "bascule/http/message_reader.hpp"
#include "bascule/http/session.hpp"
#include "bascule/http/stream.hpp"

namespace bascule::http {

class Connection final : public Responder, public std::enable_shared_from_this<Connection> {
 public:
  /// `limits` and `dates` must outlive it.
  Connection(std::unique_ptr<Stream> stream, const Limits& limits, DateCache& dates);
  ~Connection();

  /// `closed` is called once, when the connection has ended.
  void on_closed(UniqueFunction<void()> closed) { closed_ = std::move(closed); }
  void start(const SessionFactory& factory);
  void respond() override;
  const std::string& peer() const noexcept override { return stream_->peer(); }
  /// Enforces the time limits; called a few times a second.
  void tick(Clock::time_point now);
  /// Answers what is open, then closes; an idle connection closes now.
  void drain();
  void close();

 private:
  enum class Phase {
    open,       ///< requests are served
    finishing,  ///< the last response is being written
    lingering,  ///< all is written; what still comes is read and dropped, so that the response is not lost to
                ///< a reset
    closed,
  };

  void read();
  void on_read(error_code error, std::size_t n);
  void advance();
  void serve();
  void refuse();
  void append_response();
  void flush();
  void on_writable(error_code error);
  void written();
  void linger();
  bool may_serve() const noexcept;

  std::unique_ptr<Stream> stream_;
  const Limits& limits_;
  DateCache& dates_;
  UniqueFunction<void()> closed_;
  std::shared_ptr<Session> session_;
  ReadBuffer buffer_;
  MessageReader reader_;
  Response response_;
  std::string out_;  ///< responses not yet taken by the stream, from out_sent_ on
  std::size_t out_sent_ = 0;
  Phase phase_ = Phase::open;
  bool reading_ = false, waiting_to_write_ = false, advancing_ = false;
  bool with_session_ = false;  ///< begin() was called and respond() was not
  bool draining_ = false;
  Clock::time_point blocked_since_{}, lingering_since_{};
};

}  // namespace bascule::http
