#include "bascule/http/connection.hpp"

#include <ctime>

namespace bascule::http {
namespace {
constexpr std::size_t large_output = 256 * 1024;
}

Connection::Connection(std::unique_ptr<Stream> stream, const Limits& limits, DateCache& dates)
    : stream_(std::move(stream)), limits_(limits), dates_(dates), reader_(limits, buffer_) {}

Connection::~Connection() = default;

void Connection::start(const SessionFactory& factory) {
  session_ = factory(*this);
  reader_.feed(Clock::now());  // starts the idle clock
  read();
}

// The buffer's memory moves only here: no read is open, and no request has views into it unless it is with
// the session.
void Connection::read() {
  if (reading_ || phase_ == Phase::closed) return;
  // After a large upload nothing is read until the answer is given, so that the memory can go back.
  if (with_session_ && buffer_.large()) return;
  if (!with_session_) buffer_.make_room(reader_.buffer_limit());
  const auto space = buffer_.space();
  if (space.empty()) return;  // pipelined requests fill the buffer: respond() reads on
  reading_ = true;
  stream_->read(space, [self = shared_from_this()](error_code error, std::size_t n) { self->on_read(error, n); });
}

void Connection::on_read(error_code error, std::size_t n) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error) return close();
  if (phase_ == Phase::lingering) return linger();
  buffer_.commit(n);
  if (!with_session_) {
    buffer_.make_room(reader_.buffer_limit());
    advance();
  }
  read();
}

bool Connection::may_serve() const noexcept {
  return phase_ == Phase::open && !with_session_ && out_.size() - out_sent_ < limits_.write_backlog;
}

// Takes requests out of the buffer until one stays with the session or nothing whole is left, then writes
// once.
void Connection::advance() {
  if (advancing_) return;  // respond() inside begin(): the loop below goes on
  advancing_ = true;
  while (may_serve()) {
    const auto state = reader_.feed(Clock::now());
    if (state == MessageReader::State::whole) {
      serve();
    } else if (state == MessageReader::State::refused) {
      refuse();
    } else {
      if (reader_.take_continue()) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
      break;
    }
  }
  advancing_ = false;
  flush();
}

void Connection::serve() {
  with_session_ = true;
  response_.clear();
  reader_.request().drop_hop_by_hop();
  session_->begin(reader_.request(), response_);
}

void Connection::refuse() {
  response_.clear();
  session_->refuse(reader_.rejection(), response_);
  response_.close = true;
  append_response();
}

void Connection::respond() {
  if (phase_ == Phase::closed || !with_session_) return;
  append_response();
  with_session_ = false;
  if (phase_ == Phase::open) reader_.next();
  advance();
  if (!advancing_) read();
}

void Connection::append_response() {
  const Request& request = reader_.request();
  const bool keep_alive = request.keep_alive && !response_.close && !draining_;
  write(out_, response_, {dates_.line(std::time(nullptr)), keep_alive, request.http_1_0, request.method == "HEAD"});
  if (!keep_alive) phase_ = Phase::finishing;
}

void Connection::flush() {
  if (waiting_to_write_ || phase_ == Phase::closed) return;
  while (out_sent_ < out_.size()) {
    error_code error;
    const std::size_t n = stream_->write_some(std::string_view(out_).substr(out_sent_), error);
    if (error) return close();
    out_sent_ += n;
    if (n == 0) {
      waiting_to_write_ = true;
      blocked_since_ = Clock::now();
      stream_->wait_writable([self = shared_from_this()](error_code e) { self->on_writable(e); });
      return;
    }
  }
  written();
}

void Connection::on_writable(error_code error) {
  waiting_to_write_ = false;
  if (phase_ == Phase::closed) return;
  if (error) return close();
  flush();
  if (phase_ != Phase::open || waiting_to_write_ || with_session_) return;
  advance();  // pipelined requests may have waited for the backlog to shrink
  read();
}

void Connection::written() {
  out_.clear();
  out_sent_ = 0;
  if (out_.capacity() > large_output) std::string().swap(out_);
  if (phase_ == Phase::finishing) {
    phase_ = Phase::lingering;
    lingering_since_ = Clock::now();
    stream_->finish_writing();
    linger();
  }
}

void Connection::linger() {
  if (reading_) return;
  buffer_.clear();
  read();
}

void Connection::tick(Clock::time_point now) {
  if (phase_ == Phase::lingering && now - lingering_since_ > limits_.linger_time) return close();
  if (waiting_to_write_ && now - blocked_since_ > limits_.write_time) return close();
  if (phase_ != Phase::open || with_session_ || waiting_to_write_) return;
  const auto rejection = reader_.overdue(now);
  if (!rejection) return;
  if (rejection->sentence.empty()) return close();
  response_.clear();
  session_->refuse(*rejection, response_);
  response_.close = true;
  append_response();
  flush();
}

void Connection::drain() {
  draining_ = true;
  const bool idle = phase_ == Phase::open && !with_session_ && reader_.state() == MessageReader::State::idle;
  if (idle && !waiting_to_write_) close();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();  // closed_ lets go of us
  phase_ = Phase::closed;
  if (std::exchange(with_session_, false)) session_->abandon();
  stream_->close();
  if (closed_) std::exchange(closed_, nullptr)();
}

}  // namespace bascule::http
