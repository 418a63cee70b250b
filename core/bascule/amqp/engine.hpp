// Engine: one AMQP 1.0 connection without any I/O: bytes in, events out; calls in, bytes out.
//
// A thin owner of Proton's connection driver with FrameGuard in front and, until the peer has logged in, a SaslLayer. Two engines joined by copying bytes are a whole
// exchange, which is how it is tested. Time is given in, never read.
// Thread safety: one thread. Lifetime: everything reached through connection() dies with the engine.
#pragma once

#include <proton/connection_driver.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bascule/amqp/frame_guard.hpp"
#include "bascule/amqp/sasl.hpp"
#include "bascule/loop/deadline.hpp"

namespace bascule::amqp {

struct EngineOptions {
  bool server = false;
  std::string container_id;
  std::string hostname;                            ///< client: what OPEN asks for (a virtual host); may be empty
  std::shared_ptr<SaslLayer> sasl;                 ///< the login in front (SaslServer, SaslClient); null: none
  std::chrono::milliseconds idle_timeout{30'000};  ///< a silent peer is dead after this long; 0: never
  FrameLimits limits;
};

class Engine {
 public:
  explicit Engine(const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  pn_connection_t* connection() noexcept { return driver_.connection; }
  pn_transport_t* transport() noexcept { return driver_.transport; }

  /// Where the next bytes may be read into; empty: do not read now (back pressure or closed). Stable until read_done().
  std::span<char> read_buffer() noexcept;
  /// `size` bytes were read into read_buffer(). Checks them and gives them to the engine.
  void read_done(std::size_t size);
  /// Bytes read elsewhere; false when the engine cannot take them (closed). Dispatch events between calls.
  bool push(std::string_view bytes);
  /// The peer will send no more.
  void read_close() noexcept;

  /// The next event, valid until the following call; null when there is none. The driver's own events pass through here.
  pn_event_t* next_event() noexcept { return pn_connection_driver_next_event(&driver_); }

  /// Bytes to write, as many as are ready (at most about 32 KiB at a time); empty: nothing. Valid until the next engine call.
  std::string_view write_buffer() noexcept;
  void write_done(std::size_t size);
  /// Whether the peer drained this link, of which we are the sender, without credit since this was asked last.
  bool take_empty_drain(std::string_view link) { return guard_.flows().take_empty_drain(link); }
  /// Answers that (FlowAnswers says why the engine does not): the link stands at this delivery-count, without credit.
  void answer_drain(std::string_view link, std::uint32_t delivery_count) {
    guard_.flows().answer(link, delivery_count);
  }
  /// The same for a FLOW that asked for an echo; FlowAnswers::answer_echo() says when `state` is asked.
  bool take_echo(std::string_view link) { return guard_.flows().take_echo(link); }
  void answer_echo(std::string_view link, std::function<std::optional<LinkState>()> state) {
    guard_.flows().answer_echo(link, std::move(state));
  }
  void forget_echo(std::string_view link) { guard_.flows().forget(link); }
  /// Nothing more can be written.
  void write_close() noexcept { pn_connection_driver_write_close(&driver_); }
  bool write_closed() noexcept { return pn_connection_driver_write_closed(&driver_); }
  bool read_closed() noexcept { return pn_connection_driver_read_closed(&driver_); }

  /// Runs idle timers. Returns when to be called again; never: not before something happens.
  Deadline tick(Clock::time_point now) noexcept;
  /// Both directions are closed and every event was handled.
  bool finished() noexcept { return pn_connection_driver_finished(&driver_); }

  /// Ends the connection with an error: an AMQP condition and a sentence, sent in CLOSE when the peer can hear it.
  void fail(const char* condition, std::string_view description) noexcept;

 private:
  bool refuse(const GuardError& error) noexcept;
  bool negotiate(std::string_view bytes);
  bool after_negotiating();
  bool give(std::string_view bytes);

  pn_connection_driver_t driver_{};
  FrameGuard guard_;
  // Until the login is over and its last byte is written; then null.
  std::shared_ptr<SaslLayer> sasl_;
  std::string held_;     // came behind the login, before it was over
  std::string answers_;  // frames of ours, being written between the engine's
  bool refused_ = false;
};

}  // namespace bascule::amqp
