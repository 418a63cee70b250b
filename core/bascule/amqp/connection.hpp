// Connection: an Engine on a Stream on a Loop.
//
// What: reads, gives events to a handler, and writes all that a turn produced in one system call at the end of the turn.
// Whoever changes the engine outside an event (sends, grants credit, settles) calls wake().
// Bounds: reading stops while the engine's own buffers are full; what is to be written stays in the engine, so a sender
// must look at pn_session_outgoing_bytes() and at its credit.
// Lifetime: shared; it keeps itself alive while an operation is pending. The handler must outlive it or be withdrawn with
// detach(). Thread safety: the loop's thread.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "bascule/amqp/engine.hpp"
#include "bascule/amqp/stream.hpp"
#include "bascule/loop/loop.hpp"

namespace bascule::amqp {

class Connection;

/// Receives what happens on a connection, on the loop's thread.
class EventHandler {
 public:
  /// An engine event (pn_event_type); valid during the call only.
  virtual void on_event(Connection& connection, pn_event_t* event) = 0;
  /// The connection is over; nothing follows, and every engine object of it dies after the call. `reason` is empty after an
  /// orderly close, otherwise "condition: sentence".
  virtual void on_closed(Connection& connection, std::string_view reason) = 0;
  /// The socket, full before, has taken everything: a sender that held back may go on.
  virtual void on_writable(Connection& /*connection*/) {}

 protected:
  ~EventHandler() = default;
};

class Connection final : public std::enable_shared_from_this<Connection>, private EndOfTurn {
 public:
  Connection(Loop& loop, std::unique_ptr<Stream> stream, const EngineOptions& options, EventHandler& handler);
  ~Connection();

  /// Begins to read and write. Call once.
  void start();
  pn_connection_t* engine() noexcept { return engine_.connection(); }
  pn_transport_t* transport() noexcept { return engine_.transport(); }
  /// As Engine's; an answer goes out at the end of the turn.
  bool take_empty_drain(std::string_view link) { return engine_.take_empty_drain(link); }
  void answer_drain(std::string_view link, std::uint32_t delivery_count) {
    engine_.answer_drain(link, delivery_count);
    wake();
  }
  bool take_echo(std::string_view link) { return engine_.take_echo(link); }
  void answer_echo(std::string_view link, std::function<std::optional<LinkState>()> state) {
    engine_.answer_echo(link, std::move(state));
    wake();
  }
  void forget_echo(std::string_view link) { engine_.forget_echo(link); }
  const Stream& stream() const noexcept { return *stream_; }
  Loop& loop() noexcept { return loop_; }

  /// The engine has something to write or to dispatch: it happens at the end of this turn.
  void wake();
  /// Orderly: sends CLOSE, with a condition unless it is null, and ends once the peer's CLOSE came (or 5 s passed).
  void close(const char* condition = nullptr, std::string_view description = {});
  /// At once, without a word. on_closed runs at the end of the turn.
  void abort(std::string_view reason);
  /// Reads no more until as many calls with `false` came: the peer is stopped by TCP. For a moment; it must not outlast
  /// the idle time-out.
  void pause_reading(bool pause);
  /// The handler is not called any more.
  void detach() noexcept { handler_ = nullptr; }

  std::uint64_t bytes_read() const noexcept { return bytes_read_; }
  std::uint64_t bytes_written() const noexcept { return bytes_written_; }

 private:
  void end_of_turn() override;
  void turn();
  void read();
  void on_read(error_code error, std::size_t size);
  void write_early();
  void read_what_is_left();
  void dispatch();
  void write();
  void on_writable(error_code error);
  void tick();
  void arm(Deadline at);
  void finish();
  std::string end_reason();

  Loop& loop_;
  std::unique_ptr<Stream> stream_;
  Engine engine_;
  EventHandler* handler_;
  asio::steady_timer timer_;
  Deadline armed_;
  Deadline close_by_;
  std::string abort_reason_;
  std::uint64_t bytes_read_ = 0, bytes_written_ = 0;
  int pauses_ = 0;
  bool dirty_ = false, reading_ = false, waiting_writable_ = false, was_full_ = false, finished_ = false;
  bool busy_ = false;  // inside on_read() or turn(), which will look at dirty_ themselves
};

}  // namespace bascule::amqp
