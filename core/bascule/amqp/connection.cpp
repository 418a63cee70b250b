#include "bascule/amqp/connection.hpp"

#include <proton/condition.h>
#include <proton/connection.h>
#include <proton/event.h>
#include <proton/transport.h>

#include <algorithm>
#include <array>

namespace bascule::amqp {
namespace {

// A turn reads about this much of one connection: enough that small messages share their system calls, little enough that
// their answers leave while the rest is still being read (measured: 256 KiB makes three processes wait for each other).
constexpr std::size_t read_budget = 32 * 1024;
constexpr std::chrono::seconds close_timeout{5};

// The first read of a turn is short, and what follows from it is written before the rest is read: whoever waits for it
// wakes up and works while this process still works on the rest (measured: 16 calls in flight through three processes).
constexpr std::size_t first_read = 4 * 1024;

// Then in pieces that grow, and after each is written again: a burst of small messages goes on in parts, a large body in few
// system calls.
constexpr std::size_t second_read = 16 * 1024;
constexpr std::size_t largest_read = 64 * 1024;

// Where bytes beyond the engine's own input buffer are read to; one a thread, because no read is ever pending on it.
std::span<char> scratch() {
  thread_local std::array<char, largest_read> buffer;
  return buffer;
}

}  // namespace

Connection::Connection(Loop& loop, std::unique_ptr<Stream> stream, const EngineOptions& options, EventHandler& handler)
    : loop_(loop), stream_(std::move(stream)), engine_(options), handler_(&handler), timer_(loop.context()) {
  loop_.stream_added();
}

Connection::~Connection() {
  loop_.stream_removed();
  loop_.forget(*this);
}

void Connection::start() {
  tick();
  read();
  wake();
}

void Connection::wake() {
  if (dirty_ || finished_) return;
  dirty_ = true;
  if (!busy_) loop_.at_end_of_turn(*this);
}

void Connection::close(const char* condition, std::string_view description) {
  if (finished_) return;
  if (condition != nullptr) {
    auto* const c = pn_connection_condition(engine());
    pn_condition_set_name(c, condition);
    pn_condition_set_description(c, std::string(description).c_str());
  }
  pn_connection_close(engine());
  close_by_ = Deadline::after(close_timeout);
  arm(close_by_);
  wake();
}

void Connection::abort(std::string_view reason) {
  if (finished_) return;
  abort_reason_ = reason;
  stream_->close();
  engine_.read_close();
  engine_.write_close();
  wake();
}

void Connection::read() {
  if (reading_ || finished_ || pauses_ > 0) return;
  auto buffer = engine_.read_buffer();
  if (buffer.empty()) return;
  if (buffer.size() > first_read) buffer = buffer.first(first_read);
  reading_ = true;
  stream_->async_read(buffer,
                      [self = shared_from_this()](error_code error, std::size_t size) { self->on_read(error, size); });
}

void Connection::on_read(error_code error, std::size_t size) {
  reading_ = false;
  if (finished_) return;
  busy_ = true;
  const auto capacity = std::min(engine_.read_buffer().size(), first_read);
  if (size > 0) {
    bytes_read_ += size;
    engine_.read_done(size);
    dispatch();
  }
  if (error) {
    engine_.read_close();
    // A peer that resets or just goes away hears nothing more.
    engine_.write_close();
  } else if (size == capacity) {
    read_what_is_left();
  }
  busy_ = false;
  // Written first, read again after: the next read finds nothing as a rule, and the peer waits for what we write. Alone on
  // its loop a connection has nobody to share the end of the turn with.
  if (loop_.streams() == 1) return turn();
  dirty_ = false;
  wake();
}

void Connection::write_early() {
  if (loop_.streams() > 1) return loop_.finish_turn();
  dispatch();
  write();
}

void Connection::read_what_is_left() {
  std::size_t piece = second_read;
  for (std::size_t total = 0; total < read_budget && !finished_ && pauses_ == 0; piece = largest_read) {
    write_early();
    error_code error;
    const auto size = stream_->try_read(scratch().first(piece), error);
    if (error == asio::error::would_block || error == asio::error::try_again) return;
    if (error || size == 0) {
      engine_.read_close();
      engine_.write_close();
      return;
    }
    bytes_read_ += size;
    total += size;
    if (!engine_.push({scratch().data(), size})) return;
    dispatch();
    if (size < piece) return;
  }
}

void Connection::pause_reading(bool pause) {
  pauses_ += pause ? 1 : -1;
  if (pauses_ == 0) wake();
}

void Connection::dispatch() {
  while (auto* const event = engine_.next_event()) {
    if (pn_event_type(event) == PN_CONNECTION_REMOTE_OPEN) tick();  // the peer's idle time-out is known only now
    if (handler_ != nullptr) handler_->on_event(*this, event);
  }
}

void Connection::end_of_turn() {
  if (!busy_) turn();  // otherwise on_read() is at work, and asks again
}

void Connection::turn() {
  const auto self = shared_from_this();
  if (finished_) return;
  busy_ = true;
  // What an event of writing asks for is done at once, not a turn later; a few rounds, lest two handlers play for ever.
  for (int round = 0; round < 4; ++round) {
    dirty_ = false;
    dispatch();
    write();
    dispatch();
    if (!dirty_) break;
  }
  busy_ = false;
  // A peer that was refused before it opened is owed no CLOSE, and the engine would wait for one of its.
  const bool never_opened = (pn_connection_state(engine()) & PN_REMOTE_UNINIT) != 0;
  if (never_opened && engine_.read_closed() && !waiting_writable_ && engine_.write_buffer().empty()) {
    engine_.write_close();
    dispatch();
  }
  if (engine_.finished()) return finish();
  read();
  if (std::exchange(dirty_, false)) wake();
}

void Connection::write() {
  if (waiting_writable_) return;
  while (true) {
    const auto bytes = engine_.write_buffer();
    if (bytes.empty()) {
      if (std::exchange(was_full_, false) && handler_ != nullptr) handler_->on_writable(*this);
      return;
    }
    error_code error;
    const auto size = stream_->try_write(bytes, error);
    if (size > 0) {
      bytes_written_ += size;
      engine_.write_done(size);
    }
    if (error == asio::error::would_block || error == asio::error::try_again) {
      waiting_writable_ = was_full_ = true;
      stream_->async_wait_writable([self = shared_from_this()](error_code e) { self->on_writable(e); });
      return;
    }
    if (error) {
      engine_.write_close();
      engine_.read_close();
      return;
    }
  }
}

void Connection::on_writable(error_code) {
  waiting_writable_ = false;
  wake();
}

void Connection::tick() {
  const auto now = Clock::now();
  if (close_by_.expired(now)) return abort("amqp:connection:forced: the peer did not answer CLOSE");
  const auto next = engine_.tick(now);
  // After the local idle time-out the engine waits for a peer that will not answer (PROTON-2897): leave by ourselves.
  if (engine_.read_closed() && !close_by_.is_never()) {
    arm(next.earlier(close_by_));
  } else if (engine_.read_closed() && close_by_.is_never() && !finished_) {
    close_by_ = Deadline(now + close_timeout);
    arm(close_by_);
  } else {
    arm(next.earlier(close_by_));
  }
  wake();
}

void Connection::arm(Deadline at) {
  if (at.is_never() || finished_) return;
  if (at >= armed_ && !armed_.expired()) return;
  armed_ = at;
  timer_.expires_at(at.at());
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->finished_) return;
    self->armed_ = Deadline::never();
    self->tick();
  });
}

std::string Connection::end_reason() {
  if (!abort_reason_.empty()) return abort_reason_;
  const auto text = [](pn_condition_t* c) {
    const char* const name = pn_condition_get_name(c);
    const char* const description = pn_condition_get_description(c);
    return std::string(name != nullptr ? name : "") + (description != nullptr ? std::string(": ") + description : "");
  };
  if (auto* const c = pn_connection_remote_condition(engine()); pn_condition_is_set(c)) return text(c);
  if (auto* const c = pn_transport_condition(transport()); pn_condition_is_set(c)) return text(c);
  const bool orderly = (pn_connection_state(engine()) & PN_REMOTE_CLOSED) != 0;
  return orderly ? "" : "amqp:connection:forced: the peer closed the socket";
}

void Connection::finish() {
  finished_ = true;
  timer_.cancel();
  const auto reason = end_reason();
  stream_->close();
  if (auto* const handler = std::exchange(handler_, nullptr)) handler->on_closed(*this, reason);
}

}  // namespace bascule::amqp
